"""The documents of a window, put in the order of a date.

Scroll gives documents in an order of its own. In the order of a date, a run can make
checkpoints in the middle of a window: the next one goes on at that date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_vtex.types import Document

#: Documents to hold. More of them pass as they come, without checkpoints: a window has as
#: many only where its count was wrong.
MAX_HELD: Final = 10_000


class _Held(NamedTuple):
    moment: datetime
    encoded: bytes


class Batch:
    """Documents to put in order, held as JSON, which takes a fraction of the memory."""

    def __init__(self, moment_of: Callable[[Document], datetime]) -> None:
        """Order by a date of each document."""
        self._moment_of = moment_of
        self._held: dict[str, _Held] = {}
        self._is_open = True

    def add(self, document: Document) -> Iterator[Document]:
        """Hold a document in place of an earlier copy; yield what does not fit any more."""
        if not self._is_open:
            yield document
            return
        self._held[document["id"]] = _Held(self._moment_of(document), msgspec.json.encode(document))
        if len(self._held) > MAX_HELD:
            self._is_open = False
            yield from (document for _, document in self.in_order())

    def in_order(self) -> Iterator[tuple[datetime, Document]]:
        """Yield the documents with their dates, and let go of them."""
        held, self._held = self._held, {}
        for key in sorted(held, key=lambda key: held[key].moment):
            moment, encoded = held.pop(key)
            document: Any = msgspec.json.decode(encoded)
            yield moment, document
