"""Split a window of an entity into parts whose documents fit in memory.

A window with too many documents is cut into cells of equal length, which are counted
concurrently. Neighbors that are small enough together become one part; a cell that is still too
large is cut in turn.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.streams.masterdata.search import UNKNOWN, Count
from tap_vtex.windows import SECOND, Window, whole_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_vtex.streams.masterdata.conditions import Where
    from tap_vtex.streams.masterdata.reader import EntityReader

#: Documents in a window. They are sorted in memory, and reread if a page is lost. Search can
#: return slightly more.
MAX_IN_A_WINDOW: Final = 9_000
#: A window of this many seconds is not split if its count is unknown.
SMALL_WINDOW: Final = 100 * 24 * 60 * 60
#: Cells per `MAX_IN_A_WINDOW` documents, so that joined neighbors fill a window well.
CELLS: Final = 3
#: Cells to count at a time, so that counts are fresh when their windows are read.
MAX_CELLS: Final = 32


class Part(NamedTuple):
    """A window and its count."""

    window: Window
    counted: Count

    @property
    def is_small(self) -> bool:
        """Whether it can be read without splitting. Reading it counts, too."""
        seconds, total = self.window.seconds, self.counted.total
        return not seconds or (
            seconds <= SMALL_WINDOW if total is None else total <= MAX_IN_A_WINDOW
        )

    def cells(self) -> list[Window]:
        """Cut the window. The first cell includes the time before the earliest document."""
        window, (total, earliest) = self
        begin = whole_second(earliest) if earliest else window.start
        begin = begin if window.start < begin < window.end else window.start
        wanted = 2 if total is None else math.ceil(CELLS * total / MAX_IN_A_WINDOW)
        seconds = Window(begin, window.end).seconds
        if seconds == 1 and begin == window.start:
            return [*window.halves()]
        number = max(2, min(wanted, MAX_CELLS, seconds))
        inner = [begin + seconds * n // number * SECOND for n in range(1, number)]
        bounds = [window.start, *inner, window.end]
        return [Window(*both) for both in pairwise(bounds)]


def parts_of(
    reader: EntityReader, window: Window, where: Where, total: int | None
) -> Iterator[tuple[Window, int | None]]:
    """Split a window into parts that are small enough.

    Args:
        reader: Counts the documents.
        window: The window.
        where: Returns the condition for a part of it.
        total: The number of documents in the window; None if unknown.

    Yields:
        The parts with their counts, in chronological order. A part stays whole if its cells
        add up to fewer documents than it has: reading it shows which count is right.
    """
    whole = Part(window, Count(total, None))
    if not whole.is_small and total is not None:
        (whole,) = _counted(reader, where, [window])
    waiting = [whole]
    while waiting:
        part = waiting.pop()
        if part.is_small:
            yield part.window, part.counted.total
            continue
        cells = _counted(reader, where, part.cells())
        if _exceed(cells, part.counted.total):
            # Contradictory counts would have windows split down to seconds.
            reader.stop_counting()
            waiting.append(Part(part.window, UNKNOWN))
        elif _adds_up(reader, where(part.window), part.counted.total, cells):
            waiting.extend(reversed([*_joined(cells)]))
        else:
            yield part.window, part.counted.total


def with_following(
    parts: Iterable[tuple[Window, int | None]],
) -> Iterator[tuple[Window, int | None, Window | None]]:
    """Pair each part with the window of the next one, and the last part with None."""
    last: tuple[Window, int | None] | None = None
    for part in parts:
        if last:
            yield (*last, part[0])
        last = part
    if last:
        yield (*last, None)


def _counted(reader: EntityReader, where: Where, windows: list[Window]) -> list[Part]:
    counts = reader.counts([where(one) for one in windows])
    return [Part(window, count) for window, count in zip(windows, counts, strict=True)]


def _exceed(cells: list[Part], total: int | None) -> bool:
    """Whether cells have far more documents than the whole, too many to be new ones."""
    known = sum(one.counted.total or 0 for one in cells)
    return total is not None and known > 2 * total + MAX_IN_A_WINDOW


def _adds_up(reader: EntityReader, where: str, total: int | None, cells: list[Part]) -> bool:
    """Whether cells have the documents of the whole, except for those edited meanwhile."""
    known = [one.counted.total for one in cells if one.counted.total is not None]
    if total is None or len(known) < len(cells):
        return True
    return sum(known) >= total or reader.explained_by_edits(where, total, sum(known))


def _joined(cells: Iterable[Part]) -> Iterator[Part]:
    """Join neighbors that are small enough together."""
    joined: Part | None = None
    for cell in cells:
        both = joined and _join(joined, cell)
        if joined and not both:
            yield joined
        joined = both or cell
    if joined:
        yield joined


def _join(one: Part, following: Part) -> Part | None:
    if one.counted.total is None or following.counted.total is None:
        return None
    total = one.counted.total + following.counted.total
    if total > MAX_IN_A_WINDOW:
        return None
    window = Window(one.window.start, following.window.end)
    return Part(window, Count(total, one.counted.earliest or following.counted.earliest))
