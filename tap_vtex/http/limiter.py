"""The request rate of the whole process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tap_vtex.errors import AbandonedError

if TYPE_CHECKING:
    from tap_vtex.shutdown import Shutdown


class RateLimiter:
    """Spaces requests evenly over all threads, and pauses them all on demand.

    VTEX counts requests by account, and the store's ERP shares the quota. So the requests of
    a minute are spread over the minute, and idle time is not made up for.
    """

    def __init__(self, requests_per_minute: int, shutdown: Shutdown) -> None:
        self._shutdown = shutdown
        self._gap = 60 / requests_per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0

    def wait(self, stop: threading.Event) -> None:
        """Wait for this request's turn.

        Raises:
            AbandonedError: ``stop`` was set while waiting.
            Terminated: A signal has come.
        """
        while True:
            with self._lock:
                turn = max(time.monotonic(), self._next, self._paused_until)
                self._next = turn + self._gap
            if self._shutdown.wait(turn - time.monotonic(), stop):
                raise AbandonedError
            # A pause that began meanwhile holds for this thread too.
            if turn >= self._paused_until:
                return

    def pause(self, seconds: float) -> None:
        """Let no request out for ``seconds``, from any thread."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)
            self._next = max(self._next, self._paused_until)
