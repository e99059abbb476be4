"""The command line, and a run as a whole."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tap_vtex.report.progress import Progress
from tests.support.shop import ORDER_LIST, Shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.tap import Tap, Target

STREAMS = [
    "orders",
    "order_items",
    "payments",
    "packages",
    "incomplete_orders",
    "carts",
    "clients",
    "addresses",
    "newsletter",
    "products",
    "skus",
    "categories",
    "brands",
    "collections",
    "sales_channels",
    "sellers",
    "promotions",
    "coupons",
    "taxes",
    "warehouses",
    "docks",
    "pickup_points",
    "prices",
    "inventory",
]


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store with something of everything, and not much of it."""
    return open_shop(orders=100, days=30, clients=20, skus=12)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tap_vtex", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_discovery_needs_no_settings_and_no_network() -> None:
    found = command("--discover")

    assert found.returncode == 0, found.stderr
    catalog = json.loads(found.stdout)
    assert [stream["stream"] for stream in catalog["streams"]] == STREAMS
    assert all(stream["key_properties"][0] == "account_name" for stream in catalog["streams"])


def test_about_tells_of_every_setting() -> None:
    told = command("--about", "--format", "json")

    assert told.returncode == 0, told.stderr
    about = json.loads(told.stdout)
    properties = about["settings"]["properties"]
    assert all(p.get("title") and p.get("description") for p in properties.values())
    assert [name for name, p in properties.items() if p.get("secret")] == ["app_key", "app_token"]
    assert "batch" not in about["capabilities"]
    assert "activate-version" not in about["capabilities"]


def test_a_connection_test_reads_one_record(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(), more=["--test"])

    assert len(run.records("orders")) == 1
    assert run.records("order_items")
    assert len(run.records("incomplete_orders")) == 1
    assert "ERROR" not in run.log


def test_a_connection_test_that_fails_says_why(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(app_token="WRONG"), more=["--test"], expect=1)  # noqa: S106

    assert run.reason.startswith("VTEX does not accept the key (status 401).")
    assert "Traceback" not in run.log


def test_streams_are_read_in_their_order(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config())

    read = [m["stream"] for m in run.messages if m["type"] == "RECORD"]
    # Some come beside those that they are read with.
    beside = {"order_items", "payments", "packages", "carts", "newsletter", "skus", "brands"}
    assert list(dict.fromkeys(stream for stream in read if stream not in beside)) == [
        stream for stream in STREAMS if stream not in beside
    ]
    assert read.index("incomplete_orders") > len(read) - read[::-1].index("orders") - 1


@pytest.mark.parametrize("failing", ["orders", "incomplete_orders"])
def test_a_stream_that_fails_leaves_the_others_be(
    tap: Tap, shop: Shop, target: Target, failing: str
) -> None:
    shop.close()
    # No further back than orders go: near the two years, VTEX's refusals are looked into.
    config = shop.config(start_date="2026-10-01")
    incomplete = failing == "incomplete_orders"
    query = "incompleteOrders=true" if incomplete else "^orderBy"
    shop.fail("status", ORDER_LIST, query=query, status=400, times=None)

    run = tap.sync(config, target, expect=1, hurry=True)

    assert re.search(rf"Streams? {failing}\b.* failed: ", run.log)
    assert "The run is incomplete" in run.log
    assert "Traceback" not in run.log
    healthy = {"orders", "incomplete_orders"} - {failing}
    for stream in healthy:
        truth = shop.orders(incomplete=stream == "incomplete_orders")
        assert target.table(stream, "orderId").keys() == truth.keys()
        assert "loaded_until" in str(target.state["bookmarks"][stream])
    assert "loaded_until" not in str(target.state["bookmarks"].get(failing))
    # And the next run makes up for it.
    shop.store.faults.clear()
    tap.sync(config, target)
    truth = shop.orders(incomplete=incomplete)
    assert target.table(failing, "orderId").keys() == truth.keys()


def test_stream_maps_of_the_sdk_apply(tap: Tap, shop: Shop) -> None:
    maps = {"orders": {"clientProfileData": "__NULL__"}}

    run = tap.run(shop.config(stream_maps=maps), select={"orders"})

    assert all("clientProfileData" not in record for record in run.records("orders"))


def test_a_stream_map_of_a_stream_that_is_not_selected_is_ignored(tap: Tap, shop: Shop) -> None:
    maps = {"products": {"Name": "__NULL__"}, "sellers": {"Name": "__NULL__"}}
    run = tap.run(shop.config(stream_maps=maps), select={"coupons"})
    assert run.records("coupons")

    wrong = {"coupons": {"utmSource": "len("}}
    run = tap.run(shop.config(stream_maps=wrong), select={"coupons"}, expect=1)
    assert run.reason.startswith("The setting stream_maps can't be used: ")
    assert "Traceback" not in run.log


#: Stream maps with a null, and the field of coupons that is left out by it; none if all are.
NULLS: list[tuple[dict[str, Any], str | None]] = [
    ({"coupons": None}, None),
    ({"__else__": None}, None),
    ({"coupons": {"utmSource": None}, "products": None}, "utmSource"),
    (
        {"coupons": {"__else__": None, "couponCode": "couponCode", "account_name": "'x'"}},
        "utmSource",
    ),
    ({"coupons": {"__key_properties__": None, "couponCode": None}}, "couponCode"),
]


@pytest.mark.parametrize(("maps", "left_out"), NULLS)
def test_null_in_a_stream_map_leaves_something_out(
    tap: Tap, shop: Shop, maps: dict[str, Any], left_out: str | None
) -> None:
    rows = tap.run(shop.config(stream_maps=maps), select={"coupons"}).records("coupons")

    assert bool(rows) == bool(left_out)
    assert not any(left_out in row for row in rows)


def test_a_field_that_is_null_is_told_of_in_the_last_line(tap: Tap, shop: Shop) -> None:
    for key in list(shop.documents("CL"))[:3]:
        shop.edit("CL", key, lastName=None)
    maps = {"clients": {"lastName": "lastName.upper()"}}
    run = tap.run(shop.config(stream_maps=maps), select={"clients"}, expect=1)

    assert run.reason.startswith("The stream map of clients failed on a record: ")
    assert "lastName.upper(). Check the names in its expressions, and allow for" in run.reason
    assert "Traceback" not in run.log


def test_records_and_log_hold_no_more_than_they_should(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(), env={"TAP_VTEX_LOGLEVEL": "DEBUG"})

    for document in shop.orders().values():
        buyer = document["clientProfileData"]
        for name in ("email", "document", "phone"):
            assert buyer[name] not in run.log


def test_progress_is_told_now_and_then(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    caplog.set_level(logging.INFO)
    progress = Progress(logging.getLogger("tests"), "orders")
    progress.expect(2000)
    for _ in range(400):
        now += 0.03125
        progress.advance()

    assert [record.message for record in caplog.records] == [
        "160 of 2,000 orders, 32.0 a second, about 0:00:58 left",
        "320 of 2,000 orders, 32.0 a second, about 0:00:52 left",
    ]
