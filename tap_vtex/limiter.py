"""The pace of all requests of the process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tap_vtex.errors import AbandonedError

if TYPE_CHECKING:
    from tap_vtex.shutdown import Shutdown


class RateLimiter:
    """Spaces requests evenly, over all threads, and stops them all on demand.

    VTEX counts requests by account, and the store's ERP shares the quota: so the requests
    of a minute are spread over the minute instead of being spent at its start, and time
    in which the tap had nothing to ask is not caught up on.
    """

    def __init__(self, requests_per_minute: int, shutdown: Shutdown) -> None:
        self._shutdown = shutdown
        self._gap = 60 / requests_per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        self._closed_until = 0.0

    def wait(self, stop: threading.Event) -> None:
        """Wait for this request's turn.

        Raises:
            AbandonedError: ``stop`` was set while waiting.
            Terminated: a signal has come.
        """
        while True:
            with self._lock:
                turn = max(time.monotonic(), self._next, self._closed_until)
                self._next = turn + self._gap
            if self._shutdown.wait(turn - time.monotonic(), stop):
                raise AbandonedError
            # A pause that began while this thread waited holds for it too.
            if turn >= self._closed_until:
                return

    def pause(self, seconds: float) -> None:
        """Let no request out for so many seconds, whichever thread asks."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
            self._next = max(self._next, self._closed_until)
