"""Numbers and what they count."""

from __future__ import annotations

import pytest

from tap_vtex.counting import counted


@pytest.mark.parametrize(
    ("count", "things", "text"),
    [
        (0, "orders", "0 orders"),
        (1, "orders", "1 order"),
        (2000, "orders", "2,000 orders"),
        (1, "SKUs in prices", "1 SKU in prices"),
        (1, "SKUs in inventory", "1 SKU in inventory"),
        (1, "forms of categories", "1 form of categories"),
        (1, "pickup points", "1 pickup point"),
        (1, "categories", "1 category"),
        (1, "taxes", "1 tax"),
    ],
)
def test_one_thing_is_no_several(count: int, things: str, text: str) -> None:
    assert counted(count, things) == text
