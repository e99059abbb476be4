"""Master Data in trouble: every document arrives all the same, or the state stays."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_masterdata import SCROLL, SEARCH, assert_equals_truth, settle
from tests.support.tap import HURRIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

CL_SCROLL = SCROLL.format(acronym="CL")
CL_SEARCH = SEARCH.format(acronym="CL")
#: Requests with a token before those of the first window: the ends of two scrolls, for the
#: documents without a date, and for those of the last century.
BEFORE = 2
AGAIN = "reading that part again"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store with 1,300 clients, more than one page of a scroll, at rest."""
    shop = open_shop(orders=50, days=200, clients=1300)
    settle(shop)
    return shop


def check(tap: Tap, shop: Shop, target: Target) -> Run:
    """Read the clients, and see that all are there."""
    run = tap.sync(shop.config(), target, select={"clients"})
    assert_equals_truth(target, shop, run, "clients", "CL")
    return run


@pytest.mark.parametrize("taken", [0, 10])
def test_a_row_that_comes_again_in_place_of_another(
    tap: Tap, shop: Shop, target: Target, taken: int
) -> None:
    """No count tells it from a document that the index holds twice."""
    shop.store.scrolls.taken_by_others = taken
    path, skip = (CL_SEARCH, 1) if taken else (CL_SCROLL, 0)
    fault = shop.fail("row_twice", path, query="between", skip=skip)

    check(tap, shop, target)

    assert fault.struck == 1


class TestWhatGoesWrongWithAScroll:
    def test_a_page_is_lost_on_the_way(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.fail("cut", CL_SCROLL, query="_token", skip=BEFORE)

        run = check(tap, shop, target)

        assert AGAIN in run.log

    def test_a_lost_page_can_be_had_again(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.scrolls.repeatable = True
        shop.fail("cut", CL_SCROLL, query="_token", skip=BEFORE)

        run = check(tap, shop, target)

        assert AGAIN not in run.log

    def test_the_last_page_is_lost_which_is_empty(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        shop.fail("cut", CL_SCROLL, query="_token", skip=BEFORE + 1)

        run = check(tap, shop, target)

        assert AGAIN not in run.log

    def test_a_token_dies(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.fail("status", CL_SCROLL, query="_token", status=400, skip=BEFORE)

        run = check(tap, shop, target)

        assert "a scroll's token expired; reading that part again" in run.log

    def test_a_page_comes_empty_though_there_are_more(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        shop.fail("no_rows", CL_SCROLL, query="_token", skip=BEFORE)

        run = check(tap, shop, target)

        assert "documents announced, " in run.log

    def test_all_scrolls_are_taken(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.scrolls.taken_by_others = 10

        run = check(tap, shop, target)

        assert "No scroll is free; searching CL instead" in run.log
        assert shop.requests()[SEARCH] > 13

    def test_a_search_loses_a_page_as_well(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.scrolls.taken_by_others = 10
        shop.store.quirks.content_range_with_equals = False
        shop.fail("no_rows", CL_SEARCH, skip=12)

        run = check(tap, shop, target)

        assert AGAIN in run.log

    def test_large_pages_time_out(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.quirks.max_scroll_size = 250

        check(tap, shop, target)

        assert shop.requests()[SCROLL] > 5

    def test_every_page_times_out(self, tap: Tap, shop: Shop) -> None:
        shop.store.quirks.max_scroll_size = 1

        run = tap.run(shop.config(), select={"clients", "addresses"}, expect=1)

        assert "can't be read to the end: a scroll timed out" in run.log
        assert "loaded_until': '20" not in str(run.state)

    def test_a_page_is_lost_every_time(self, tap: Tap, shop: Shop) -> None:
        """The parts are halved until they have one page; then nothing is lost any more."""
        shop.fail("no_rows", CL_SCROLL, query="_token", times=None)

        run = tap.run(shop.config(), select={"clients"})

        assert {record["id"] for record in run.records("clients")} == shop.documents("CL").keys()

    def test_no_more_than_one_scroll_at_a_time(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.scrolls.freed_at_the_end = True

        check(tap, shop, target)

        assert shop.store.scrolls.peak == 1
        assert not shop.store.scrolls.cursors

    @pytest.mark.parametrize("has_total", [True, False])
    def test_a_scroll_comes_empty_though_search_finds_documents(
        self, tap: Tap, shop: Shop, target: Target, has_total: bool
    ) -> None:
        shop.store.quirks.scroll_has_total = has_total
        shop.store.quirks.empty_scrolls = 3  # undated, of the last century, and the first window

        run = check(tap, shop, target)

        assert AGAIN in run.log

    def test_every_scroll_comes_empty(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.quirks.empty_scrolls = 10**6

        run = tap.sync(shop.config(), target, select={"clients"}, expect=1)

        assert "can't be read to the end" in run.log
        assert "loaded_until': '20" not in str(run.state)
        shop.store.quirks.empty_scrolls = 0
        check(tap, shop, target)

    def test_a_document_leaves_the_window_while_it_is_read(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        check(tap, shop, target)
        shop.pass_time(hours=3)
        first, second = list(shop.documents("CL"))[50:52]
        shop.edit("CL", first, firstName="Um")
        shop.edit("CL", second, firstName="Um")
        shop.pass_time(minutes=5)

        def meanwhile() -> None:
            shop.pass_time(minutes=1)
            shop.edit("CL", first, firstName="Dois")
            shop.pass_time(minutes=2)

        shop.when(CL_SCROLL, meanwhile)
        run = tap.sync(shop.config(), target, select={"clients"})
        assert AGAIN not in run.log
        assert [record["id"] for record in run.records("clients")] == [second]

        shop.pass_time(minutes=5)
        check(tap, shop, target)

    def test_a_later_page_times_out(self, tap: Tap, shop: Shop, target: Target) -> None:
        """Pages of a size that a scroll began with can't be made smaller later."""
        shop.fail("status", CL_SCROLL, query="_token", status=408, skip=BEFORE)

        run = check(tap, shop, target)

        assert "a page of a scroll timed out; " + AGAIN in run.log
        assert any("_size=500" in query for query in shop.store.queries)
        assert "retrying in" not in run.log


def test_search_announces_far_too_many_in_every_window(
    tap: Tap, shop: Shop, target: Target
) -> None:
    """Windows are not split to the second because of it, on a first load or later."""
    # On a busy machine, the sandbox answers so many requests late.
    patient = dataclasses.replace(HURRIED, read_timeout=60.0, response_timeout=120.0)
    for _ in ("first load", "later run"):
        fault = shop.fail("wrong_total", CL_SEARCH, total=10**15, times=None)
        run = tap.sync(shop.config(), target, select={"clients"}, hurry=patient, expect=1)
        assert fault.struck < 1000
        assert "1,000,000,000,000,000" in run.reason
        shop.store.faults.clear()
        check(tap, shop, target)


class TestASearchInPlaceOfAScroll:
    @pytest.mark.parametrize("manner", ["low", "missing", "missing_when_empty"])
    def test_a_total_that_is_too_low_or_missing(
        self, tap: Tap, open_shop: Callable[..., Shop], target: Target, manner: Any
    ) -> None:
        shop = open_shop(orders=50, days=200, clients=150)
        settle(shop)
        shop.store.scrolls.taken_by_others = 10
        shop.store.quirks.search_total = manner

        check(tap, shop, target)

    @pytest.mark.parametrize(("moved", "again"), [(1, False), (30, True)])
    def test_documents_shift_while_pages_are_read(
        self, tap: Tap, open_shop: Callable[..., Shop], target: Target, moved: int, again: bool
    ) -> None:
        """As many leave the list as come in, so that its total stays what it was."""
        shop = open_shop(orders=50, days=200, clients=480)
        settle(shop)
        config = shop.config(max_workers=1)
        tap.sync(config, target, select={"clients"})
        numbers = shop.numbers("CL")
        plain = [key for key, n in numbers.items() if n % 251 != 7 and n % 499 != 11]
        shop.pass_time(hours=5)
        for key in plain[50:300]:
            shop.edit("CL", key, firstName="Um")
        shop.pass_time(hours=3)
        for key in plain[400 : 400 + moved]:
            shop.edit("CL", key, firstName="Dois")  # which the index does not show yet
        shop.store.scrolls.taken_by_others = 10

        def meanwhile() -> None:
            shop.pass_time(minutes=3)
            for key in plain[60 : 60 + moved]:
                shop.edit("CL", key, firstName="Três")
            shop.pass_time(minutes=3)

        # After three counts and the first page.
        shop.when(CL_SEARCH, meanwhile, skip=4)
        run = tap.sync(config, target, select={"clients"})
        assert (AGAIN in run.log) is again

        for _ in range(2):
            shop.pass_time(hours=3)
            tap.sync(config, target, select={"clients"})
        names = {key: row["firstName"] for key, row in target.table("clients", "id").items()}
        assert names == {key: one["firstName"] for key, one in shop.documents("CL").items()}
