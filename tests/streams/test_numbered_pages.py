"""Pages of a scroll by their numbers: side by side where that works, and never with a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_masterdata import assert_equals_truth, settle
from tests.streams.test_masterdata_trouble import AGAIN, CL_SCROLL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

CONTRADICTION = f"contradict each other when requested by number; {AGAIN}"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store at rest with 390 clients. A page of a scroll has 100."""
    shop = open_shop(orders=50, days=200, clients=390)
    settle(shop)
    shop.store.quirks.max_scroll_size = 100
    return shop


def check(tap: Tap, shop: Shop, target: Target) -> Run:
    """Read the clients, and see that all are there."""
    run = tap.sync(shop.config(), target, select={"clients"}, hurry=True)
    assert_equals_truth(target, shop, run, "clients", "CL")
    assert shop.store.scrolls.peak <= 2
    return run


def numbers(shop: Shop) -> list[int]:
    """The numbers of the pages that were requested by number."""
    queries = [query.partition("&_page=") for query in shop.store.queries]
    return [int(number) for _, found, number in queries if found]


@pytest.mark.parametrize(("manner", "looks"), [("from_0", [1, 0]), ("from_1", [1])])
def test_the_first_number_is_found_out(
    tap: Tap, shop: Shop, target: Target, manner: Any, looks: list[int]
) -> None:
    shop.store.quirks.scroll_pages = manner

    run = check(tap, shop, target)

    assert AGAIN not in run.log
    asked, behind_the_first = numbers(shop), 1 + (manner == "from_1")
    assert asked[: len(looks)] == looks
    # And the one behind the last, after all others: it closes the scroll.
    rest = asked[len(looks) :]
    assert sorted(rest) == [*range(behind_the_first, behind_the_first + 4)]
    assert rest[-1] == max(rest)
    assert not shop.store.scrolls.cursors


@pytest.mark.parametrize(("manner", "looks"), [("ignored", [1, 0]), ("refused", [1])])
def test_a_store_without_numbers_costs_no_second_reading(
    tap: Tap, shop: Shop, target: Target, manner: Any, looks: list[int]
) -> None:
    shop.store.quirks.scroll_pages = manner

    run = check(tap, shop, target)

    assert AGAIN not in run.log
    assert numbers(shop) == looks


def test_one_worker_reads_page_by_page(tap: Tap, shop: Shop, target: Target) -> None:
    run = tap.sync(shop.config(max_workers=1), target, select={"clients"})

    assert_equals_truth(target, shop, run, "clients", "CL")
    assert not numbers(shop)


def test_a_page_that_is_lost_is_requested_again(tap: Tap, shop: Shop, target: Target) -> None:
    """And not the whole scroll. Beyond the end, nothing has to come."""
    shop.fail("cut", CL_SCROLL, query="_page=3$")
    shop.fail("drop_rows", CL_SCROLL, query="_page=4$")
    shop.fail("status", CL_SCROLL, query="_page=5$", status=400)

    run = check(tap, shop, target)

    assert AGAIN not in run.log
    assert [numbers(shop).count(number) for number in (3, 4, 5)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("kind", "details"),
    [("status", {"status": 500, "times": None}), ("repeat", {}), ("wrong_total", {"times": None})],
)
def test_a_contradiction_ends_the_use_of_numbers(
    tap: Tap, shop: Shop, target: Target, kind: Any, details: dict[str, Any]
) -> None:
    shop.fail(kind, CL_SCROLL, query="_page=3$", **details)

    run = check(tap, shop, target)

    assert run.log.count(CONTRADICTION) == 1
    queries = [*shop.store.queries]
    last = max(place for place, query in enumerate(queries) if "_page" in query)
    # The reading that follows has no more of them.
    assert any("_size=100" in query for query in queries[last:])


def test_more_than_was_announced(tap: Tap, shop: Shop, target: Target) -> None:
    shop.fail("wrong_total", CL_SCROLL, query="between|_page", total=300, times=5)

    run = check(tap, shop, target)

    assert CONTRADICTION in run.log


def test_a_row_that_comes_again_in_place_of_another(tap: Tap, shop: Shop, target: Target) -> None:
    """No count tells it from a document that the index holds twice."""
    fault = shop.fail("row_twice", CL_SCROLL, query="_page=3$")

    check(tap, shop, target)

    assert fault.struck == 1


def test_pages_that_overlap(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.quirks.scroll_pages = "overlapping"

    run = check(tap, shop, target)

    assert CONTRADICTION in run.log


@pytest.mark.parametrize("leaves", [True, False])
def test_pages_of_an_index_that_changes_meanwhile(
    tap: Tap, shop: Shop, target: Target, leaves: bool
) -> None:
    """A client leaves the index, or comes, and all others move up or down."""
    shop.store.quirks.scroll_pages = "live"
    entity, first = shop.store.entities["CL"], list(shop.documents("CL"))[50]
    if leaves:
        shop.when(CL_SCROLL, lambda: entity.deleted.update({50: 0}), query="_page=3$")
    else:
        shop.hide_document("CL", first, hours=10)
        shop.when(CL_SCROLL, entity.late.clear, query="_page=3$")

    run = tap.sync(shop.config(max_workers=2), target, select={"clients"}, hurry=True)

    assert target.table("clients", "id").keys() >= shop.documents("CL").keys()
    assert CONTRADICTION in run.log


def test_documents_that_the_index_holds_twice(tap: Tap, shop: Shop, target: Target) -> None:
    """A copy with an id in capitals is a row of its own. One with the same id is in doubt."""
    run = check(tap, shop, target)
    assert AGAIN not in run.log

    shop.store.entities["CL"].twice |= {99 + 100 * n for n in range(3)}
    target.state = {}
    check(tap, shop, target)
