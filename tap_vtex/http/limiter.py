"""The request rate of the whole process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from tap_vtex.errors import AbandonedError

if TYPE_CHECKING:
    from tap_vtex.shutdown import Shutdown


class RateLimiter:
    """Spaces requests evenly over all threads, and pauses those to one host on demand.

    VTEX counts requests by account, and the store's ERP shares the quota. So the requests of
    a minute are spread over the minute, and idle time is not made up for.
    """

    def __init__(self, requests_per_minute: int, shutdown: Shutdown) -> None:
        self._shutdown = shutdown
        self._gap = 60 / requests_per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until: dict[object, float] = defaultdict(float)

    def wait(self, stop: threading.Event, host: object = None) -> None:
        """Wait for the turn of a request to a host.

        Raises:
            AbandonedError: ``stop`` was set while waiting.
            Terminated: A signal has come.
        """
        while True:
            with self._lock:
                turn = max(time.monotonic(), self._next)
                paused_until = self._paused_until[host]
                if paused_until <= turn:
                    self._next = turn + self._gap
            if self._shutdown.wait(max(turn, paused_until) - time.monotonic(), stop):
                raise AbandonedError
            # A pause that began meanwhile holds for this thread too. After a pause, all its
            # requests queue again.
            if self._paused_until[host] <= turn:
                return

    def pause(self, seconds: float, host: object = None) -> None:
        """Let no request to a host out for ``seconds``, from any thread."""
        with self._lock:
            until = time.monotonic() + seconds
            self._paused_until[host] = max(self._paused_until[host], until)
