"""Faults that mix up pages, things and times, as caches and indexes may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.asking import COUNTED, PAGED, ROUTES, SINGLE, Asker, page, rows, total

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.support.shop import Shop

SCROLL = ROUTES["scroll"].path
SEARCH = ROUTES["search"].path
#: A later page of each list that has numbered pages or positions.
LATER: dict[str, Any] = {
    "orders": {"page": 2},
    "products": {"_from": 4, "_to": 6},
    "sku-ids": {"page": 2},
    "brand-pages": {"page": 2},
    "pickup-pages": {"page": 2},
}
#: A page far beyond the end, and the last page.
BEYOND: dict[str, Any] = {
    "orders": ({"page": 9}, {"page": 3}),
    "products": ({"_from": 22, "_to": 24}, {"_from": 7, "_to": 9}),
    "sku-ids": ({"page": 9}, {"page": 4}),
    "brand-pages": ({"page": 9}, {"page": 3}),
    "pickup-pages": ({"page": 9}, {"page": 3}),
}


def next_page(ask: Asker, response: requests.Response) -> requests.Response:
    """A scroll's next page."""
    return ask.get(SCROLL, {"_token": response.headers["X-VTEX-MD-TOKEN"]})


@pytest.mark.parametrize("name", LATER)
def test_every_page_is_the_first(ask: Asker, name: str) -> None:
    first, later = ask.route(name), ask.route(name, **LATER[name])
    assert rows(name, later) != rows(name, first)
    ask.shop.fail("repeat", times=None)
    assert ask.route(name, **LATER[name]).content == first.content
    assert ask.route(name).content == first.content


def test_every_page_of_a_search_is_the_first(ask: Asker) -> None:
    first = ask.route("search")
    ask.shop.fail("repeat", times=None)
    response = ask.get(SEARCH, headers=page(10, 20))
    assert response.json() == first.json()
    assert response.headers["REST-Content-Range"] == first.headers["REST-Content-Range"]


@pytest.mark.parametrize("repeatable", [False, True])
def test_every_page_of_a_scroll_is_the_first(ask: Asker, repeatable: bool) -> None:
    scrolls = ask.shop.store.scrolls
    scrolls.repeatable = repeatable
    try:
        first = ask.route("scroll")
        ask.shop.fail("repeat", query="_token", times=None)
        second = next_page(ask, first)
        third = next_page(ask, second)
        assert first.json() == second.json() == third.json()
        ask.shop.store.faults.clear()
        assert next_page(ask, third).json() != first.json()
    finally:
        scrolls.repeatable = False


@pytest.mark.parametrize("repeatable", [False, True])
def test_a_scroll_repeats_its_last_page_instead_of_ending(ask: Asker, repeatable: bool) -> None:
    scrolls = ask.shop.store.scrolls
    scrolls.repeatable = repeatable
    try:
        fault = ask.shop.fail("repeat_last", times=None)
        response = ask.route("scroll")
        found = []
        for _page in range(6):
            found.append([document["id"] for document in response.json()])
            response = next_page(ask, response)
        assert found[0] != found[1] != found[2] == found[3] == found[4] == found[5]
        assert len({one for found_page in found for one in found_page}) == total("scroll", response)
        assert fault.struck == 7
        ask.shop.store.faults.clear()
        assert next_page(ask, response).json() == []
    finally:
        scrolls.repeatable = False


def test_a_scroll_that_found_nothing_has_no_last_page(ask: Asker) -> None:
    ask.shop.fail("repeat_last", times=None)
    assert ask.get(SCROLL, {"_where": "(createdIn>2100-01-01)"}).json() == []


@pytest.mark.parametrize("name", BEYOND)
def test_beyond_the_end_the_last_page_comes_again(ask: Asker, name: str) -> None:
    beyond, last = BEYOND[name]
    true = ask.route(name, **last)
    assert rows(name, true)
    assert not rows(name, ask.route(name, **beyond))
    ask.shop.fail("repeat_last", times=None)
    assert rows(name, ask.route(name, **beyond)) == rows(name, true)
    assert rows(name, ask.route(name)) != rows(name, true)


@pytest.mark.parametrize("name", SINGLE)
def test_a_foreign_response_is_that_of_another_thing(ask: Asker, name: str) -> None:
    first, second, *_, last = ask.things(name)
    true = {one: ask.route(name, one).json() for one in (first, second, last)}
    assert true[first] != true[second]
    fault = ask.shop.fail("foreign", ROUTES[name].path.replace("{id}", ""), times=2)
    assert ask.route(name, second).json() == true[first]
    assert ask.route(name, first).json() == true[second]
    assert ask.route(name, first).json() == true[first]
    assert fault.struck == 2
    ask.shop.fail("foreign", ROUTES[name].path.replace("{id}", ""), other=last)
    assert ask.route(name, first).json() == true[last]


def test_a_window_is_answered_with_the_latest_orders(ask: Asker) -> None:
    window = {
        "f_creationDate": "creationDate:[2026-11-14T00:00:00.000Z TO 2026-11-15T00:00:00.000Z]"
    }
    true = ask.route("orders", **window)
    assert rows("orders", true)
    latest = ask.route("orders", orderBy="creationDate,desc")
    ask.shop.fail("latest", query="f_creationDate", times=2)
    response = ask.route("orders", **window)
    assert response.json() == latest.json()
    assert total("orders", response) != total("orders", true)
    second = ask.route("orders", page=2, **window)
    assert not set(map(str, rows("orders", second))) & set(map(str, rows("orders", response)))
    assert ask.route("orders", **window).json() == true.json()


# -- an index that is hours behind ---------------------------------------------------------


@pytest.fixture
def moving(open_shop: Callable[..., Shop]) -> Shop:
    """A store in which something is made all the time."""
    return open_shop(orders=300, days=10, clients=3000)


def test_a_stale_order_list_lacks_the_latest_orders(moving: Shop) -> None:
    with Asker(moving) as ask:
        query = {"orderBy": "creationDate,desc", "per_page": 100}
        old = ask.route("orders", **query)
        moving.pass_time(hours=5)
        new = ask.route("orders", **query)
        assert total("orders", new) != total("orders", old)
        moving.fail("stale", "/api/oms", hours=5, times=None)
        assert ask.route("orders", **query).json() == old.json()
        order_id = rows("orders", new)[0]["orderId"]
        assert ask.route("order", order_id).json()["orderId"] == order_id


def test_a_stale_order_list_lacks_the_latest_changes(moving: Shop) -> None:
    def said() -> object:
        return rows("orders", ask.route("orders"))[0]["lastMessageUnread"]

    with Asker(moving) as ask:
        order_id = rows("orders", ask.route("orders"))[0]["orderId"]
        moving.act("touch", order_id)
        moving.pass_time(minutes=30)
        moving.fail("stale", hours=1)
        assert said() is None
        message = said()
        assert message
        moving.fail("stale", hours=1, times=None)
        assert ask.route("order", order_id).json()["lastMessage"] == message
        assert said() is None
        moving.pass_time(minutes=40)
        assert said() == message


def test_a_stale_search_lacks_documents_and_changes(moving: Shop) -> None:
    query = {"_fields": "id,email,updatedIn", "_sort": "createdIn DESC"}
    with Asker(moving) as ask:
        old = ask.get(SEARCH, query, page(0, 20))
        moving.pass_time(hours=60)
        moving.edit("CL", old.json()[0]["id"], email="new@example.com")
        moving.pass_time(minutes=30)
        new = ask.get(SEARCH, query, page(0, 20))
        assert "new@example.com" in new.text
        assert total("search", new) != total("search", old)
        moving.fail("stale", "/api/dataentities", hours=60.5, times=None)
        stale = ask.get(SEARCH, query, page(0, 20))
        assert stale.json() == old.json()
        assert total("search", stale) == total("search", old)
        changed = "(updatedIn between 2026-11-25T20:00:00.000Z AND 2026-11-26T20:00:00.000Z)"
        assert ask.get(SEARCH, {**query, "_where": changed}, page(0, 20)).json() == []
        moving.store.faults.clear()
        assert ask.get(SEARCH, {**query, "_where": changed}, page(0, 20)).json()


def test_a_scroll_of_a_stale_index_stays_in_its_time(moving: Shop) -> None:
    query = {"_fields": "id,createdIn", "_where": "(createdIn>2026-10-01)", "_size": 50}
    with Asker(moving) as ask:
        moving.pass_time(hours=60)
        true = total("scroll", ask.get(SCROLL, query))
        moving.fail("stale", "/api/dataentities", hours=60)
        response = ask.get(SCROLL, query)
        announced, found = total("scroll", response), response.json()
        while response.json():
            response = next_page(ask, response)
            found += response.json()
        assert len(found) == announced
        assert true
        assert len(found) < true
        assert max(document["createdIn"] for document in found) < "2026-11-23T12"
        assert total("scroll", ask.get(SCROLL, query)) == true


def test_only_indexes_are_stale(ask: Asker) -> None:
    fault = ask.shop.fail("stale", times=None, hours=1000)
    ids = [ask.things(name)[1] for name in SINGLE]
    assert all(ask.route(name, one).json() for name, one in zip(SINGLE, ids, strict=True))
    assert ask.route("coupons").json()
    assert not fault.struck


@pytest.mark.parametrize("name", PAGED)
def test_a_list_without_end(ask: Asker, name: str) -> None:
    """No two pages share a row, and the total promises another page."""
    ask.shop.fail("endless", ROUTES[name].path, times=None)
    first, second = ask.route(name), ask.route(name)
    key = ROUTES[name].shape.key
    pages = [
        {str(row[key] if key else row) for row in rows(name, response)}
        for response in (first, second)
    ]
    assert len(pages[0]) == len(pages[1]) > 0
    assert pages[0].isdisjoint(pages[1])
    if name in COUNTED:
        assert total(name, second) == 2 * len(pages[0])
