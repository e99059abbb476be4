"""Quirks and other settings over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.asking import Asker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.shop import Shop


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10)


@pytest.fixture
def ask(shop: Shop) -> Iterator[Asker]:
    with Asker(shop) as asker:
        yield asker


def test_quirks_are_set_over_http(ask: Asker) -> None:
    wanted = {
        "max_window_days": 30,
        "long_windows": "empty",
        "private_fields": ["email"],
        "rows_have_last_change": False,
    }
    response = ask.post("settings", {"quirks": wanted})
    assert response.status_code == 200
    assert response.json().items() >= wanted.items()
    quirks = ask.shop.store.quirks
    assert quirks.private_fields == frozenset({"email"})
    assert quirks.max_window_days == 30
    assert "lastChange" not in ask.route("orders").json()["list"][0]


@pytest.mark.parametrize(
    "quirks",
    [{"long_windows": "sometimes"}, {"unheard_of": 1}, {"max_rows": "many"}, {"page_31": None}],
)
def test_what_is_no_quirk_is_refused(ask: Asker, quirks: object) -> None:
    assert ask.post("settings", {"quirks": quirks}).status_code == 400
    assert ask.route("orders").status_code == 200
