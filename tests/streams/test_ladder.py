"""Searches that reach back differently far: no change is lost between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.oms.plain import EPOCH, Life, PlainOrders
from tap_vtex.streams.orders import changes
from tap_vtex.streams.orders.ladder import LastSearches, Rung, is_wide_due, with_rung
from tests.streams.test_orders_changes import assert_equals_truth, order_aged
from tests.support.plain import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

HOUR, DAY = 3600, 86_400
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
#: An order every eight hours, from a hundred days ago to a month ahead.
CREATED = range(NOON - 100 * DAY, NOON + 31 * DAY, 8 * HOUR)
ORDERS = {"orders"}


@dataclass(frozen=True)
class Run:
    """A run, so many hours after the last one."""

    hours: float
    lookback: int = 3
    kill_after: int | None = None


RUNS = st.lists(
    st.builds(
        Run,
        st.sampled_from([0.25, 1, 1, 1, 5, 13, 23.9, 24, 30]),
        st.sampled_from([3, 3, 30, 60]),
        st.none() | st.integers(0, 8),
    ),
    max_size=20,
)
#: Days after the first run at which an order so old changes once more.
CHANGES = st.lists(st.tuples(st.floats(0.0, 9.0), st.floats(0.0, 59.0)), max_size=25)
#: Orders that the list shows only after so many hours.
LATE = st.dictionaries(st.integers(155, 320), st.floats(0.0, 80.0), max_size=3)


def store_with(changed: list[tuple[float, float]], late: dict[int, float]) -> PlainOrders:
    lives: list[set[int]] = [{0} for _ in CREATED]
    for after, age in changed:
        at = NOON + int(after * DAY)
        number = min(len(CREATED) - 1, (at - int(age * DAY) - CREATED.start) // CREATED.step)
        lives[number].add(at - CREATED[number])
    return PlainOrders(
        now=NOON,
        created=CREATED,
        lives=[Life(tuple(sorted(offsets))) for offsets in lives],
        late={number: NOON + int(hours * HOUR) for number, hours in late.items()},
    )


@given(RUNS, CHANGES, LATE, st.sampled_from([0, 1]))
@example([Run(1) for _ in range(20)], [(0.5, 20.0), (0.8, 2.0), (0.9, 59.0)], {200: 3.0}, 0)
@example([Run(0.25), Run(23.9), Run(23.9), *[Run(0.25)] * 5], [], {155: 1.0}, 0)
@example([Run(13), *[Run(23.9)] * 4, Run(30), Run(30)], [], {155: 1.0}, 0)
def test_whatever_look_backs_runs_have_the_longest_finds_every_change(
    runs: list[Run], changed: list[tuple[float, float]], late: dict[int, float], cheap_pages: int
) -> None:
    store = store_with(changed, late)
    warehouse = Warehouse(store)
    with patch.object(changes, "CHEAP_PAGES", cheap_pages):
        warehouse.run(lookback_days=60)
        for run in runs:
            store.now += int(run.hours * HOUR)
            warehouse.run(lookback_days=run.lookback, kill_after=run.kill_after)
        # A day without a search of the whole look-back, and what was late is there.
        store.now = max(store.now + 25 * HOUR, NOON + 10 * DAY)
        warehouse.run(lookback_days=60)
        warehouse.run(lookback_days=60)

    assert warehouse.stale() == {}


@settings(max_examples=25)
@given(CHANGES, st.sampled_from([1, 3, 12, 20]))
def test_every_change_of_the_look_back_arrives_within_a_day(
    changed: list[tuple[float, float]], every: int
) -> None:
    store = store_with(changed, {})
    warehouse = Warehouse(store)
    with patch.object(changes, "CHEAP_PAGES", 0):
        for _ in range(0, 72, every):
            warehouse.run(lookback_days=60)
            day_ago = store.now - DAY - HOUR
            for number, last_change in warehouse.orders.items():
                assert last_change >= store.last_change(number, day_ago)
            store.now += every * HOUR


def test_a_run_of_every_day_searches_everything_however_punctual_it_is() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    day, minute = timedelta(days=1), timedelta(minutes=1)

    assert is_wide_due(noon, noon, noon + day - minute)
    assert not is_wide_due(noon, noon + timedelta(hours=22), noon + timedelta(hours=23))
    assert is_wide_due(noon, noon + timedelta(hours=23), noon + day - minute)


def test_rungs_stay_few_and_say_the_most_of_the_last_days() -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    rungs = [Rung(at=first, back_to=first - timedelta(days=700), wide=True)]
    for hour in range(24 * 100):
        at = first + timedelta(hours=hour)
        wide = hour % 24 == 0
        back_to = at.replace(hour=0) - timedelta(days=60 if wide else 3)
        rungs = with_rung(rungs, Rung(at=at, back_to=back_to, wide=wide))
        assert LastSearches(rungs, wide=False).of(at) == at
        assert len(rungs) <= 10

    last_night = first + timedelta(days=99)
    sixty_days_old = last_night - timedelta(days=60)
    assert LastSearches(rungs, wide=True).of(sixty_days_old) == last_night


def test_a_longer_look_back_at_night_finds_what_shorter_ones_left_out(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """Hourly runs with three days, one at night with sixty, killed once; all of one state."""
    shop = open_shop(orders=150, days=60)
    shop.close()
    shop.pass_time(hours=2)
    hourly, nightly = shop.config(lookback_days=3), shop.config(lookback_days=60)
    tap.sync(nightly, target, select=ORDERS)
    changed = [order_aged(shop, days) for days in range(5, 50)]
    shop.act("touch", *changed)
    shop.pass_time(hours=3)
    assert not tap.sync(hourly, target, select=ORDERS).records("orders")
    shop.pass_time(hours=20)
    process = tap.start(nightly, state=target.state, select=ORDERS)
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(20)]
    process.kill()
    process.communicate()
    target.take(lines)
    shop.pass_time(hours=4)
    tap.sync(hourly, target, select=ORDERS)
    shop.pass_time(hours=20)

    tap.sync(nightly, target, select=ORDERS)

    assert_equals_truth(target, shop)


def test_an_hourly_run_lists_the_youngest_orders_only() -> None:
    """Three days of them, or as many as forty pages hold."""
    created = range(NOON - 62 * DAY, NOON + 2 * DAY, DAY // 200)
    life = Life((0, HOUR, 20 * DAY), authorized=HOUR, invoiced=20 * DAY)
    warehouse = Warehouse(PlainOrders(NOON, created, [life]))
    warehouse.run(lookback_days=60)
    store = warehouse.store
    store.now += 23 * HOUR
    warehouse.run(lookback_days=60)
    store.now += HOUR
    store.lists = 0

    warehouse.run(lookback_days=60)

    # One for the clock, two for the new ones, and two for those paid or invoiced; the first
    # pages of windows that are too long come on top.
    assert 40 <= store.lists <= 40 + 5 + 5
    assert warehouse.stale() == {}


def test_an_old_order_that_is_paid_stays_out_if_it_is_not_wanted() -> None:
    """One from before the start date, and one from before the look-back."""
    created = [NOON - 90 * DAY, NOON - 70 * DAY, NOON - DAY]
    paid = [
        Life((0, at - placed), authorized=at - placed)
        for placed in created[:2]
        for at in [NOON + HOUR]
    ]
    warehouse = Warehouse(PlainOrders(NOON, created, [*paid, Life()]))
    since = f"{EPOCH + timedelta(seconds=NOON - 80 * DAY):%F}"
    warehouse.run(lookback_days=60, start_date=since)
    warehouse.store.now += 2 * HOUR

    warehouse.run(lookback_days=60, start_date=since)

    assert warehouse.orders.keys() == {1, 2}
    assert warehouse.orders[1] == NOON + HOUR


@pytest.mark.parametrize("hours", [24, 240])
def test_a_rung_in_the_future_is_not_believed(
    tap: Tap, open_shop: Callable[..., Shop], target: Target, hours: int
) -> None:
    """Somebody's clock was ahead when it was written."""
    shop = open_shop(orders=100, days=50)
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    shop.act("touch", order_aged(shop, 30))
    shop.pass_time(hours=3)
    (bookmark,) = target.state["bookmarks"]["orders"]["partitions"]
    ahead = shop.now() + timedelta(hours=hours)
    bookmark["rungs"].append(
        {"at": f"{ahead:%FT%TZ}", "back_to": bookmark["loaded_from"], "wide": True}
    )

    tap.sync(shop.config(), target, select=ORDERS)

    assert_equals_truth(target, shop)
