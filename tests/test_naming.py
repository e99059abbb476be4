"""Ids that a store chooses: none can write a line of its own into the log, or fill it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tap_vtex.naming import named, shown
from tests.support.shop import ORDER_LIST

if TYPE_CHECKING:
    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

STRUCTURE = "/api/dataentities/CL$"


def test_what_is_shown() -> None:
    assert shown("1502341650000-01 Ação") == "1502341650000-01 Ação"
    assert shown("a\nb\x1b[31m\u202e\u2028") == r"a\nb\x1b[31m\u202e\u2028"
    assert shown("x" * 151) == "x" * 150 + "..."
    assert named(range(11)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."
    assert named([7]) == "7"


@pytest.mark.parametrize(
    "order_id", ["v" * 3000, "v1\nERROR | tap-vtex | All is lost", "\x1b[31mv1\x07", "\u202ev1\x85"]
)
def test_an_order_with_a_hostile_id_goes_into_the_ledger(
    tap: Tap, shop: Shop, target: Target, order_id: str
) -> None:
    shop.fail("odd_id", ORDER_LIST, query="per_page=100", value=order_id, times=None)

    run = tap.sync(shop.config(), target, select={"orders"}, expect=1, hurry=True)

    assert order_id in target.state["bookmarks"]["orders"]["partitions"][0]["missing"]
    assert len(target.tables["orders"]) > 390
    assert re.search(rf"missing \({re.escape(shown(order_id))}\): VTEX lists it", run.log)
    assert_clean(run.log)


def test_a_field_with_a_hostile_name(tap: Tap, shop: Shop) -> None:
    shop.fail("odd_id", STRUCTURE, value="\x1b[31m" + "v" * 3000, row=5, times=None)

    run = tap.run(shop.config(), more=["--discover"], hurry=True)

    assert r"The field '\x1b[31mvvv" in run.log
    assert_clean(run.log)


def assert_clean(log: str) -> None:
    for line in log.strip().split("\n"):
        assert re.match(r"20\d\d-", line)
        assert line.isprintable()
        assert len(line) < 1000
