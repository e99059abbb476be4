"""The sizes of lists, so that no single short response is trusted.

VTEX's lists of the catalog and of promotions are sometimes empty or short for a moment. A list
that shows fewer rows than before, or than it announces itself, is read again. If it stays short,
its rows are emitted and nothing counts as removed. If it is still short a day later, the new size
is accepted: stores do shrink.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from tap_vtex.counting import counted
from tap_vtex.errors import IncompleteListError
from tap_vtex.streams.bookmarks import ACCEPTED_AFTER, Bookmark, is_due

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

    from tap_vtex.http.client import VtexClient


class ListSize(Bookmark, frozen=True, kw_only=True):
    """The size of a list, according to earlier runs."""

    #: The accepted number of rows; None if the list has shown nothing yet.
    rows: int | None = None
    #: A smaller number that is not accepted yet, and since when the list has shown it.
    fewer: int | None = None
    fewer_since: datetime | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether the last reading was too short."""
        return self.fewer is not None

    def is_short(self, rows: int, announced: int = 0) -> bool:
        """Whether a reading with this many rows is too short."""
        return rows < max(1 if self.rows is None else self.rows, announced)

    def after(self, rows: int, now: datetime, announced: int = 0) -> Self:
        """The size after another reading."""
        if not self.is_short(rows, announced):
            return msgspec.structs.replace(self, rows=rows, fewer=None, fewer_since=None)
        if self.fewer is None or rows < self.fewer:
            return msgspec.structs.replace(self, fewer=rows, fewer_since=now)
        if is_due(self.fewer_since, ACCEPTED_AFTER, now):
            return msgspec.structs.replace(self, rows=rows, fewer=None, fewer_since=None)
        return msgspec.structs.replace(self, fewer=rows)

    def after_whole(self, rows: int, now: datetime, announced: int = 0) -> Self:
        """The size after another reading of a list that every run emits whole.

        It only keeps since when the list has been empty or short, if it is.
        """
        unknown = type(self)()
        is_short = unknown.is_short(rows, announced)
        return self.after(rows, now, announced) if is_short else unknown

    def warn_if_doubtful(self, logger: logging.Logger, what: str) -> None:
        """Warn if the list of ``what`` was too short."""
        if not self.is_doubtful:
            return
        shown = counted(self.fewer, what) if self.fewer else f"no {what}"
        if self.rows and self.rows > (self.fewer or 0):
            logger.warning(
                "VTEX lists %s, and there were %d before. Nothing counts as removed yet. The next "
                "run looks again",
                shown,
                self.rows,
            )
        elif self.fewer:
            logger.warning(
                "VTEX lists %s, and announces more. The next run looks again",
                shown,
            )
        else:
            logger.warning("VTEX lists no %s. The next run looks again", what)


class Reading(NamedTuple):
    """The number of rows that a reading of a list has shown."""

    rows: int
    #: The minimum number of rows, according to the list itself.
    announced: int = 0


def page_numbers(client: VtexClient, what: str) -> Iterator[int]:
    """Count the pages of a list of ``what`` from 1, up to more than any store can have.

    Raises:
        IncompleteListError: The list does not end.
    """
    yield from range(1, client.policy.max_pages + 1)
    raise IncompleteListError(
        f"VTEX's list of {what} still goes on after {counted(client.policy.max_pages, 'pages')}, "
        "so it was not used. Run again later. If that does not help, ask VTEX's support."
    )


def read_list(client: VtexClient, size: ListSize, read: Callable[[], Reading]) -> Reading:
    """Read a list, and wait and read it again while it is too short.

    It is not read again if it is just as short as in an earlier run.

    Args:
        client: The client.
        size: The size that earlier runs saw.
        read: Reads the list once, and keeps its rows.

    Returns:
        The largest reading.
    """
    best = Reading(-1)
    for wait in client.policy.list_waits:
        client.wait(wait)
        best = max(best, read())
        if not size.is_short(*best) or best.rows == size.fewer:
            break
    return best
