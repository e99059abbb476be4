from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.windows import SECOND, Window, walk

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = 20_000
SPANS = st.tuples(st.integers(0, LONGEST), st.integers(0, LONGEST)).map(
    lambda pair: Window(BEGIN + min(pair) * SECOND, BEGIN + max(pair) * SECOND)
)


def seconds_of(window: Window) -> range:
    start = round((window.start - BEGIN) / SECOND)
    return range(start, start + window.seconds + 1)


@given(SPANS.filter(lambda window: window.seconds > 0))
def test_halves_hold_every_second_and_share_where_they_meet(window: Window) -> None:
    first, second = window.halves()

    assert set(seconds_of(first)) | set(seconds_of(second)) == set(seconds_of(window))
    assert first.end == (second.start if window.seconds > 1 else second.start - SECOND)
    assert max(first.seconds, second.seconds) < window.seconds


def test_one_second_has_no_halves() -> None:
    with pytest.raises(ValueError, match="no halves"):
        Window(BEGIN, BEGIN).halves()


@given(
    window=SPANS,
    events=st.lists(st.integers(0, LONGEST), unique=True, max_size=200),
    cap=st.integers(2, 50),
    newest_first=st.booleans(),
)
def test_a_walk_finds_every_event_within_the_cap(
    window: Window, events: list[int], cap: int, newest_first: bool
) -> None:
    """Each window that is read holds no more than the cap, and together they hold all."""

    def read(part: Window) -> list[int] | None:
        held = [event for event in events if event in seconds_of(part)]
        return held if len(held) <= cap else None

    parts = list(walk(window, read, newest_first=newest_first))

    found = {event for _, held in parts for event in held}
    assert found == {event for event in events if event in seconds_of(window)}
    starts = [part.start for part, _ in parts]
    assert starts == sorted(starts, reverse=newest_first)
    assert min(part.start for part, _ in parts) == window.start
    assert max(part.end for part, _ in parts) == window.end


@given(window=SPANS, most=st.integers(0, LONGEST), newest_first=st.booleans())
def test_neighbors_of_a_walk_share_a_second_at_most_and_leave_none_out(
    window: Window, most: int, newest_first: bool
) -> None:
    def read(part: Window) -> int | None:
        return part.seconds if part.seconds <= most or not part.seconds else None

    parts = sorted(
        (part for part, _ in walk(window, read, newest_first=newest_first)),
        key=lambda part: part.start,
    )

    assert max(part.seconds for part in parts) <= most
    for earlier, later in pairwise(parts):
        shared = set(seconds_of(earlier)) & set(seconds_of(later))
        assert shared == ({seconds_of(later)[0]} if earlier.end == later.start else set())
        assert later.start - earlier.end <= SECOND
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)


def test_a_window_says_what_it_is() -> None:
    window = Window(BEGIN, BEGIN + timedelta(days=1))

    assert str(window) == "2026-01-01 00:00:00 to 2026-01-02 00:00:00 UTC"
