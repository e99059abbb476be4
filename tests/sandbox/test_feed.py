"""The feed of the sandbox has the manners that VTEX documents of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox.asking import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

CONFIG, QUEUE = "/api/orders/feed/config", "/api/orders/feed"
WEEK = 7 * 86_400

Json = dict[str, Any]


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=60, days=100, clients=10, skus=10)
    shop.close()
    return shop


def ask(shop: Shop, method: str, path: str, body: Json | None = None) -> requests.Response:
    return requests.request(method, shop.url + path, json=body, headers=HEADERS, timeout=10)


def configured(shop: Shop, *statuses: str) -> None:
    queue = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": WEEK}
    body = {"filter": {"type": "FromWorkflow", "status": [*statuses]}, "queue": queue}
    assert ask(shop, "POST", CONFIG, body).status_code == 200


def read(shop: Shop) -> list[Json]:
    found: list[Json] = ask(shop, "GET", f"{QUEUE}?maxlot=10").json()
    return found


def commit(shop: Shop, *events: Json) -> None:
    handles = [event["handle"] for event in events]
    assert ask(shop, "POST", QUEUE, {"handles": handles}).status_code == 200


def test_without_a_configuration_there_is_nothing(shop: Shop) -> None:
    for method, path in (("GET", CONFIG), ("DELETE", CONFIG), ("GET", f"{QUEUE}?maxlot=1")):
        assert ask(shop, method, path).status_code == 404
    mixed = {"filter": {"type": "FromWorkflow", "expression": "x"}, "queue": {}}
    assert ask(shop, "POST", CONFIG, mixed).status_code == 400
    shop.store.granted = set()
    assert ask(shop, "GET", CONFIG).status_code == 403


def test_what_is_not_committed_by_its_newest_handle_comes_again(shop: Shop) -> None:
    shop.store.quirks.feed_reads = "all"
    configured(shop, "canceled")
    chosen = [*shop.orders()][:2]
    shop.act("approve", *chosen)  # not in the filter
    shop.act("cancel", *chosen)
    first = read(shop)
    assert {event["orderId"] for event in first} == {*chosen}
    assert not read(shop)
    assert ask(shop, "GET", CONFIG).json()["quantity"] == 2

    shop.pass_time(minutes=4)
    again = read(shop)
    commit(shop, *first)
    shop.pass_time(minutes=4)
    assert len(read(shop)) == 2
    commit(shop, *again)
    shop.pass_time(minutes=4)
    last = read(shop)
    commit(shop, *last)
    shop.pass_time(minutes=4)

    assert not read(shop)
    assert {event["eventId"] for event in last} == {event["eventId"] for event in first}


def test_what_is_too_old_is_gone_and_so_is_a_feed_without_events(shop: Shop) -> None:
    configured(shop, "canceled")
    old, new = [*shop.orders()][:2]
    shop.act("cancel", old)
    shop.pass_time(days=5)
    shop.act("cancel", new)
    shop.pass_time(days=5)
    assert [event["orderId"] for event in read(shop)] == [new]

    shop.pass_time(days=3)
    assert ask(shop, "GET", CONFIG).status_code == 404


def test_the_feed_tells_of_the_life_of_each_order(shop: Shop) -> None:
    shop.store.book.closed = 2**62
    configured(shop, "payment-pending", "payment-approved", "invoiced", "order-created")
    shop.pass_time(days=6)

    (new, *_) = [key for key in shop.orders() if shop.created(key) > shop.now().replace(day=24)]
    assert shop.requests()
    ask(shop, "GET", CONFIG)
    changes = [one.change for one in shop.store.feed.messages.values()]
    assert next(one.state for one in changes if one.order_id == new) == "payment-pending"
    assert {one.state for one in changes} >= {"payment-pending", "payment-approved"}
