"""Sort the documents of a window by date.

Scroll returns documents in no useful order. Sorted by date, they let a run write checkpoints
within a window: the next run resumes at that date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.streams.masterdata.rows import Row

#: Documents to hold in memory. Any more pass through unsorted, without checkpoints; a window
#: only has that many if its count was wrong.
MAX_HELD: Final = 10_000


class Batch:
    """Documents to sort."""

    def __init__(self, key_of: Callable[[Row], str]) -> None:
        """Sort by a key derived from each document."""
        self._key_of = key_of
        #: Keys and documents by id.
        self._held: dict[str, tuple[str, Row]] = {}
        self._is_open = True

    def add(self, row: Row) -> Iterable[Row]:
        """Hold a document, replacing an earlier copy; return what no longer fits."""
        if not self._is_open:
            return (row,)
        self._held[row.id] = self._key_of(row), row
        if len(self._held) <= MAX_HELD:
            return ()
        self._is_open = False
        return (row for _, row in self.in_order())

    def in_order(self) -> Iterator[tuple[str, Row]]:
        """Yield the keys and documents in order, and release them."""
        held, self._held = self._held, {}
        for document_id in sorted(held, key=lambda one: held[one][0]):
            yield held.pop(document_id)
