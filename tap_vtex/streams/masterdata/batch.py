"""The documents of a window, put in the order of a date.

Scroll gives documents in an order of its own. In the order of a date, a run can make
checkpoints in the middle of a window: the next one goes on at that date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.streams.masterdata.rows import Row

#: Documents to hold. More of them pass as they come, without checkpoints: a window has as
#: many only where its count was wrong.
MAX_HELD: Final = 10_000


class Batch:
    """Documents to put in order."""

    def __init__(self, key_of: Callable[[Row], str]) -> None:
        """Order by a text that is made of each document."""
        self._key_of = key_of
        #: By id, each with its key.
        self._held: dict[str, tuple[str, Row]] = {}
        self._is_open = True

    def add(self, row: Row) -> Iterable[Row]:
        """Hold a document in place of an earlier copy; return what does not fit any more."""
        if not self._is_open:
            return (row,)
        self._held[row.id] = self._key_of(row), row
        if len(self._held) <= MAX_HELD:
            return ()
        self._is_open = False
        return (row for _, row in self.in_order())

    def in_order(self) -> Iterator[tuple[str, Row]]:
        """Yield the documents with their keys, and let go of them."""
        held, self._held = self._held, {}
        for document_id in sorted(held, key=lambda one: held[one][0]):
            yield held.pop(document_id)
