"""Dates of change: what is looked at again, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.watermark import Watermark, merged

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def passed(at: Watermark, began: datetime, latest: datetime | None) -> Watermark:
    return at.after_pass(began, began + 5 * MINUTE, latest)


def test_the_first_pass_looks_at_everything() -> None:
    assert Watermark().picks(NOON)
    assert Watermark().picks(None)


def test_what_is_long_past_is_not_looked_at_again() -> None:
    at = passed(Watermark(), NOON, NOON - 48 * HOUR)

    assert not at.picks(NOON - 48 * HOUR)
    assert not at.picks(None)
    assert at.picks(NOON + MINUTE)


def test_a_change_is_looked_at_twice_and_then_never() -> None:
    at = passed(Watermark(), NOON, NOON - 48 * HOUR)
    changed = NOON + HOUR

    looks = []
    for run in range(2, 6):
        looks.append(at.picks(changed))
        at = passed(at, NOON + run * HOUR, changed)

    assert looks == [True, True, False, False]


def test_passes_close_together_do_not_settle_a_date() -> None:
    """The index that VTEX answers from may lag behind for minutes."""
    at = passed(passed(Watermark(), NOON - 24 * HOUR, None), NOON, NOON - HOUR)

    for minutes in (6, 11, 14):
        at = passed(at, NOON + minutes * MINUTE, NOON - HOUR)
        assert at.picks(NOON - HOUR)
    assert not passed(at, NOON + 16 * MINUTE, NOON - HOUR).picks(NOON - HOUR)


def test_a_date_that_can_not_be_hides_none_of_those_to_come() -> None:
    at = passed(Watermark(), NOON, datetime(2062, 1, 1, tzinfo=UTC))

    assert at.highest is None
    assert at.picks(NOON + HOUR)


def test_two_that_go_on_together_leave_out_nothing() -> None:
    one = Watermark(highest=NOON, since=NOON - HOUR, seen_at=NOON)
    other = Watermark(highest=NOON - 2 * HOUR, since=NOON - 3 * HOUR, seen_at=NOON - HOUR)

    assert merged(one, other) == Watermark(
        highest=NOON - 2 * HOUR, since=NOON - 3 * HOUR, seen_at=NOON
    )
    assert merged(one, Watermark()) == Watermark(seen_at=NOON)


def test_it_survives_the_state() -> None:
    at = Watermark(highest=NOON, since=NOON - HOUR, seen_at=NOON)

    assert Watermark.from_state(at.to_state()) == at
    assert Watermark.from_state(Watermark().to_state()) == Watermark()


@given(
    zone=st.integers(-12, 14),
    changes=st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 20 * 60)), max_size=40
    ),  # which of ten things changes, in which minute (times 30 seconds)
    reads=st.lists(st.integers(0, 10), min_size=10, max_size=10),
    gaps=st.lists(st.integers(15, 200), min_size=1, max_size=8),
)
def test_no_change_is_missed(
    zone: int, changes: list[tuple[int, int]], reads: list[int], gaps: list[int]
) -> None:
    """Things change at any moment, also while a pass reads; dates are cut to the minute."""
    at, began = Watermark(), NOON
    changed_at = {
        thing: sorted(NOON + timedelta(seconds=30 * half) for t, half in changes if t == thing)
        for thing in range(10)
    }
    read_at: dict[int, datetime] = {}
    # After the last change, two passes more.
    for gap in [*gaps, *[20 * 60], *[20, 20]]:
        latest = None
        for thing, minutes in enumerate(reads):
            now = began + minutes * MINUTE
            past = [moment for moment in changed_at[thing] if moment <= now]
            moment = past[-1] if past else NOON - 100 * HOUR
            date = (moment + zone * HOUR).replace(second=0)
            latest = max(latest or date, date)
            if at.picks(date):
                read_at[thing] = now
        at = at.after_pass(began, began + 10 * MINUTE, latest)
        began += gap * MINUTE
    for thing, moments in changed_at.items():
        if moments:
            assert read_at[thing] >= moments[-1]
