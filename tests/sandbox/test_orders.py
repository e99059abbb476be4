"""Quirks of the order list and of Get order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.asking import Asker, rows, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.shop import Shop


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=60, days=300)


@pytest.fixture
def ask(shop: Shop) -> Iterator[Asker]:
    with Asker(shop) as asker:
        yield asker


def window(start: str, end: str, field: str = "creationDate") -> dict[str, str]:
    """A filter for a window of days."""
    return {f"f_{field}": f"{field}:[{start}T00:00:00.000Z TO {end}T00:00:00.000Z]"}


HALF_A_YEAR = window("2026-05-01", "2026-10-28")
LONGER = window("2026-05-01", "2026-10-29")


def test_long_windows_are_refused_or_empty(ask: Asker) -> None:
    assert total("orders", ask.route("orders", **LONGER))
    ask.shop.store.quirks.max_window_days = 180
    refused = ask.route("orders", **LONGER)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "OMS400"
    assert total("orders", ask.route("orders", **HALF_A_YEAR))
    assert total("orders", ask.route("orders")) == 60  # without a window
    invoiced = window("2026-05-01", "2026-10-29", "invoicedDate")
    assert ask.route("orders", **invoiced).status_code == 400
    ask.shop.store.quirks.long_windows = "empty"
    empty = ask.route("orders", **LONGER)
    assert empty.status_code == 200
    assert (rows("orders", empty), total("orders", empty)) == ([], 0)
    assert total("orders", ask.route("orders", **HALF_A_YEAR))


def test_a_window_without_orders_may_show_the_latest(ask: Asker) -> None:
    empty = window("2024-12-01", "2024-12-02")
    assert total("orders", ask.route("orders", **empty)) == 0
    ask.shop.store.quirks.empty_window = "latest"
    latest = ask.route("orders", orderBy="creationDate,desc")
    assert ask.route("orders", **empty).json() == latest.json()
    assert total("orders", ask.route("orders", **HALF_A_YEAR)) not in {0, 60}


def test_pages_after_the_thirtieth(ask: Asker) -> None:
    refused = ask.route("orders", page=31, per_page=1)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == "Max page exceed ( 30 ), refine filter"
    ask.shop.store.quirks.page_31 = "empty"
    assert rows("orders", ask.route("orders", page=31, per_page=1)) == []
    ask.shop.store.quirks.page_31 = "repeat"
    thirtieth = rows("orders", ask.route("orders", page=30, per_page=1))
    assert rows("orders", ask.route("orders", page=31, per_page=1)) == thirtieth


def test_rows_may_lack_their_last_change(ask: Asker) -> None:
    assert all(row["lastChange"] for row in rows("orders", ask.route("orders")))
    ask.shop.store.quirks.rows_have_last_change = False
    assert not any("lastChange" in row for row in rows("orders", ask.route("orders")))


@pytest.mark.parametrize("status", [403, 500])
def test_many_listed_orders_never_come(ask: Asker, status: int) -> None:
    listed = [row["orderId"] for row in rows("orders", ask.route("orders", per_page=100))]
    command = {"action": "break", "status": status, "count": 12, "days": 300}
    broken = ask.post("orders", command).json()
    lost = ask.post("orders", {"action": "lose", "order_ids": [listed[0], listed[7]]}).json()
    assert len(set(broken)) == 12
    for _time in range(2):
        found = {one: ask.route("order", one).status_code for one in listed}
        expected = dict.fromkeys(listed, 200) | dict.fromkeys(broken, status)
        assert found == expected | dict.fromkeys(lost, 404)
    again = [row["orderId"] for row in rows("orders", ask.route("orders", per_page=100))]
    assert again == listed
