"""What is cut out of orders: items that add up, payments, packages; and never a card."""

from __future__ import annotations

import json
import random
import signal
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.oms.changes import GOODWILL, Changes
from sandbox.oms.gist import Gist
from sandbox.oms.payment import CARD_NUMBER, SECURITY_CODE
from tap_vtex.streams.orders.cards import remove_cards
from tap_vtex.streams.orders.items import items_of
from tap_vtex.streams.orders.modifications import value_difference
from tap_vtex.streams.orders.packages import packages_of as packages_rows
from tap_vtex.streams.orders.payments import payments_of as payments_rows
from tests.support.expect import utc
from tests.support.shop import ORDER, ids, order_of
from tests.test_interruptions import kill
from tests.test_nested import drifted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

Json = dict[str, Any]
Rows = dict[tuple[Any, ...], Json]

CHANGES = ("remove_item", "remove_piece", "substitute", "reweigh", "add_item", "discount")
PARTS = {"payments", "packages"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store that changed half of its orders, in every way, and some twice."""
    shop = open_shop(orders=200, days=50, skus=6000)  # none twice in an order
    shop.close()
    for number, order_id in enumerate(shop.orders()):
        for way in (number % 12, number // 12 % 12):
            for change in CHANGES[way : way + 1]:
                shop.act(change, order_id)
    shop.act("return", *list(shop.orders())[::10])
    shop.act("deliver", *list(shop.orders())[::7])
    shop.pass_time(minutes=15)
    return shop


def made(shop: Shop, order_id: str) -> Changes:
    """An order as the sandbox calculates it."""
    store, order = shop.store, order_of(order_id)
    gist = Gist(order, store.book.created(order), store.seed, store.clients, store.skus)
    return Changes(gist, store.book.state(order, store.clock.now()))


def payments_of(shop: Shop) -> Rows:
    """The payments as they must come, without their columns of the order."""
    return {
        ("ipe", order_id, transaction["transactionId"], payment["id"]): {
            "isActive": transaction["isActive"],
            **{n: payment[n] for n in ("value", "paymentSystemName", "group", "installments")},
            **{n: payment[n] for n in ("firstDigits", "lastDigits", "giftCardId", "tid")},
        }
        for order_id, order in shop.orders().items()
        for transaction in order["paymentData"]["transactions"]
        for payment in transaction["payments"]
    }


def packages_of(shop: Shop) -> Rows:
    """The packages as they must come, likewise."""
    found = {}
    for order_id, order in shop.orders().items():
        for index, package in enumerate(order["packageAttachment"]["packages"]):
            courier, back = package["courierStatus"] or {}, package["restitutions"]
            found["ipe", order_id, index] = {
                **{n: package[n] for n in ("type", "invoiceNumber", "invoiceValue", "items")},
                **{n: package[n] for n in ("courier", "trackingNumber", "restitutions")},
                "issuanceDate": utc(package["issuanceDate"]),
                "is_delivered": courier.get("finished"),
                "deliveredDate": utc(courier.get("deliveredDate")),
                "refund_value": back["Refund"]["value"] if back else None,
            }
    return found


def assert_parts_equal_truth(target: Target, shop: Shop) -> None:
    for stream, truth in (("payments", payments_of(shop)), ("packages", packages_of(shop))):
        rows = target.tables[stream]
        assert rows.keys() == truth.keys()
        for key, expected in truth.items():
            assert rows[key].items() >= expected.items()


def test_items_add_up_to_each_order(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select={"orders", "order_items"})

    items: dict[str, list[Json]] = {}
    for (_, order_id, _), row in sorted(target.tables["order_items"].items()):
        items.setdefault(order_id, []).append(row)
    orders = target.table("orders", "orderId")
    kinds = set()
    for order_id, document in shop.orders().items():
        changes, rows = made(shop, order_id), items[order_id]
        assert [
            (row["quantity"], row["quantity_left"], row["total"], row["total_left"]) for row in rows
        ] == [
            (line.quantity, left, line.price_of(line.quantity), line.price_of(left))
            for line, left in zip(changes.lines, changes.left, strict=True)
        ]
        assert [row["shipping_discount"] for row in rows] == [
            -line.shipping_off for line in changes.lines
        ]
        assert [row["is_added"] for row in rows] == [
            number >= len(document["items"]) for number in range(len(rows))
        ]
        given_away = sum(one.reason == "Cortesia" for one in changes.made) * GOODWILL
        assert orders[order_id]["value_difference"] == -given_away
        others = sum(t["value"] for t in document["totals"] if t["id"] in {"Shipping", "Tax"})
        total = sum(row["total_left"] for row in rows)
        assert total + others - given_away == document["value"]
        kinds |= {
            *(change.reason for change in changes.made),
            *(tag["name"][:12] for row in rows for tag in row["priceTags"] or ()),
            *("wrapped" for row in rows if row["services_total"]),
            *("weighed" for row in rows if row["unitMultiplier"] != 1),
        }
    assert len(kinds) == 11, kinds  # all that the sandbox has


def test_payments_and_packages_come_with_orders_or_alone(
    tap: Tap, shop: Shop, target: Target
) -> None:
    tap.sync(shop.config(), target, select={"orders"})
    orders = len(target.tables["orders"])
    shop.requests()

    tap.sync(shop.config(), target, select={"packages"})
    assert shop.requests()[ORDER] == orders
    tap.sync(shop.config(), target, select={"orders", *PARTS})

    assert_parts_equal_truth(target, shop)
    assert shop.requests()[ORDER] == orders  # for the payments alone
    changed = next(order_id for order_id in shop.orders() if not made(shop, order_id).made)
    shop.act("return", changed)
    shop.pass_time(minutes=15)
    run = tap.sync(shop.config(), target, select=PARTS)
    assert changed in ids(run.records("packages"))
    assert_parts_equal_truth(target, shop)
    assert {row["type"] for row in target.tables["packages"].values()} == {"Output", "Input"}
    assert {row["isActive"] for row in target.tables["payments"].values()} == {True, False}


def test_payments_and_packages_of_a_load_that_is_killed(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.store.quirks.max_rows = 2
    for lines in (5, 90, 160):
        with tap.start(shop.config(), state=target.state, select=PARTS) as process:
            target.take(kill(process, signal.SIGKILL, lines))

    tap.sync(shop.config(), target, select=PARTS)

    assert_parts_equal_truth(target, shop)


#: What may stand anywhere instead of what VTEX documents.
ANYTHING: tuple[Any, ...] = (
    *(None, True, 0, -3.5, 1e300, 10**30, float("nan"), "", "x", "12"),
    *([], [[]], [None], ["x"], [{}], {}, {"value": 4}, {"a": [1]}),
)


def test_whatever_an_order_holds_it_can_be_cut(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(orders=6, days=20)
    shop.act("substitute", *shop.orders())
    shop.act("return", *shop.orders())
    cut = ("items", "changesAttachment", "paymentData", "packageAttachment", "totals", "value")
    parts = [{name: order[name] for name in cut} for order in shop.orders().values()]
    dice = random.Random(4)
    for _ in range(400):
        drift = [(dice.random(), dice.choice(ANYTHING)) for _ in range(dice.randrange(1, 6))]
        order = drifted(dice.choice(parts), drift) | {"orderId": "1"}
        remove_cards(order)
        value_difference(order)
        for rows in (items_of, payments_rows, packages_rows):
            list(rows(order))


def test_cards_never_get_through(tap: Tap, shop: Shop, target: Target) -> None:
    """In no stream, wherever they stand; what only looks like them stays."""
    shop.store.quirks.shows_cards = True

    run = tap.sync(
        shop.config(), target, select={"orders", "order_items", "incomplete_orders", *PARTS}
    )

    found = json.dumps([[[*rows.values()] for rows in target.tables.values()], run.log])
    for number in (CARD_NUMBER, "4111 1111-1111 1111"):
        assert number not in found
    assert f'"{SECURITY_CODE}"' not in found
    for order_id, document in shop.orders().items():
        order = target.tables["orders"]["ipe", order_id]
        for transaction, sent in zip(
            order["paymentData"]["transactions"],
            document["paymentData"]["transactions"],
            strict=True,
        ):
            for payment, original in zip(transaction["payments"], sent["payments"], strict=True):
                hidden = {"cvv2": None, "cardNumber": "411111******1111"}
                answers = {
                    **original["connectorResponses"],
                    "Message": "Card 411111******1111 approved",
                    "Cvv2": None,
                }
                assert payment == {**original, **hidden, "connectorResponses": answers}
        (app,) = order["customData"]["customApps"]
        assert app["fields"] == {"cardNumber": "411111******1111", "securityCode": None}
        assert order["openTextField"] == {"value": "Cobrar no 411111******1111, por favor"}
