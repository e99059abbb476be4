from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.orders.api import Row
from tap_vtex.streams.orders.census import HOUR, Census, LateArrivals
from tap_vtex.windows import DAY

NOW = datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)

ROWS = st.lists(
    st.tuples(st.integers(0, 99_999), st.integers(0, 70 * 86400)), unique_by=lambda pair: pair[0]
).map(
    lambda pairs: sorted(
        (Row(f"{number:05d}-01", NOW - timedelta(seconds=age), None) for number, age in pairs),
        key=lambda row: (row.created, row.order_id),
    )
)


class Kept(Bookmark, frozen=True, kw_only=True):
    """A bookmark with a census."""

    census: Census


def census_of(rows: list[Row], lookback: int = 60) -> Census:
    census = Census.plan(NOW - timedelta(days=lookback), NOW)
    for row in rows:
        census.add(row)
    return census


def late_in(earlier: Census, rows: list[Row], taken: set[str] | None = None) -> list[str]:
    late = LateArrivals(earlier, earlier.start)
    found = []
    for row in rows:
        if row.created is not None:
            found += late.found(row.created)
        late.see(row, taken=row.order_id in (taken or ()))
    found += late.found(None)
    return [row.order_id for row in found]


@given(ROWS, st.integers(0, 731))
def test_buckets_cover_the_look_back_without_gaps(rows: list[Row], lookback: int) -> None:
    census = census_of(rows, lookback)

    for row in rows:
        assert row.created is not None
        bucket = census.bucket(row.created)
        if bucket is None:
            assert row.created < census.start
        else:
            assert census.begins(bucket) <= row.created < census.begins(bucket + 1)
    assert census.start <= NOW - timedelta(days=lookback)
    assert (NOW - census.start) <= timedelta(days=lookback + 1)
    assert census.bucket(NOW) is not None
    assert census.begins(census.bucket(NOW) or 0) >= NOW - HOUR


@given(ROWS, st.integers(0, 731))
def test_the_state_holds_all_of_it(rows: list[Row], lookback: int) -> None:
    census = census_of(rows, lookback)

    assert Kept.from_state(json.loads(json.dumps(Kept(census=census).to_state()))).census == census


def test_the_state_stays_small() -> None:
    """A million orders, and a look-back of all the time that VTEX shows."""
    census = Census.plan(NOW - 731 * DAY, NOW)
    for age in range(731 * 24):
        census.add(Row(str(age), NOW - age * HOUR, None))
    census.counts = [count * 999 for count in census.counts]

    assert len(json.dumps(Kept(census=census).to_state())) < 2_000


@given(ROWS)
def test_the_same_orders_are_not_late(rows: list[Row]) -> None:
    assert late_in(census_of(rows), rows) == []


@given(ROWS, st.data())
def test_every_order_that_was_not_there_is_found(rows: list[Row], data: st.DataObject) -> None:
    new = set(data.draw(st.lists(st.sampled_from(rows)))) if rows else set()
    earlier = census_of([row for row in rows if row not in new])
    within = {row.order_id for row in new if earlier.bucket(row.created) is not None}

    found = late_in(earlier, rows)

    assert within <= set(found)
    # Nothing is fetched of the buckets that gained none.
    touched = {earlier.bucket(row.created) for row in new}
    assert {earlier.bucket(row.created) for row in rows if row.order_id in found} <= touched


@given(ROWS.filter(bool), st.data())
def test_a_single_late_order_is_told_from_the_others(rows: list[Row], data: st.DataObject) -> None:
    new = data.draw(st.sampled_from(rows))
    earlier = census_of([row for row in rows if row != new])

    expected = [] if earlier.bucket(new.created) is None else [new.order_id]
    assert late_in(earlier, rows) == expected


@given(ROWS.filter(bool), st.data())
def test_what_is_fetched_anyway_is_not_found_again(rows: list[Row], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.sampled_from(rows), unique=True))
    earlier = census_of([row for row in rows if row not in new])

    found = late_in(earlier, rows, taken={row.order_id for row in new})

    assert not set(found) & {row.order_id for row in new}


def test_an_order_that_left_hides_no_late_one() -> None:
    """As many orders as before, yet not the same ones."""
    stayed, left, came = (Row(name, NOW - 5 * DAY, None) for name in ("a-01", "b-01", "c-01"))

    assert "c-01" in late_in(census_of([stayed, left]), [stayed, came])


def test_a_bucket_that_the_list_begins_within_is_left_out() -> None:
    rows = [Row(str(hour), NOW - 10 * DAY + hour * HOUR, None) for hour in range(48)]
    late = LateArrivals(census_of(rows), since=NOW - 9 * DAY)
    for row in rows[24:]:
        late.see(row, taken=False)

    assert late.found(None) == []
