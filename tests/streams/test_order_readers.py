"""Orders and their items: two streams, one reading, a bookmark each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.support.expect import order_record
from tests.support.shop import ORDER, Shop, ids

if TYPE_CHECKING:
    from tests.support.tap import Tap, Target

ORDERS, ITEMS, BOTH = {"orders"}, {"order_items"}, {"orders", "order_items"}


def bookmark(target: Target, stream: str) -> dict[str, Any]:
    partitions = target.state["bookmarks"].get(stream, {}).get("partitions", [])
    return next((p for p in partitions if len(p) > 1), {})


def items_by_order(target: Target) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for row in target.tables["order_items"].values():
        found.setdefault(row["orderId"], []).append((row["item_index"], row["lastChange"]))
    return found


def truth(shop: Shop) -> dict[str, list[tuple[int, str]]]:
    return {
        order_id: [
            (index, order_record(document)["lastChange"]) for index in range(len(document["items"]))
        ]
        for order_id, document in shop.orders().items()
    }


def changed_order(shop: Shop) -> str:
    changed = min(
        shop.orders(),
        key=lambda order_id: abs(shop.created(order_id) - shop.now() + timedelta(days=20)),
    )
    shop.act("cancel", changed)
    shop.pass_time(minutes=90)
    return changed


def test_items_alone_are_complete(tap: Tap, shop: Shop, target: Target) -> None:
    shop.close()

    run = tap.sync(shop.config(), target, select=ITEMS)

    assert items_by_order(target) == truth(shop)
    assert not run.records("orders")
    assert "orders" not in target.tables
    assert not bookmark(target, "orders")


def test_items_alone_see_changes(tap: Tap, shop: Shop, target: Target) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=ITEMS)
    changed = changed_order(shop)

    tap.sync(shop.config(), target, select=ITEMS)

    assert items_by_order(target) == truth(shop)
    assert target.table("order_items", "orderId")[changed]["is_canceled"] is True


def test_items_selected_later_are_complete_and_then_share(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    changed_order(shop)

    tap.sync(shop.config(), target, select=BOTH)

    assert items_by_order(target) == truth(shop)
    assert target.table("orders", "orderId").keys() == shop.orders().keys()
    shop.requests()
    changed = changed_order(shop)
    run = tap.sync(shop.config(), target, select=BOTH)
    assert ids(run.records("orders")) == [changed]
    assert shop.requests()[ORDER] == 1
    assert items_by_order(target) == truth(shop)


def test_a_deselected_stream_keeps_its_bookmark_and_catches_up(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=BOTH)
    before = bookmark(target, "order_items")
    changed_order(shop)

    tap.sync(shop.config(), target, select=ORDERS)
    assert bookmark(target, "order_items") == before
    assert bookmark(target, "orders") != before
    assert items_by_order(target) != truth(shop)

    tap.sync(shop.config(), target, select=BOTH)
    assert items_by_order(target) == truth(shop)


def test_deselected_orders_keep_theirs(tap: Tap, shop: Shop, target: Target) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=BOTH)
    before = bookmark(target, "orders")
    changed = changed_order(shop)

    tap.sync(shop.config(), target, select=ITEMS)
    assert bookmark(target, "orders") == before

    run = tap.sync(shop.config(), target, select=BOTH)
    assert changed in ids(run.records("orders"))
    assert len(run.records("orders")) < 10


def test_a_state_is_of_one_account(tap: Tap, shop: Shop, target: Target) -> None:
    """The state of another store changes nothing, and stays where it is."""
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    before = bookmark(target, "orders")

    run = tap.sync(shop.config(account_name="Cedro"), target, select=ORDERS)

    assert len(run.records("orders")) == len(shop.orders())
    assert {record["account_name"] for record in run.records("orders")} == {"cedro"}
    assert bookmark(target, "orders") == before


def test_full_table_replication_loads_everything_again(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)

    run = tap.sync(shop.config(), target, select=ORDERS, method="FULL_TABLE")

    assert len(run.records("orders")) == len(shop.orders())


def test_a_state_that_cannot_be_read_is_said(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=ORDERS)
    bookmark(target, "orders")["loaded_until"] = "yesterday"

    run = tap.run(shop.config(), state=target.state, select=ORDERS, expect=1)

    assert "The state of orders can't be read" in run.log
    assert run.state == target.state


def test_a_state_of_a_newer_tap_is_said(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=ORDERS)
    bookmark(target, "orders")["version"] = 99

    run = tap.run(shop.config(), state=target.state, select=ORDERS, expect=1)

    assert "written by a newer tap-vtex" in run.log
