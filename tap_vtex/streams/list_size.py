"""How many rows a list has shown, so that no single short answer is believed.

VTEX's lists of the catalog and of promotions have been empty or short for a moment. An answer
that shows less than an earlier one, or than it announces itself, is asked for again. If it
stays so, what came is emitted, and nothing is taken for gone. A list that is as short a day
later counts: stores do shrink.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import msgspec

from tap_vtex.counting import counted
from tap_vtex.errors import IncompleteListError
from tap_vtex.streams.bookmarks import Bookmark, is_due

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

    from tap_vtex.http.client import VtexClient

#: A shorter list counts once it has been as short for this long.
BELIEVED_AFTER: Final = timedelta(days=1)


class ListSize(Bookmark, frozen=True, kw_only=True):
    """How many rows a list holds, as far as earlier runs can tell."""

    #: The number that counts; None if the list has shown nothing yet.
    rows: int | None = None
    #: A smaller number that does not count yet, and since when it has been the answer.
    fewer: int | None = None
    fewer_since: datetime | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether the last answer showed too little."""
        return self.fewer is not None

    def doubts(self, rows: int, announced: int = 0) -> bool:
        """Whether an answer with so many rows shows too little."""
        return rows < max(1 if self.rows is None else self.rows, announced)

    def after(self, rows: int, now: datetime, announced: int = 0) -> Self:
        """What is known after an answer."""
        if not self.doubts(rows, announced):
            return msgspec.structs.replace(self, rows=rows, fewer=None, fewer_since=None)
        if self.fewer is None or rows < self.fewer:
            return msgspec.structs.replace(self, fewer=rows, fewer_since=now)
        if is_due(self.fewer_since, BELIEVED_AFTER, now):
            return msgspec.structs.replace(self, rows=rows, fewer=None, fewer_since=None)
        return msgspec.structs.replace(self, fewer=rows)

    def after_whole(self, rows: int, now: datetime, announced: int = 0) -> Self:
        """What is known after an answer of a list that every run emits whole.

        That is since when it has been empty or short, if it is.
        """
        unknown = type(self)()
        is_short = unknown.doubts(rows, announced)
        return self.after(rows, now, announced) if is_short else unknown

    def warn_if_doubtful(self, logger: logging.Logger, what: str) -> None:
        """Say so if a list of ``what`` shows too little."""
        if not self.is_doubtful:
            return
        shown = counted(self.fewer, what) if self.fewer else f"no {what}"
        if self.rows and self.rows > (self.fewer or 0):
            logger.warning(
                "VTEX lists %s, and there were %d before. Nothing is taken for gone yet. The next "
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


class Answer(NamedTuple):
    """How much a reading of a list has shown."""

    rows: int
    #: How many rows there must be at least, by the list's own word.
    announced: int = 0


def page_numbers(client: VtexClient, what: str) -> Iterator[int]:
    """Count the pages of a list of ``what``, from 1, up to more than any store can have.

    Raises:
        IncompleteListError: The list goes on.
    """
    yield from range(1, client.policy.max_pages + 1)
    raise IncompleteListError(
        f"VTEX's list of {what} still goes on after {counted(client.policy.max_pages, 'pages')}, "
        "so it was not used. Run again later. If that does not help, ask VTEX's support."
    )


def read_again(client: VtexClient, size: ListSize, read: Callable[[], Answer]) -> Answer:
    """Read a list, and again after a while as long as it shows too little.

    An answer that an earlier run got as well is not asked for again.

    Args:
        client: The client.
        size: What earlier runs have seen.
        read: Reads the list, and keeps what came of the best reading.

    Returns:
        The largest answer.
    """
    best = Answer(-1)
    for wait in client.policy.list_waits:
        client.wait(wait)
        best = max(best, read())
        if not size.doubts(*best) or best.rows == size.fewer:
            break
    return best
