"""Dates of change: what has to be read once more, and what is settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tap_vtex.streams.watermark import Watermark, merged

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_at_first_nothing_is_known_of_the_zone() -> None:
    assert Watermark().unsettled_from(NOON) == NOON - 15 * HOUR


def test_a_date_is_settled_once_the_index_must_show_it() -> None:
    changed = NOON - 3 * HOUR  # by a clock three hours behind
    at = Watermark().after(changed, NOON)

    # Another thing may have changed minutes earlier, and the index may still lag.
    assert at.unsettled_from(NOON + 10 * MINUTE) == changed - 10 * MINUTE
    assert at.unsettled_from(NOON + 11 * MINUTE) == changed + MINUTE
    # The first look counts, not the last one.
    assert at.after(changed, NOON + HOUR) == at
    assert at.after(changed - HOUR, NOON + HOUR) == at


def test_a_date_ahead_of_the_clock_hides_none_of_those_to_come() -> None:
    assert Watermark().after(datetime(2062, 1, 1, tzinfo=UTC), NOON) == Watermark()


def test_two_that_go_on_together_leave_out_nothing() -> None:
    one = Watermark(highest=NOON, seen_at=NOON)
    other = Watermark(highest=NOON - 2 * HOUR, seen_at=NOON - HOUR)

    assert merged(one, other) == Watermark(highest=NOON - 2 * HOUR, seen_at=NOON)
    assert merged(one, Watermark()) == Watermark(seen_at=NOON)


def test_it_survives_the_state() -> None:
    at = Watermark(highest=NOON, seen_at=NOON)

    assert Watermark.from_state(at.to_state()) == at
    assert Watermark.from_state(Watermark().to_state()) == Watermark()
