"""A walk over ids in ascending order: what is done, and what is still under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex.streams.ledger import start_of_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime


class IdWalk:
    """Ids that are requested side by side, with a checkpoint possible at any time.

    Answers come in any order, and one can take minutes. So a checkpoint says that everything
    is done up to the highest id that was requested, and counts those that are under way as
    missing. The next run asks for what is missing.
    """

    def __init__(self, done_until: int) -> None:
        self.done_until = done_until
        #: Whether anything has been settled.
        self.has_settled = False
        self._under_way: set[int] = set()

    def begin(self, ids: Iterable[int]) -> Iterator[int]:
        """Hand on ids as they are requested."""
        for one in ids:
            self.done_until = max(self.done_until, one)
            self._under_way.add(one)
            yield one

    def settle(self, ids: Iterable[int]) -> None:
        """Take note of ids about which everything has been emitted."""
        self.has_settled = True
        self._under_way.difference_update(ids)

    def missing(self, missing: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
        """What is missing, along with what is under way."""
        return {**dict.fromkeys(map(str, self._under_way), start_of_day(now)), **missing}
