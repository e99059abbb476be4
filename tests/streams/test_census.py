from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.orders.census import DAY, HOUR, Census, Latecomers
from tap_vtex.streams.orders.listing import Row

NOW = datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)

ROWS = st.lists(
    st.tuples(st.integers(0, 99_999), st.integers(0, 70 * 86400)), unique_by=lambda pair: pair[0]
).map(
    lambda pairs: sorted(
        (Row(f"{number:05d}-01", NOW - timedelta(seconds=age), None) for number, age in pairs),
        key=lambda row: (row.created, row.order_id),
    )
)


def census_of(rows: list[Row], lookback: int = 60) -> Census:
    census = Census.plan(NOW - timedelta(days=lookback), NOW)
    for row in rows:
        census.add(row)
    return census


def newcomers(earlier: Census, rows: list[Row], taken: set[str] | None = None) -> list[str]:
    latecomers = Latecomers(earlier, earlier.start)
    found = []
    for row in rows:
        if row.created is not None:
            found += latecomers.found(row.created)
        latecomers.see(row, taken=row.order_id in (taken or ()))
    found += latecomers.found(None)
    return [row.order_id for row in found]


@given(ROWS, st.integers(0, 731))
def test_stretches_cover_the_look_back_without_gaps(rows: list[Row], lookback: int) -> None:
    census = census_of(rows, lookback)

    for row in rows:
        assert row.created is not None
        stretch = census.stretch(row.created)
        if stretch is None:
            assert row.created < census.start
        else:
            assert census.begins(stretch) <= row.created < census.begins(stretch + 1)
    assert census.start <= NOW - timedelta(days=lookback)
    assert (NOW - census.start) <= timedelta(days=lookback + 1)
    assert census.stretch(NOW) is not None
    assert census.begins(census.stretch(NOW) or 0) >= NOW - HOUR


@given(ROWS, st.integers(0, 731))
def test_the_state_holds_all_of_it(rows: list[Row], lookback: int) -> None:
    census = census_of(rows, lookback)

    assert Census.from_state(json.loads(json.dumps(census.as_state()))) == census


def test_the_state_stays_small() -> None:
    """A million orders, and a look-back of all the time that VTEX shows."""
    census = Census.plan(NOW - 731 * DAY, NOW)
    for age in range(731 * 24):
        census.add(Row(str(age), NOW - age * HOUR, None))
    census.counts = [count * 999 for count in census.counts]

    assert len(json.dumps(census.as_state())) < 2_000


@given(ROWS)
def test_the_same_orders_are_no_newcomers(rows: list[Row]) -> None:
    assert newcomers(census_of(rows), rows) == []


@given(ROWS, st.data())
def test_every_order_that_was_not_there_is_found(rows: list[Row], data: st.DataObject) -> None:
    new = set(data.draw(st.lists(st.sampled_from(rows)))) if rows else set()
    earlier = census_of([row for row in rows if row not in new])
    within = {row.order_id for row in new if earlier.stretch(row.created) is not None}

    found = newcomers(earlier, rows)

    assert within <= set(found)
    # Nothing is fetched of the stretches that gained none.
    touched = {earlier.stretch(row.created) for row in new}
    assert {earlier.stretch(row.created) for row in rows if row.order_id in found} <= touched


@given(ROWS.filter(bool), st.data())
def test_a_single_newcomer_is_told_from_the_others(rows: list[Row], data: st.DataObject) -> None:
    new = data.draw(st.sampled_from(rows))
    earlier = census_of([row for row in rows if row != new])

    expected = [] if earlier.stretch(new.created) is None else [new.order_id]
    assert newcomers(earlier, rows) == expected


@given(ROWS.filter(bool), st.data())
def test_what_is_fetched_anyway_is_not_found_again(rows: list[Row], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.sampled_from(rows), unique=True))
    earlier = census_of([row for row in rows if row not in new])

    found = newcomers(earlier, rows, taken={row.order_id for row in new})

    assert not set(found) & {row.order_id for row in new}


def test_an_order_that_left_hides_no_newcomer() -> None:
    """As many orders as before, yet not the same ones."""
    stayed, left, came = (Row(name, NOW - 5 * DAY, None) for name in ("a-01", "b-01", "c-01"))

    assert "c-01" in newcomers(census_of([stayed, left]), [stayed, came])


def test_a_stretch_that_the_list_begins_within_is_left_out() -> None:
    rows = [Row(str(hour), NOW - 10 * DAY + hour * HOUR, None) for hour in range(48)]
    latecomers = Latecomers(census_of(rows), since=NOW - 9 * DAY)
    for row in rows[24:]:
        latecomers.see(row, taken=False)

    assert latecomers.found(None) == []
