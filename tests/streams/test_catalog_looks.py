"""When products are looked at, and what of them is read: a model of a day of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_vtex.streams.catalog.looks import MAX_IN_EVERY_RUN, Look, Looks, group_of, group_sizes
from tap_vtex.streams.id_census import BUCKETS
from tap_vtex.streams.watermark import Watermark

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
#: As many as a store that is not looked at as a whole has, in groups of any size.
SIZES = st.lists(st.integers(0, 400), min_size=BUCKETS, max_size=BUCKETS).filter(
    lambda sizes: sum(sizes) > MAX_IN_EVERY_RUN
)
#: Minutes between two runs. Of those that are killed, also which part of their looks is done.
GAPS = st.lists(st.integers(1, 60), min_size=1, max_size=20)
KILLED = st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0, 0.1, 0.5, 0.9])), max_size=20)


def run(looks: Looks, sizes: list[int], within: timedelta, now: datetime, part: float = 1) -> Looks:
    due = looks.due(sizes, within, now)
    return looks.after(Look(now, now), due[: round(len(due) * part)])


def ages(looks: Looks, sizes: list[int], now: datetime) -> list[timedelta]:
    moments = (looks.of(group).at for group, size in enumerate(sizes) if size)
    return [now - moment for moment in moments if moment]


@settings(max_examples=50)
@given(SIZES, st.integers(2, 30), GAPS, KILLED)
def test_each_product_is_looked_at_in_time(
    sizes: list[int], hours: int, gaps: list[int], killed: list[tuple[int, float]]
) -> None:
    """However often runs come, if one that ends comes at least each hour."""
    within, now = hours * HOUR, NOON
    looks = Looks.all_at(Look(now, now))
    for number in range(len(gaps) + 2 * hours):
        gap = gaps[number % len(gaps)] * MINUTE
        if killed:
            minutes, part = killed[number % len(killed)]
            looks = run(looks, sizes, within, now + min(minutes * MINUTE, gap), part)
        now += gap
        assert max(ages(looks, sizes, now)) <= within
        looks = run(looks, sizes, within, now)


@settings(max_examples=50)
@given(SIZES, st.integers(2, 30), GAPS)
def test_a_run_takes_its_share(sizes: list[int], hours: int, gaps: list[int]) -> None:
    """As much of all products as of the time has passed, and a group more."""
    within, now = hours * HOUR, NOON
    looks = Looks.all_at(Look(now, now))
    for number in range(len(gaps) + hours):
        gap = gaps[number % len(gaps)] * MINUTE
        now += gap
        due = looks.due(sizes, within, now)
        share = sum(sizes) * (gap / (within - HOUR))
        assert sum(sizes[group] for group in due) <= share + max(sizes)
        looks = looks.after(Look(now, now), due)


def test_twenty_thousand_products_by_the_hour() -> None:
    sizes, now = group_sizes(range(20_000)), NOON
    looks = Looks.all_at(Look(now, now))
    taken = []
    for _hour in range(100):
        now += HOUR
        due = looks.due(sizes, DAY, now)
        taken.append(sum(sizes[group] for group in due))
        looks = looks.after(Look(now, now), due)
    assert max(taken) <= 950
    assert sum(taken) <= 100 * 20_000 / 23 + 100


def test_runs_that_are_rarer_look_at_everything() -> None:
    looks = Looks.all_at(Look(NOON, NOON))
    assert len(looks.due([9] * BUCKETS, DAY, NOON + DAY)) == BUCKETS


def test_a_small_store_and_zero_hours_look_at_everything() -> None:
    looks = Looks.all_at(Look(NOON, NOON))
    assert len(looks.due(group_sizes(range(500)), DAY, NOON + MINUTE)) == BUCKETS
    assert len(looks.due([99] * BUCKETS, 0 * HOUR, NOON + MINUTE)) == BUCKETS
    assert len(looks.due(group_sizes(range(501)), DAY, NOON + MINUTE)) < 5


def test_a_setting_that_is_changed_holds_at_once() -> None:
    sizes, now = [9] * BUCKETS, NOON
    looks = Looks.all_at(Look(now, now))
    for _hour in range(30):
        now += HOUR
        looks = run(looks, sizes, DAY, now)
    now += HOUR
    looks = run(looks, sizes, 6 * HOUR, now)
    assert max(ages(looks, sizes, now)) <= 5 * HOUR


def test_a_clock_that_was_ahead_puts_nothing_off() -> None:
    looks = Looks.all_at(Look(NOON + 2 * DAY, NOON))
    assert len(looks.due([9] * BUCKETS, DAY, NOON)) == BUCKETS


def test_it_survives_the_state() -> None:
    looks = Looks().after(Look(NOON, NOON - HOUR), {3, 255}).after(Look(None, NOON), {7})
    state = looks.to_state()

    assert Looks.from_state(state) == looks
    assert len(state) < 200


@settings(max_examples=50)
@given(
    zone=st.integers(-12, 14),
    hours=st.integers(2, 6),
    # which of six things changes, in which half minute
    changes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 480)), max_size=40),
    gaps=st.lists(
        st.tuples(st.sampled_from([1, 4, 9, 15, 40, 60]), st.booleans()), min_size=1, max_size=20
    ).filter(lambda gaps: not all(is_killed for _, is_killed in gaps)),
    lag=st.integers(0, 10),
)
def test_no_change_is_missed(
    zone: int,
    hours: int,
    changes: list[tuple[int, int]],
    gaps: list[tuple[int, bool]],
    lag: int,
) -> None:
    """Things change at any moment, dates are cut to the minute, and VTEX answers late.

    Six products in six groups, among many that never change. Runs are killed, or not, after the
    first half of their looks.
    """
    sizes = [3] * BUCKETS
    end = NOON + (4 + 2 * hours + 3) * HOUR
    at, looks, recent, now, number = Watermark(), Looks(), set[int](), NOON, 0
    read_at: dict[int, datetime] = {}
    changed_at = {
        thing: sorted(NOON + timedelta(seconds=30 * half) for t, half in changes if t == thing)
        for thing in range(6)
    }
    while now < end:
        gap, is_killed = gaps[number % len(gaps)]
        since, before = at.unsettled_from(now), looks
        due = looks.due(sizes, hours * HOUR, now)
        done = due[: len(due) // 2] if is_killed else due
        for thing in [*sorted(recent), *(group for group in done if group < 6)]:
            past = [moment for moment in changed_at[thing] if moment <= now]
            moment = past[-1] if past else NOON - 100 * HOUR
            date = (moment + zone * HOUR).replace(second=0)
            if (first := before.of(thing).since) is None or date >= first:
                read_at[thing] = now - lag * MINUTE
            (recent.add if date >= since else recent.discard)(thing)
            at = at.after(date, now)
        looks = looks.after(Look(now, since), done)
        now += (gap if not is_killed else min(gap, 20)) * MINUTE
        number += 1
    for thing, moments in changed_at.items():
        if moments:
            assert read_at[thing] >= moments[-1], thing


def test_a_group_is_that_of_the_census() -> None:
    assert {group_of(one) for one in range(1000)} == set(range(BUCKETS))
