"""How far back each search for changes has reached, and what the next one has to cover.

Most changes are to young orders. So every run searches the latest orders, and one run a day
searches the whole look-back. Each search is a rung of a ladder: when it began, and how far back it
reached. The rungs show when each order was last searched for changes, whatever look-back earlier
runs had.
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
#: The next run may start this much before its schedule, as a fraction of the time between two
#: runs.
EARLY_SHARE: Final = 0.1
#: Beyond this number, rungs of wide searches are thinned out. Those of the last days are kept.
MAX_WIDE_RUNGS: Final = 8
#: How long to keep the census of a longer look-back, for the next run that has it.
LONGER_LOOKBACK_KEPT_FOR: Final = timedelta(days=31)
#: A look-back counts as longer by more than this, which is more than it is rounded up by.
LONGER_BY: Final = timedelta(days=3)


class Rung(Bookmark, frozen=True, kw_only=True):
    """A finished search for changes."""

    #: When it began.
    at: datetime
    #: It covered the orders created since then.
    back_to: datetime
    #: Whether it allowed for changes listed a day late, instead of an hour.
    wide: bool = False

    def covers(self, other: Rung) -> bool:
        """Whether another search adds nothing to this one."""
        return (
            self.at >= other.at and self.back_to <= other.back_to and (self.wide or not other.wide)
        )


def usable(rungs: Iterable[Rung], loaded: Sequence[Rung], now: datetime) -> list[Rung]:
    """The rungs that are not in the future; the first one reaches back to the first order.

    If none reaches that far, ``loaded`` is added: the state comes from a version without rungs, or
    was edited by hand.
    """
    known = [rung for rung in rungs if rung.at <= now]
    if not any(rung.wide and rung.back_to <= loaded[0].back_to for rung in known):
        known += loaded
    return _uncovered(known)


def with_rung(rungs: Sequence[Rung], rung: Rung) -> list[Rung]:
    """Add a rung, and drop those that it makes redundant."""
    uncovered = _uncovered([*rungs, rung])
    wide = [one for one in uncovered if one.wide]
    while len(wide) > MAX_WIDE_RUNGS:
        del wide[_most_redundant(wide)]
    # Other rungs add something only if they are later than the latest wide one.
    return _uncovered([*wide, *(one for one in uncovered if not one.wide and one.at > wide[-1].at)])


class LastSearches:
    """When orders were last searched, by creation date."""

    def __init__(self, rungs: Iterable[Rung], *, wide: bool) -> None:
        """Consider all searches, or only the ``wide`` ones."""
        steps = sorted((rung.back_to, rung.at) for rung in rungs if rung.wide or not wide)
        self._back_to = [back_to for back_to, _ in steps]
        self._at = list(accumulate((at for _, at in steps), max))

    def of(self, created: datetime | None) -> datetime:
        """When orders created at a moment were last searched; None: orders of any age."""
        step = 0 if created is None else bisect_right(self._back_to, created) - 1
        return self._at[max(0, step)]


def merged_rungs(one: Sequence[Rung], other: Sequence[Rung]) -> list[Rung]:
    """The rungs that are true for two bookmarks."""
    if not (one and other):
        return []
    return _uncovered(
        Rung(
            at=min(rung.at, LastSearches(theirs, wide=rung.wide).of(rung.back_to)),
            back_to=rung.back_to,
            wide=rung.wide,
        )
        for ours, theirs in ((one, other), (other, one))
        for rung in ours
    )


def extended_back(rungs: Iterable[Rung], before: datetime, start: datetime) -> list[Rung]:
    """Extend the rungs that reached ``before``, once the first loaded order, back to ``start``."""
    return [
        Rung(at=rung.at, back_to=min(rung.back_to, start), wide=rung.wide)
        if rung.back_to <= before
        else rung
        for rung in rungs
    ]


def last_whole_search(
    rungs: Iterable[Rung], lookback: timedelta, loaded_from: datetime, last_run: datetime
) -> datetime:
    """When the whole look-back was last searched; the last run if that was too long ago.

    Orders that were too old for the look-back at that time need no search.
    """
    searches = [
        rung.at
        for rung in rungs
        if rung.wide and rung.back_to <= max(loaded_from, dates.start_of_day(rung.at - lookback))
    ]
    last = max(searches, default=last_run)
    return last if last >= last_run - max(lookback, WIDE_EVERY) else last_run


def is_wide_due(last_whole: datetime, last_run: datetime, now: datetime) -> bool:
    """Whether this run has to search the whole look-back, with the wide margin.

    That is the case if the next run would come too late, assuming the same interval as since the
    last one. Runs less often than daily search the whole look-back every time.
    """
    next_run = now + (now - last_run) * (1 - EARLY_SHARE)
    return next_run >= last_whole + WIDE_EVERY


def had_longer_lookback(
    rungs: Iterable[Rung], lookback: timedelta, counted_from: datetime, now: datetime
) -> bool:
    """Whether a recent run had a longer look-back, which the next run may have again.

    A first load counts as a search of what the census has counted.
    """
    return any(
        rung.at - max(rung.back_to, counted_from) > lookback + LONGER_BY
        for rung in rungs
        if rung.wide and now - rung.at < LONGER_LOOKBACK_KEPT_FOR
    )


def _uncovered(rungs: Iterable[Rung]) -> list[Rung]:
    """The rungs that no other one covers, sorted by how far they reach back."""
    kept: list[Rung] = []
    # Later searches cover earlier ones; of two that began together, the deeper or wider one covers
    # the other.
    for rung in sorted(rungs, key=lambda one: (one.at, one.wide), reverse=True):
        if not any(one.covers(rung) for one in kept):
            kept.append(rung)
    return sorted(
        (rung for rung in kept if not any(o.covers(rung) for o in kept if o is not rung)),
        key=lambda one: (one.back_to, one.at),
    )


def _most_redundant(wide: Sequence[Rung]) -> int:
    """The index of the rung to drop: the older rungs are, the further apart they may be."""

    def gap(number: int) -> float:
        apart = wide[number + 1].at - wide[number - 1].at
        return apart / (wide[-1].at - wide[number].at + DAY)

    return min(range(1, len(wide) - 2), key=gap)
