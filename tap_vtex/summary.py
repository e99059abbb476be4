"""What a run has come to, stream by stream: its last lines."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tap_vtex.tables import table

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

    from tap_vtex.client import VtexClient

HEADS: Final = ("stream", "rows", "requests", "retries", "seconds", "result")
NOT_REACHED: Final = "not reached"


@dataclass
class Entry:
    """What one stream has come to."""

    rows: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0
    #: The stream in whose figures the requests are, where that is another one.
    read_with: str | None = None
    result: str = NOT_REACHED

    def cells(self, name: str) -> tuple[str, ...]:
        """The entry as a line of the table."""
        if self.read_with:
            cost = ("", "", "")
        else:
            cost = (f"{self.requests:,}", f"{self.retries:,}", f"{self.seconds:,.1f}")
        return (name, f"{self.rows:,}", *cost, self.result)


class Summary:
    """Counts rows, requests and seconds of each stream."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._charged: dict[str, str] = {}

    def expect(self, stream: str, read_by: str) -> None:
        """Take note that a stream is to be read, by itself or by its parent."""
        charged = self._charged.setdefault(read_by, stream)
        self._entries[stream] = Entry(read_with=None if charged == stream else charged)

    def count_row(self, stream: str) -> None:
        """Take note of a row."""
        self._entries.setdefault(stream, Entry()).rows += 1

    @contextmanager
    def reading(self, stream: str, client: VtexClient) -> Generator[None]:
        """Take note of the requests and seconds that pass, and of what comes of them."""
        charged = self._charged.get(stream, stream)
        entry = self._entries.setdefault(charged, Entry())
        began, requests, retries = time.monotonic(), client.requests, client.retries
        result = "stopped"
        try:
            yield
            result = "complete"
        finally:
            entry.seconds += time.monotonic() - began
            entry.requests += client.requests - requests
            entry.retries += client.retries - retries
            for name, other in self._entries.items():
                if charged in (name, other.read_with):
                    other.result = result

    def lines(self, failed: Collection[str]) -> list[str]:
        """A table, with the streams (or parts of them) that ``failed`` marked as such."""
        for name, entry in self._entries.items():
            if any(one == name or one.startswith(f"{name} (") for one in failed):
                entry.result = "FAILED"
        return table([HEADS, *(entry.cells(name) for name, entry in self._entries.items())])
