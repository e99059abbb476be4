"""A pass over ids in ascending order: what is done, and what is still under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_vtex.streams.bookmarks import IdPass
from tap_vtex.streams.id_census import IdSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence


class OpenPass(IdPass, frozen=True, kw_only=True):
    """A pass over ids that are requested side by side."""

    #: Ids below the highest one that are not done.
    open: IdSet = msgspec.field(default_factory=IdSet)

    def left(self, ids: Collection[int]) -> Sequence[int]:
        """The ids that are still to be done, those first that were under way."""
        return [*sorted(self.open.ids.intersection(ids)), *super().left(ids)]


class IdWalk:
    """Keeps account of a pass, so that there can be a checkpoint at any time.

    Answers come in any order, and one can take minutes. So a checkpoint says that everything
    is done up to the highest id that was requested, but for those that are under way.
    """

    def __init__(self, at: OpenPass) -> None:
        self.done_until = at.done_until
        #: Whether anything has been settled.
        self.has_settled = False
        self._open = set(at.open.ids)

    def begin(self, ids: Iterable[int]) -> Iterator[int]:
        """Hand on ids as they are requested."""
        for one in ids:
            self.done_until = max(self.done_until, one)
            self._open.add(one)
            yield one

    def settle(self, ids: Iterable[int]) -> None:
        """Take note of ids about which everything has been emitted."""
        self.has_settled = True
        self._open.difference_update(ids)

    @property
    def open(self) -> IdSet:
        """The ids that are under way."""
        return IdSet(self._open)
