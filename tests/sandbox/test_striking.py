"""Which requests a fault strikes, and how faults are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.asking import ROUTES, rows, total

if TYPE_CHECKING:
    from tests.sandbox.asking import Asker


@pytest.mark.parametrize(
    ("name", "status"),
    [("order", 404), ("order", 403), ("price", 500), ("stock", 400), ("category", 400)],
)
def test_chosen_things_fail_for_good(ask: Asker, name: str, status: int) -> None:
    first, second, third, *_ = ask.things(name)
    path = ROUTES[name].path.replace("{id}", f"({first}|{third})$")
    ask.shop.fail("status", path, status=status, times=None)
    for _time in range(3):
        found = [ask.route(name, one).status_code for one in (first, second, third)]
        assert found == [status, 200, status]


def test_the_first_requests_can_pass(ask: Asker) -> None:
    ask.shop.fail("status", times=2, skip=1)
    found = [ask.route("coupons").status_code for _ in range(4)]
    assert found == [200, 503, 503, 200]


def test_pages_of_a_list_fail_from_one_on(ask: Asker) -> None:
    ask.shop.fail("status", status=400, from_page=3, times=None)
    for name, size in (
        ("orders", "per_page"),
        ("sku-ids", "pagesize"),
        ("brand-pages", "pageSize"),
    ):
        pages = [ask.route(name, page=number, **{size: 2}).status_code for number in range(1, 5)]
        assert pages == [200, 200, 400, 400]
    windows = ((1, 2), (3, 4), (5, 6), (7, 8))
    pages = [ask.route("products", _from=a, _to=b).status_code for a, b in windows]
    assert pages == [200, 200, 400, 400]
    ranges = [f"resources={start}-{start + 5}" for start in (0, 5, 10, 15)]
    path = ROUTES["search"].path
    pages = [ask.get(path, headers={"REST-Range": one}).status_code for one in ranges]
    assert pages == [200, 200, 400, 400]
    response = ask.route("scroll", _size=5)
    token = {"_token": response.headers["X-VTEX-MD-TOKEN"]}
    pages = [ask.get(ROUTES["scroll"].path, token).status_code for _ in range(3)]
    assert pages == [200, 400, 400]
    assert ask.route("coupons").status_code == 200


def test_faults_add_up(ask: Asker) -> None:
    true = ask.route("orders")
    ask.shop.fail("date", date="wrong", times=None)
    ask.shop.fail("wrong_total", by=2, times=None)
    ask.shop.fail("null_row", times=None)
    ask.shop.fail("repeat", times=None)
    response = ask.route("orders", page=2)
    assert response.headers["Date"] == "wrong"
    assert rows("orders", response) == [None, *rows("orders", true)[1:]]
    assert total("orders", response) == 2 + (total("orders", true) or 0)
    ask.shop.fail("status", status=500)
    response = ask.route("orders")
    assert (response.status_code, response.headers["Date"]) == (500, "wrong")
    assert ask.route("orders").status_code == 200


def test_faults_leave_alone_what_an_earlier_one_broke(ask: Asker) -> None:
    for kind in ("low", "wrong_total", "null_row", "repeat_last", "deep"):
        ask.shop.fail(kind, times=None)
    for broken in ("null", "html", "empty"):
        ask.shop.fail(broken)
        assert ask.route("orders").status_code == 200
    ask.shop.fail("status", status=502)
    assert ask.route("orders").status_code == 502


def test_a_struck_request_still_needs_the_key(ask: Asker) -> None:
    ask.shop.fail("no_rows", times=None)
    response = ask.get(ROUTES["orders"].path, headers={"X-VTEX-API-AppKey": "another"})
    assert response.status_code == 401


def test_faults_are_set_over_http(ask: Asker) -> None:
    faults = [
        {"kind": "odd_id", "path": "/api/rnb/pvt/coupon", "value": {"a": [1]}},
        {"kind": "foreign", "path": "/api/oms/pvt/orders/", "times": None},
        {"kind": "status", "path": "/api/dataentities", "retry_after": "inf", "status": 429},
        {"kind": "date", "path": "/api/catalog", "date": "wrong", "headers": {"X-A": "b"}},
    ]
    assert ask.post("faults", faults).status_code == 200
    assert ask.route("coupons").json()[0]["couponCode"] == {"a": [1]}
    first, second, *_ = ask.things("order")
    assert ask.route("order", second).json()["orderId"] == first
    assert ask.route("structure").headers["Retry-After"] == "inf"
    assert ask.route("tree").headers["X-A"] == "b"
    assert ask.shop.store.faults[0].struck == 1


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [({"kind": "unheard_of"}, "Invalid enum value"), ({"kind": "status", "times": "a"}, "times")],
)
def test_what_is_no_fault_is_refused(ask: Asker, fault: object, complaint: str) -> None:
    response = ask.post("faults", [fault])
    assert response.status_code == 400
    assert complaint in response.text
    assert not ask.shop.store.faults
