"""How far back each search for changes has reached, and what the next one owes.

Most changes are those of young orders. So every run searches the youngest orders, and once a
day a run searches the whole look-back. Each search is a rung of a ladder: when it began, and
how far back it reached. The rungs tell for each order since when its changes have not been
looked for, whatever look-back the runs before had.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.windows import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDE_EVERY: Final = timedelta(days=1)
#: The next run may come this much earlier than its schedule says, as a part of the time
#: between two runs.
EARLY: Final = 0.1
#: More rungs of wide searches are thinned out. Those of the last days are always there.
MAX_WIDE_RUNGS: Final = 8
#: What a longer look-back has seen is kept for runs that have it, if one came lately ...
LATELY: Final = timedelta(days=31)
#: ... where a look-back counts as longer by more than what it is rounded up by.
LONGER_BY: Final = timedelta(days=3)


class Rung(Bookmark, frozen=True, kw_only=True):
    """A search for changes that has ended."""

    #: When it began.
    at: datetime
    #: It has seen the orders created since then.
    back_to: datetime
    #: Whether it allowed for a day in which the list shows a change late, and not for an hour.
    wide: bool = False

    def covers(self, other: Rung) -> bool:
        """Whether another search adds nothing to what this one says."""
        return (
            self.at >= other.at and self.back_to <= other.back_to and (self.wide or not other.wide)
        )


def believed(rungs: Iterable[Rung], loaded: Sequence[Rung], now: datetime) -> list[Rung]:
    """The rungs that are not in the future, the first of which reaches back to all orders.

    If none does, what is known of all that is ``loaded`` stands in for it: the state is of a
    version that kept no rungs, or was put together by hand.
    """
    known = [rung for rung in rungs if rung.at <= now]
    if not any(rung.wide and rung.back_to <= loaded[0].back_to for rung in known):
        known += loaded
    return _settled(known)


def with_rung(rungs: Sequence[Rung], rung: Rung) -> list[Rung]:
    """Rungs and a new one, without those that say nothing any more."""
    settled = _settled([*rungs, rung])
    wide = [one for one in settled if one.wide]
    while len(wide) > MAX_WIDE_RUNGS:
        del wide[_least_needed(wide)]
    # The others only say more than the latest wide one if they are later.
    return _settled([*wide, *(one for one in settled if not one.wide and one.at > wide[-1].at)])


class LastSearches:
    """When orders were last searched, by the date of their creation."""

    def __init__(self, rungs: Iterable[Rung], *, wide: bool) -> None:
        """By the wide searches only, or by all."""
        steps = sorted((rung.back_to, rung.at) for rung in rungs if rung.wide or not wide)
        self._back_to = [back_to for back_to, _ in steps]
        self._at = list(accumulate((at for _, at in steps), max))

    def of(self, created: datetime | None) -> datetime:
        """When orders created at a moment were; those of any moment for None."""
        step = 0 if created is None else bisect_right(self._back_to, created) - 1
        return self._at[max(0, step)]


def merged_rungs(one: Sequence[Rung], other: Sequence[Rung]) -> list[Rung]:
    """The rungs that hold for two bookmarks."""
    if not (one and other):
        return []
    return _settled(
        Rung(
            at=min(rung.at, LastSearches(theirs, wide=rung.wide).of(rung.back_to)),
            back_to=rung.back_to,
            wide=rung.wide,
        )
        for ours, theirs in ((one, other), (other, one))
        for rung in ours
    )


def deepened(rungs: Iterable[Rung], before: datetime, start: datetime) -> list[Rung]:
    """Rungs that reached back to the first order, ``before`` earlier ones were loaded."""
    return [
        Rung(at=rung.at, back_to=min(rung.back_to, start), wide=rung.wide)
        if rung.back_to <= before
        else rung
        for rung in rungs
    ]


def last_whole_search(
    rungs: Iterable[Rung], lookback: timedelta, loaded_from: datetime, last_run: datetime
) -> datetime:
    """When the whole look-back was last searched; the last run, if that was too long ago.

    Of orders that were too old for the look-back even then, nothing is owed.
    """
    searches = [
        rung.at
        for rung in rungs
        if rung.wide and rung.back_to <= max(loaded_from, dates.start_of_day(rung.at - lookback))
    ]
    last = max(searches, default=last_run)
    return last if last >= last_run - max(lookback, WIDE_EVERY) else last_run


def is_wide_due(last_whole: datetime, last_run: datetime, now: datetime) -> bool:
    """Whether to search the whole look-back in this run, with the wide margin.

    So it is if the next run, after as much time as has passed since the last one, would come
    too late. Runs that are rarer than daily search it every time.
    """
    next_run = now + (now - last_run) * (1 - EARLY)
    return next_run >= last_whole + WIDE_EVERY


def had_longer_lookback(
    rungs: Iterable[Rung], lookback: timedelta, counted_from: datetime, now: datetime
) -> bool:
    """Whether a run had a longer look-back lately, which the next one may have again.

    A first load counts as a search of what the census has counted.
    """
    return any(
        rung.at - max(rung.back_to, counted_from) > lookback + LONGER_BY
        for rung in rungs
        if rung.wide and now - rung.at < LATELY
    )


def _settled(rungs: Iterable[Rung]) -> list[Rung]:
    """The rungs that no other one covers, the one that reaches back furthest first."""
    kept: list[Rung] = []
    # A later search covers an earlier one, and of two at the same time the deeper or wider one.
    for rung in sorted(rungs, key=lambda one: (one.at, one.wide), reverse=True):
        if not any(one.covers(rung) for one in kept):
            kept.append(rung)
    return sorted(
        (rung for rung in kept if not any(o.covers(rung) for o in kept if o is not rung)),
        key=lambda one: (one.back_to, one.at),
    )


def _least_needed(wide: Sequence[Rung]) -> int:
    """Which rung to take out: the older they are, the further apart they may be."""

    def gap(number: int) -> float:
        apart = wide[number + 1].at - wide[number - 1].at
        return apart / (wide[-1].at - wide[number].at + DAY)

    return min(range(1, len(wide) - 2), key=gap)
