"""A run always ends, in a time that does not depend on what VTEX sends."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_orders_changes import assert_equals_truth
from tests.support.shop import ORDER_LIST
from tests.support.tap import HURRIED

if TYPE_CHECKING:
    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

ORDERS = {"orders", "order_items"}
STRUCTURE = "/api/dataentities/{acronym}"


@pytest.mark.parametrize(
    "retry_after", ["3600", "86400", "inf", "1e300", "Fri, 31 Dec 2199 23:59:59 GMT"]
)
def test_a_pause_that_vtex_asks_for_is_capped_and_said(
    tap: Tap, shop: Shop, target: Target, retry_after: str
) -> None:
    shop.close()
    shop.fail("status", ORDER_LIST, status=429, retry_after=retry_after, skip=20)
    began = time.monotonic()

    run = tap.sync(shop.config(), target, select=ORDERS, hurry=True)

    assert time.monotonic() - began < 60
    assert re.search(r"asks for a pause of .* seconds; the tap pauses for 1", run.log)
    assert_equals_truth(target, shop)


@pytest.mark.parametrize("retry_after", ["nan", "-5", "soon", ""])
def test_a_pause_that_makes_no_sense_is_none(
    tap: Tap, shop: Shop, target: Target, retry_after: str
) -> None:
    shop.close()
    shop.fail("status", ORDER_LIST, status=429, retry_after=retry_after)

    tap.sync(shop.config(), target, select=ORDERS, hurry=True)

    assert_equals_truth(target, shop)


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "drip"},
        {"kind": "drip_headers"},
        {"kind": "bomb", "size": 200_000_000},
        {"kind": "huge", "size": 80_000_000},
        {"kind": "deep", "depth": 100_000},
        {"kind": "deep", "depth": 975},  # the decoder takes that, and the encoder does not
    ],
    ids=lambda answer: "-".join(map(str, answer.values())),
)
def test_one_answer_without_end_costs_one_order(
    tap: Tap, shop: Shop, target: Target, answer: dict[str, Any]
) -> None:
    shop.close()
    order_id = list(shop.orders())[50]
    fault = shop.fail(path=f"{ORDER_LIST}/{order_id}$", times=None, **answer)
    began = time.monotonic()

    run = tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)

    assert time.monotonic() - began < 100
    assert f"1 order is missing ({order_id})" in run.log
    assert f"failed to return it (VTEX gave no usable response to GET {ORDER_LIST}" in run.log
    assert "Traceback" not in run.log
    assert target.table("orders", "orderId").keys() == shop.orders().keys() - {order_id}
    shop.store.faults.remove(fault)
    shop.pass_time(hours=1)
    tap.sync(shop.config(), target, select=ORDERS, hurry=True)
    assert_equals_truth(target, shop)


def test_a_number_that_python_does_not_read_is_kept_as_a_text(tap: Tap, shop: Shop) -> None:
    """It has more than 4,300 digits. Every response has one."""
    shop.fail("digits", digits=5000, times=None)

    run = tap.run(shop.config(), select={"orders", "clients", "brands", "prices"}, hurry=True)

    number = "9" * 5000
    assert all(order["other_fields"]["more"] == number for order in run.records("orders"))
    assert run.records("clients")[0]["custom_fields"]["more"] == number
    assert run.records("brands")[0]["other_fields"]["more"] == number
    assert len(run.records("prices")) > 100


@pytest.mark.parametrize(
    ("path", "stream", "reason"),
    [
        ("/api/catalog_system/pvt/products", "products", "VTEX's list of products still goes on"),
        ("/api/catalog_system/pvt/sku", "prices", "VTEX's list of SKUs still goes on"),
        ("/api/dataentities/CL/scroll", "clients", "A scroll of CL still goes on after"),
    ],
)
def test_a_list_without_end_stops_its_stream_only(
    tap: Tap, shop: Shop, path: str, stream: str, reason: str
) -> None:
    """Each page brings new ids, and says that another one comes."""
    shop.fail("endless", path, times=None)

    run = tap.run(shop.config(), select={stream, "coupons"}, expect=1, hurry=True)

    assert re.search(rf"Stream {stream} failed: {reason}.* Run again later\.", run.log)
    assert shop.store.requests.total() < 2 * HURRIED.max_pages
    assert run.records("coupons")


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "reset"}])
def test_vtex_is_down(tap: Tap, shop: Shop, fault: dict[str, Any]) -> None:
    """All streams together wait once."""
    shop.fail(times=None, **fault)
    began = time.monotonic()

    run = tap.run(shop.config(), expect=1, hurry=True)

    assert time.monotonic() - began < 10 * HURRIED.retry_unanswered_for
    # Which of the two depends on when the time that all streams share is over.
    assert re.search("Nothing was read|VTEX has answered nothing in this run", run.reason)


def test_an_outage_of_an_hour_costs_an_hour(tap: Tap, shop: Shop, target: Target) -> None:
    """It begins in the middle of a load, which then goes on where it was."""
    shop.close()
    streams = {"orders", "prices"}
    fault = shop.fail("status", status=503, times=None, skip=250)
    run = tap.sync(shop.config(), target, select=streams, expect=1, hurry=True)
    sent, before = len(run.records("orders")), target.state
    for _ in range(2):
        shop.pass_time(minutes=30)
        tap.sync(shop.config(), target, select=streams, expect=1, hurry=True)
        assert target.state == before
    shop.store.faults.remove(fault)

    run = tap.sync(shop.config(), target, select=streams, hurry=True)

    assert_equals_truth(target, shop)
    assert len(target.tables["prices"]) > 150
    assert sent + len(run.records("orders")) < len(shop.orders()) + 150


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "never"}])
def test_an_outage_is_waited_out_once(tap: Tap, shop: Shop, fault: dict[str, Any]) -> None:
    """The streams that follow only look whether it is over."""
    shop.fail(times=None, skip=40, **fault)
    policy = dataclasses.replace(
        HURRIED, retry_for=8.0, retry_unproven_for=0.2, read_timeout=3.0, min_timeout=1.0
    )
    streams = {"orders", "clients", "products", "promotions", "coupons", "prices", "brands"}

    run = tap.run(shop.config(), select=streams, expect=1, hurry=policy)

    gave_up = re.findall(r"no usable response to GET /(\S+) for (\d+) second", run.log)
    assert len({path for path, _ in gave_up}) > 3
    assert {path[:7] for path, seconds in gave_up if int(seconds) > 4} == {"api/oms"}


def test_a_key_that_opens_nothing_is_one_sentence(tap: Tap, shop: Shop) -> None:
    shop.fail("status", status=401, times=None)

    run = tap.run(shop.config(), expect=1, hurry=True)

    assert len(re.findall(r"ERROR .*status 401", run.log)) == 1
    assert run.log.count("Check account_name, app_key and app_token") == 1


def test_a_key_that_opens_only_the_last_stream(tap: Tap, shop: Shop) -> None:
    shop.fail("status", "/api/(?!rnb)", status=401, times=None)

    run = tap.run(shop.config(), select={"orders", "coupons", "categories"}, expect=1, hurry=True)

    assert run.records("coupons")
    assert len(re.findall(r"ERROR .*Stream.* failed: .*status 401", run.log)) == 2


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "never"}])
def test_discovery_does_not_wait_for_long(tap: Tap, shop: Shop, fault: dict[str, Any]) -> None:
    shop.fail(path="/api/dataentities", times=None, **fault)
    config = shop.config(master_data_entities=["LE", "XX", "YY"])
    # For seconds, though a response may take a minute.
    policy = dataclasses.replace(HURRIED, read_timeout=60.0, response_timeout=120.0)
    began = time.monotonic()

    run = tap.run(config, more=["--discover"], hurry=policy)

    assert time.monotonic() - began < 20
    assert '"clients"' in "\n".join(run.lines)
    assert len(re.findall(r"WARNING .*no columns of their own", run.log)) == 1
    assert shop.requests()[STRUCTURE] < 20


def test_what_is_missing_gets_seconds_though_it_never_comes(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.close()
    missing = list(shop.orders())[-9:]
    for one in missing:
        shop.fail("status", f"{ORDER_LIST}/{one}$", status=400, times=None)
    tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)
    shop.store.faults.clear()
    for one in missing:
        shop.fail("never", f"{ORDER_LIST}/{one}$", times=None)
    policy = dataclasses.replace(HURRIED, read_timeout=60.0, response_timeout=120.0)
    began = time.monotonic()

    run = tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=policy)

    assert time.monotonic() - began < 20
    assert "9 orders are missing" in run.log


def test_a_full_disk_is_called_so(tap: Tap, shop: Shop) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = tap._arguments(shop.config(), select=ORDERS)  # noqa: SLF001

    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "tap_vtex", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ended.returncode == 1
    assert "The tap's output can't be written: No space left on device" in ended.stderr
    assert "stream map" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_output_that_is_closed_is_called_so(tap: Tap, shop: Shop) -> None:
    command = tap._arguments(shop.config(), select={"coupons"})  # noqa: SLF001
    run = [sys.executable, "-m", "tap_vtex", *command]

    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *run],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "The tap's output can't be written: it is closed" in ended.stderr
    assert "stream map" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
@pytest.mark.parametrize("option", ["--discover", "--check", "--about"])
def test_what_is_printed_is_not_lost_silently(tap: Tap, shop: Shop, option: str, to: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = tap._arguments(shop.config(), more=[option])  # noqa: SLF001

    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {to}', "sh", sys.executable, "-m", "tap_vtex", *command],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.count("The tap's output can't be written: ") == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("has_last_change", [True, False])
def test_killed_anywhere_hardly_an_order_comes_twice(
    tap: Tap, shop: Shop, target: Target, has_last_change: bool
) -> None:
    """Each run is killed after 130 lines, and the next one goes on."""
    shop.close()
    shop.store.latency = 0.001
    config = shop.config(max_workers=4)
    if not has_last_change:
        tap.sync(config, target, select={"orders"})
        shop.store.quirks.rows_have_last_change = False
        shop.pass_time(hours=30)  # so that all orders of the lookback are fetched again
    sent = 0
    for _ in range(20):
        with tap.start(config, state=target.state, select={"orders"}) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(130)]
            process.kill()
            process.wait()
        target.take([line for line in lines if line])
        sent += sum('"type":"RECORD"' in line for line in lines)
        if not lines[-1]:
            break
    else:
        pytest.fail("no run came to its end")

    assert sent <= 2.2 * len(shop.orders())
    assert target.table("orders", "orderId").keys() == shop.orders().keys()
