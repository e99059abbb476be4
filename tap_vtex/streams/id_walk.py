"""A pass over ids in ascending order: which are done, and which are in flight."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.id_census import IdSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


class OpenPass(Bookmark, frozen=True, kw_only=True):
    """A resumable pass over ids that are requested concurrently, in ascending order."""

    #: When the pass began.
    began: datetime
    #: The highest id requested.
    done_until: int = -1
    #: Ids up to `done_until` that are not done.
    open: IdSet = msgspec.field(default_factory=IdSet)

    def left(self, ids: Collection[int]) -> list[int]:
        """The ids still to do, starting with those that were in flight."""
        new = sorted(one for one in ids if one > self.done_until)
        return [*sorted(self.open.ids.intersection(ids)), *new]


class IdWalk:
    """Tracks a pass, so that a checkpoint is possible at any time.

    Responses arrive in any order, and one can take minutes. So a checkpoint holds the highest id
    requested, and the lower ids that are still in flight.
    """

    def __init__(self, at: OpenPass) -> None:
        self.done_until = at.done_until
        #: Whether any id has been marked as done.
        self.has_progressed = False
        self._open = set(at.open.ids)

    def begin(self, ids: Iterable[int]) -> Iterator[int]:
        """Pass ids on as they are requested."""
        for one in ids:
            self.done_until = max(self.done_until, one)
            self._open.add(one)
            yield one

    def mark_done(self, ids: Iterable[int]) -> None:
        """Record ids whose records have all been emitted."""
        self.has_progressed = True
        self._open.difference_update(ids)

    @property
    def open(self) -> IdSet:
        """The ids in flight."""
        return IdSet(self._open)
