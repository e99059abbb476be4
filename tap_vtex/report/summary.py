"""The summary table at the end of a run."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tap_vtex.counting import counted
from tap_vtex.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

    from tap_vtex.http.client import VtexClient

HEADS: Final = ("stream", "rows", "requests", "retries", "seconds", "result")
NOT_REACHED: Final = "not reached"


@dataclass
class Entry:
    """The figures of one stream."""

    rows: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0
    #: The other stream whose figures include this one's requests, if any.
    counted_with: str | None = None
    result: str = NOT_REACHED
    #: Rows left out because their key can't be read.
    without_key: int = 0

    def cells(self, name: str) -> tuple[str, ...]:
        """The entry as a row of the table."""
        if self.counted_with:
            cost = ("", "", "")
        else:
            cost = (f"{self.requests:,}", f"{self.retries:,}", f"{self.seconds:,.1f}")
        without = f", {counted(self.without_key, 'rows')} without a key" if self.without_key else ""
        return (name, f"{self.rows:,}", *cost, self.result + without)


class _Reading:
    """A stream being read, and the client's counters when it started."""

    def __init__(self, charged: str, client: VtexClient) -> None:
        self.charged = charged
        self.client = client
        self.requests = client.requests
        self.retries = client.retries
        self.began = time.monotonic()


class Summary:
    """Counts rows, requests and seconds of each stream."""

    def __init__(self) -> None:
        self._entries: defaultdict[str, Entry] = defaultdict(Entry)
        #: Rows of all streams.
        self.rows = 0
        #: For each stream that does the reading, the first selected stream it reads for.
        self._charged: dict[str, str] = {}
        self._open: _Reading | None = None

    def expect(self, stream: str, read_by: str) -> None:
        """Add a selected stream, which is read by itself or by its parent."""
        charged = self._charged.setdefault(read_by, stream)
        self._entries[stream] = Entry(counted_with=None if charged == stream else charged)

    def count_row(self, stream: str) -> None:
        """Count a row."""
        self.rows += 1
        self._entries[stream].rows += 1

    def count_without_key(self, stream: str) -> int:
        """Count a row left out for its key; return how many there were before."""
        entry = self._entries[stream]
        entry.without_key += 1
        return entry.without_key - 1

    @contextmanager
    def reading(self, stream: str, client: VtexClient) -> Generator[None]:
        """Measure the requests and seconds of a stream, and record how it ends.

        `lines` also counts a block that a signal has left open.
        """
        self._open = _Reading(self._charged.get(stream, stream), client)
        try:
            yield
        except BaseException:
            self._close("stopped")
            raise
        self._close("complete")

    def _close(self, result: str) -> None:
        reading, self._open = self._open, None
        if reading is None:
            return
        entry = self._entries[reading.charged]
        entry.requests += reading.client.requests - reading.requests
        entry.retries += reading.client.retries - reading.retries
        entry.seconds += time.monotonic() - reading.began
        for name, other in self._entries.items():
            if reading.charged in (name, other.counted_with):
                other.result = result

    def lines(self, failed: Collection[str]) -> list[str]:
        """The table. ``failed`` names streams, or parts of streams, as in ``newsletter (NL)``."""
        self._close("stopped")
        for name, entry in self._entries.items():
            if any(one == name or one.startswith(f"{name} (") for one in failed):
                entry.result = "FAILED"
        return table([HEADS, *(entry.cells(name) for name, entry in self._entries.items())])
