"""``tap-vtex --check``: what the key's role lacks, found out before a run."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.roles import READER_ROLE
from tests.support.tap import HURRIED
from tests.test_project import PROJECT, selected_by_meltano
from tests.test_tap import STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=30, days=10, clients=10, skus=12)


def checked(tap: Tap, shop: Shop, expect: int = 0, **options: Any) -> Run:
    return tap.run(shop.config(), more=["--check"], expect=expect, hurry=True, **options)


def found_by(tap: Tap, shop: Shop, expect: int = 0, **options: Any) -> dict[str, Any]:
    more = ["--check", "--format", "json"]
    run = tap.run(shop.config(), more=more, expect=expect, hurry=True, **options)
    found: dict[str, Any] = json.loads("\n".join(run.lines))
    return found


FINE = "The key may read every stream that is selected from the start."


def rows_under(run: Run, head: str) -> list[str]:
    """The rows of one of the two tables."""
    lines = run.lines[run.lines.index(head) + 2 :]
    return lines[: lines.index("")]


def test_a_key_that_may_read_everything(tap: Tap, shop: Shop) -> None:
    run = checked(tap, shop)

    assert run.lines[-1] == FINE
    assert "The order list has lastChange, so the tap can see which orders changed." in run.lines
    assert not any(line.startswith(("NO", "?")) for line in run.lines)
    for stream in STREAMS:
        head = "Selected from the start" if stream in selected_by_meltano() else "Optional"
        assert any(stream in line for line in rows_under(run, head))
    assert sum(shop.requests().values()) < 40


def test_the_role_of_the_set_up_guide(tap: Tap, shop: Shop) -> None:
    """All streams are told of, whatever the catalog of the last run selected."""
    shop.store.granted = set(READER_ROLE)
    run = checked(tap, shop, select={"coupons"})

    assert run.lines[-1] == FINE
    assert run.lines[-2].startswith(
        "The key can't read these optional streams: sales_channels, collections, inventory, "
        "warehouses, docks, pickup_points, sellers."
    )
    (line,) = [line for line in run.lines if "Product management" in line]
    assert line.split("  ")[0] == "NO"
    assert "changes appear only with the full pass" in line


def test_what_is_lacking_is_named_in_the_order_of_clicks(tap: Tap, shop: Shop) -> None:
    shop.store.granted = set(READER_ROLE) - {"SKUs", "View order", "Manage benefits and rates"}
    run = checked(tap, shop, expect=1)

    rows = rows_under(run, "Selected from the start")
    assert [line[5:] for line in rows] == sorted(line[5:] for line in rows)
    lacking = [line for line in run.lines if line.startswith("Give the key's role")]
    assert [line.split("'")[2] for line in lacking] == [
        "SKUs",
        "View order",
        "Manage benefits and rates",
    ]
    (products,) = [line for line in rows if "  SKUs  " in line]
    assert "View Product (Catalog or Catalog API, General)" in products
    assert products.endswith("products, skus, brands, prices")
    assert (
        "The key can't read these streams: products, skus, brands, prices, orders," in run.lines[-4]
    )


def test_machines_read_json(tap: Tap, shop: Shop) -> None:
    shop.store.granted = {"List Orders"}
    found = found_by(tap, shop, expect=1)

    assert found["in_order"] is False
    orders = [one for one in found["findings"] if one["stream"] == "orders"]
    assert [(one["granted"], one["resources"][0]["name"]) for one in orders] == [
        (True, "List Orders"),
        (False, "View order"),
    ]
    assert [one["needed"] for one in found["findings"] if one["stream"] == "sellers"] == [False]
    assert orders[1]["resources"][0] == {
        "product": "OMS",
        "category": "OMS access",
        "name": "View order",
    }


@pytest.mark.parametrize("carried", [True, False])
def test_whether_the_list_carries_last_change(tap: Tap, shop: Shop, *, carried: bool) -> None:
    shop.store.quirks.rows_have_last_change = carried
    (note,) = found_by(tap, shop)["notes"]
    assert note.startswith(f"The order list has {'' if carried else 'no '}lastChange")


def test_a_key_that_nobody_knows(tap: Tap, shop: Shop) -> None:
    config = shop.config(app_token="WRONG")  # noqa: S106
    run = tap.run(config, more=["--check"], expect=1, hurry=True)
    assert run.lines[-1].startswith("VTEX gave no data at all: check account_name, app_key and")


def test_an_account_that_does_not_exist(tap: Tap, shop: Shop) -> None:
    """VTEX's hosts resolve for any name; 404 says nothing about rights then."""
    shop.fail("status", "", status=404, times=None)
    assert checked(tap, shop, expect=1).lines[-1].startswith("VTEX gave no data at all: check")


def test_a_store_that_is_not_there_is_told_soon(tap: Tap, shop: Shop) -> None:
    """Every path has seconds to answer, but not one after the other."""
    config = shop.config(api_url=None, account_name="no-such-store")
    began = time.monotonic()
    run = tap.run(config, more=["--check"], expect=1, hurry=True)

    assert time.monotonic() - began < 60
    host = "no-such-store.vtexcommercestable.com.br"
    assert f"Cannot resolve {host}: check account_name" in "\n".join(run.lines)
    assert run.lines[-1].startswith("VTEX gave no data at all: check account_name, app_key and")


def test_something_that_does_not_answer_is_no_refusal(tap: Tap, shop: Shop) -> None:
    shop.fail("status", "/api/rnb/pvt/coupon", status=503, times=None)
    run = checked(tap, shop, expect=1)
    assert any(line.startswith("?") for line in run.lines)
    assert "VTEX gave no usable response to GET /api/rnb/pvt/coupon" in "\n".join(run.lines)
    assert "The key can't read these streams: coupons." in run.lines


def test_a_run_says_it_in_the_same_words(tap: Tap, shop: Shop) -> None:
    shop.store.granted = set(READER_ROLE) - {"View order"}
    told = checked(tap, shop, expect=1).lines[-1]
    assert told in tap.run(shop.config(), select={"orders"}, expect=1).log


def test_the_entities_of_the_store_are_named(tap: Tap, shop: Shop) -> None:
    """For a person: a report for the public names nothing of the store's own."""
    run = checked(tap, shop)
    (line,) = [line for line in run.lines if line.startswith("Master Data has these entities: ")]
    assert line.startswith("Master Data has these entities: AD (Endereço), CL (Cliente), LE (Lista")
    assert line.endswith(", vtex_return_app_returnRequest, wishlist.")

    more = ["--check", "--format", "json"]
    entities = ["LE", "b2b_users", {"entity": "wishlist", "schema": "wishlist"}]
    config = shop.config(master_data_entities=entities)
    run = tap.run(config, more=more, expect=None, hurry=True)
    found = json.loads("\n".join(run.lines))
    assert not any(word in json.dumps(found) for word in ("wishlist", "b2b", "Lista", "Cliente"))
    schemas = [one for one in found["findings"] if one["path"].endswith("/schemas/{}")]
    assert [(one["stream"], one["granted"]) for one in schemas] == [("md_*", True)]


def test_an_entity_that_wants_a_schema_is_told_of(tap: Tap, shop: Shop) -> None:
    config = shop.config(master_data_entities=["contact_information"])
    run = tap.run(config, more=["--check"], expect=1, hurry=True)
    assert any(line.startswith("If Master Data wants the name of a schema") for line in run.lines)


def test_a_key_that_may_not_list_the_entities(tap: Tap, shop: Shop) -> None:
    shop.store.granted = set(READER_ROLE) - {"Master Data administrator"}
    run = checked(tap, shop)
    (line,) = [line for line in run.lines if "which entities Master Data has" in line]
    assert "'List data entity' (product Dynamic Storage, category Data entity)" in line
    assert run.lines[-1] == FINE


def test_an_empty_store(tap: Tap, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(orders=100, days=1, clients=1, skus=1)
    shop.close()
    shop.pass_time(days=800)
    run = checked(tap, shop)
    assert run.lines[-1] == FINE


def test_one_area_that_does_not_answer_is_not_waited_for_again_and_again(
    tap: Tap, shop: Shop
) -> None:
    shop.fail("never", "/api/dataentities", times=None)
    config = shop.config(master_data_entities=["LE", "XX", "YY"])
    policy = dataclasses.replace(HURRIED, min_timeout=1.0)

    run = tap.run(config, more=["--check"], expect=1, hurry=policy)

    asked = [n for route, n in shop.requests().items() if "dataentities" in route]
    assert sum(asked) < 4
    assert "no response in time" in "\n".join(run.lines)


def test_wrong_settings_are_told_first(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(app_key=""), more=["--check"], expect=1)
    assert "The setting app_key is missing" in run.log
    assert not shop.requests()


def test_the_set_up_guide_names_every_resource_that_is_asked_for(tap: Tap, shop: Shop) -> None:
    guide = (PROJECT / "docs" / "store-setup.md").read_text()
    for one in found_by(tap, shop)["findings"]:
        if not one["without"]:
            assert any(resource["name"] in guide for resource in one["resources"])
