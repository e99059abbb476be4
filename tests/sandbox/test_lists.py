"""Faults of rows and totals, on every list that the tap reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.server import make_app
from sandbox.tampering.shapes import SHAPES
from tests.sandbox.asking import COUNTED, LISTS, ROUTES, SINGLE, Asker, page, rows, total

if TYPE_CHECKING:
    from tests.support.shop import Shop

ODD_IDS = ([1], {"a": 1}, 7, None, True)


def ids(name: str, found: list[Any]) -> list[Any]:
    """The ids of rows."""
    key = ROUTES[name].shape.key
    return [row[0] if isinstance(row, tuple) else row[key] if key else row for row in found]


def test_every_route_has_a_shape_and_is_tested(shop: Shop) -> None:
    routed = {
        route.resource.canonical for route in make_app(shop.store).router.routes() if route.resource
    }
    # The feed is a queue, with manners of its own: test_feed.py.
    others = ("/_sandbox", "/api/orders/feed")
    assert {path for path in routed if not path.startswith(others)} == SHAPES.keys()
    assert {route.spelled for route in ROUTES.values()} == SHAPES.keys()


@pytest.mark.parametrize("name", ROUTES)
def test_shapes_say_where_things_are(ask: Asker, name: str) -> None:
    response = ask.route(name)
    assert response.status_code == 200
    if name in LISTS:
        assert len(rows(name, response)) > 1
        assert len(set(ids(name, rows(name, response)))) == len(rows(name, response))
    elif key := ROUTES[name].shape.key:
        assert str(response.json()[key]) == ask.things(name)[1]
    assert (total(name, response) is None) == (name not in COUNTED)


@pytest.mark.parametrize("name", LISTS)
def test_nothing_is_an_empty_list(ask: Asker, name: str) -> None:
    fault = ask.shop.fail("nothing", ROUTES[name].path.replace("{id}", ""))
    before = ask.route(name)
    assert fault.struck == 1
    assert before.status_code == 200
    if name == "sku-rows":
        assert before.json() == {}  # as of a product without SKUs
    else:
        assert rows(name, before) == []
    assert total(name, before) in {0, None}
    assert len(rows(name, ask.route(name))) > 1


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("order", {}),
        ("context", None),
        ("product", {}),
        ("category", {}),
        ("price", {}),
        ("promotion", {}),
    ],
)
def test_nothing_of_a_single_thing_is_an_empty_body(ask: Asker, name: str, body: Any) -> None:
    ask.shop.fail("nothing", ROUTES[name].path.replace("{id}", ""), times=None)
    response = ask.route(name)
    assert (response.status_code, response.json()) == (200, body)
    unknown = ask.route(name, "unknown")
    assert (unknown.status_code, unknown.json()) == (200, body)


def test_nothing_of_a_product_follows_the_stores_way(ask: Asker) -> None:
    ask.shop.store.quirks.no_skus = "array"
    try:
        ask.shop.fail("nothing", ".*ByProductId")
        assert ask.route("sku-rows").json() == []
    finally:
        ask.shop.store.quirks.no_skus = "object"


@pytest.mark.parametrize("name", COUNTED)
def test_nothing_can_lack_its_total(ask: Asker, name: str) -> None:
    ask.shop.fail("nothing", ROUTES[name].path, with_total=False)
    response = ask.route(name)
    assert rows(name, response) == []
    header, _, field = (ROUTES[name].shape.total or "").partition(".")
    assert field not in response.json()[header] if field else header not in response.headers


@pytest.mark.parametrize("name", LISTS)
def test_low_is_a_short_list_that_agrees_with_itself(ask: Asker, name: str) -> None:
    true = rows(name, ask.route(name))
    ask.shop.fail("low", ROUTES[name].path.replace("{id}", ""), left=2)
    response = ask.route(name)
    assert rows(name, response) == true[:2]
    assert total(name, response) in {2, None}
    ask.shop.fail("low", ROUTES[name].path.replace("{id}", ""), left=10**6)
    assert rows(name, ask.route(name)) == true  # a list can't be longer than it is


def test_low_holds_for_all_pages(ask: Asker) -> None:
    ask.shop.fail("low", left=25, times=None)
    pages = [ask.route("orders", page=number) for number in (1, 2, 3)]
    assert [len(rows("orders", one)) for one in pages] == [20, 5, 0]
    assert [one.json()["paging"]["total"] for one in pages] == [25] * 3
    assert [one.json()["paging"]["pages"] for one in pages] == [2] * 3
    pages = [ask.route("sku-ids", page=number) for number in (1, 2, 3, 4)]
    assert [len(rows("sku-ids", one)) for one in pages] == [10, 10, 5, 0]
    ask.shop.store.faults.clear()
    ask.shop.fail("low", left=5, times=None)
    pages = [ask.route("products", _from=first, _to=first + 3) for first in (1, 5)]
    assert [len(rows("products", one)) for one in pages] == [4, 1]
    assert [total("products", one) for one in pages] == [5, 5]
    search = ROUTES["search"].path
    found = [ask.get(search, headers=page(start, start + 4)) for start in (0, 4, 8)]
    assert [len(one.json()) for one in found] == [4, 1, 0]
    ranges = [one.headers["REST-Content-Range"] for one in found]
    assert ranges == ["resources=0-4/5", "resources=4-5/5", "resources=8-5/5"]


def test_low_follows_the_stores_own_page_size(ask: Asker) -> None:
    ask.shop.store.quirks.max_rows = 4
    try:
        ask.shop.fail("low", left=6, times=None)
        pages = [ask.route("orders", page=number) for number in (1, 2)]
        assert [len(rows("orders", one)) for one in pages] == [4, 2]
    finally:
        ask.shop.store.quirks.max_rows = 100


@pytest.mark.parametrize("left", [0, 15])
def test_a_scroll_that_opens_low_stays_so(ask: Asker, left: int) -> None:
    right = total("scroll", ask.route("scroll"))
    ask.shop.fail("low", ROUTES["scroll"].path, left=left)
    response = ask.route("scroll")
    found = response.json()
    while response.json():
        assert total("scroll", response) == left
        token = response.headers["X-VTEX-MD-TOKEN"]
        response = ask.get(ROUTES["scroll"].path, {"_token": token})
        found += response.json()
    assert len(found) == left
    assert total("scroll", response) == left
    assert total("scroll", ask.route("scroll")) == right


@pytest.mark.parametrize("fault", [{"kind": "nothing"}, {"kind": "low", "left": 0}])
def test_a_scroll_that_finds_nothing_is_closed(ask: Asker, fault: Any) -> None:
    ask.shop.fail(**fault, times=None)
    for _scroll in range(12):  # more than may be open at a time
        response = ask.route("scroll")
        assert (response.status_code, response.json()) == (200, [])
    assert not ask.shop.store.scrolls.cursors


@pytest.mark.parametrize("name", LISTS)
def test_rows_are_missing_though_the_total_counts_them(ask: Asker, name: str) -> None:
    true = ask.route(name)
    ask.shop.fail("no_rows", ROUTES[name].path.replace("{id}", ""))
    response = ask.route(name)
    assert rows(name, response) == []
    assert total(name, response) == total(name, true)
    ask.shop.fail("drop_rows", ROUTES[name].path.replace("{id}", ""), rows=1)
    response = ask.route(name)
    assert rows(name, response) == rows(name, true)[:-1]
    ask.shop.fail("drop_rows", ROUTES[name].path.replace("{id}", ""), rows=0)
    assert rows(name, ask.route(name)) == rows(name, true)
    assert total(name, response) == total(name, true)


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(
    ("how", "difference"),
    [({"by": -1}, -1), ({"by": 3}, 3), ({"by": -(10**6)}, None), ({"total": 0}, None)],
)
def test_a_wrong_total_comes_with_all_the_rows(
    ask: Asker, name: str, how: Any, difference: int | None
) -> None:
    true = ask.route(name)
    right = total(name, true)
    assert right
    ask.shop.fail("wrong_total", ROUTES[name].path, **how)
    response = ask.route(name)
    assert rows(name, response) == rows(name, true)
    assert total(name, response) == (0 if difference is None else right + difference)


def test_the_number_of_pages_follows_a_wrong_total(ask: Asker) -> None:
    ask.shop.fail("wrong_total", total=41, times=None)
    assert ask.route("orders").json()["paging"]["pages"] == 3
    assert ask.route("brand-pages").json()["paging"]["pages"] == 14


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("place", [0, 1, -1])
def test_one_row_is_null(ask: Asker, name: str, place: int) -> None:
    true = rows(name, ask.route(name))
    ask.shop.fail("null_row", ROUTES[name].path.replace("{id}", ""), row=place)
    expected = list(true)
    expected[place] = (true[place][0], None) if name == "products" else None
    assert rows(name, ask.route(name)) == expected


@pytest.mark.parametrize("name", LISTS)
def test_one_row_has_no_id(ask: Asker, name: str) -> None:
    true, key = rows(name, ask.route(name)), ROUTES[name].shape.key
    ask.shop.fail("no_id", ROUTES[name].path.replace("{id}", ""), row=1)
    first, second, *rest = rows(name, ask.route(name))
    assert (first, rest) == (true[0], true[2:])
    if key:
        assert second == {field: value for field, value in true[1].items() if field != key}
    else:
        assert second == ("", true[1][1]) if name == "products" else second is None


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", ODD_IDS, ids=repr)
def test_one_row_has_an_odd_id(ask: Asker, name: str, value: Any) -> None:
    true = rows(name, ask.route(name))
    chosen = str(ids(name, true)[1])
    ask.shop.fail("odd_id", ROUTES[name].path.replace("{id}", ""), row_id=chosen, value=value)
    found = rows(name, ask.route(name))
    # The keys of an object are texts, whatever they should be.
    expected = str(value) if name == "products" else value
    assert ids(name, found) == [ids(name, true)[0], expected, *ids(name, true)[2:]]


def test_a_page_without_the_row_stays_as_it_is(ask: Asker) -> None:
    true = ask.route("coupons").json()
    ask.shop.fail("null_row", times=None, row_id="NO SUCH COUPON")
    assert ask.route("coupons").json() == true
    ask.shop.fail("no_id", times=None, row=1000)
    assert ask.route("coupons").json() == true


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("kind", ["low", "no_rows", "null_row", "wrong_total", "repeat"])
def test_faults_of_lists_pass_by_what_is_none(ask: Asker, name: str, kind: str) -> None:
    true = ask.route(name).json()
    fault = ask.shop.fail(kind, times=None)
    if ROUTES[name].shape.rows is None or kind in {"wrong_total", "repeat"}:
        assert ask.route(name).json() == true
        assert not fault.struck
    else:
        assert ask.route(name).json() != true
