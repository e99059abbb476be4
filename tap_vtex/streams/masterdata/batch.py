"""The documents of a window, put in the order of a date.

Scroll gives documents in an order of its own. In the order of a date, a run can make
checkpoints in the middle of a window: the next one goes on at that date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from tap_vtex.streams.masterdata.api import Dated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Documents to hold. More of them pass as they come, without checkpoints: a window has as
#: many only where its count was wrong.
MAX_HELD: Final = 10_000


class _Held(NamedTuple):
    key: str
    last_activity: str | None
    encoded: bytes


class Batch:
    """Documents to put in order, held as JSON, which takes a fraction of the memory."""

    def __init__(self, key_of: Callable[[Dated], str]) -> None:
        """Order by a text that is made of each document."""
        self._key_of = key_of
        self._held: dict[str, _Held] = {}
        self._is_open = True

    def add(self, dated: Dated) -> Iterable[Dated]:
        """Hold a document in place of an earlier copy; return what does not fit any more."""
        if not self._is_open:
            return (dated,)
        document, last_activity = dated
        encoded = msgspec.json.encode(document)
        self._held[document["id"]] = _Held(self._key_of(dated), last_activity, encoded)
        if len(self._held) <= MAX_HELD:
            return ()
        self._is_open = False
        return (dated for _, dated in self.in_order())

    def in_order(self) -> Iterator[tuple[str, Dated]]:
        """Yield the documents with their keys, and let go of them."""
        held, self._held = self._held, {}
        for document_id in sorted(held, key=lambda one: held[one].key):
            key, last_activity, encoded = held.pop(document_id)
            yield key, Dated(msgspec.json.decode(encoded), last_activity)
