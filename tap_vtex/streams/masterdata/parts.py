"""Windows of an entity, split until each has few enough documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_vtex.streams.masterdata.conditions import Where
    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.windows import Window

#: Documents of a window. They are held in memory to be put in order, and read again if a page
#: is lost.
MAX_IN_A_WINDOW: Final = 5_000
#: A window of this many seconds is small enough if nobody knows how many documents it has.
SMALL_WINDOW: Final = 100 * 24 * 60 * 60


def parts_of(
    reader: EntityReader, window: Window, where: Where, count: int | None
) -> Iterator[tuple[Window, int | None]]:
    """Split a window into parts that are small enough.

    Args:
        reader: Counts the documents.
        window: The window.
        where: Makes the condition for a part of it.
        count: How many documents the whole window has; None if nobody knows.

    Yields:
        The parts with their counts, in the order of time. A part stays whole if its halves
        announce fewer documents than itself: reading it will tell which count is right.
    """
    waiting = [(window, count)]
    while waiting:
        part, count = waiting.pop()
        if _is_small(part, count):
            yield part, count
            continue
        halves = part.halves()
        counts = [reader.count(where(half)) for half in halves]
        known = [one for one in counts if one is not None]
        if count is None or len(known) < len(counts) or _adds_up(reader, where(part), count, known):
            waiting.extend(reversed([*zip(halves, counts, strict=True)]))
        else:
            yield part, count


def _is_small(part: Window, count: int | None) -> bool:
    # The reading counts as well: no need to halve down to nothing.
    is_small = part.seconds <= SMALL_WINDOW if count is None else count <= MAX_IN_A_WINDOW
    return is_small or not part.seconds


def _adds_up(reader: EntityReader, where: str, count: int, halves: list[int]) -> bool:
    """Whether the halves have the documents of the whole, less those that left meanwhile."""
    return sum(halves) >= count or reader.have_left(where, count, sum(halves))
