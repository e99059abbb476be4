"""The rate limit of the whole process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import AbandonedError

if TYPE_CHECKING:
    from tap_vtex.shutdown import Shutdown

MINUTE: Final = 60.0


class RateLimiter:
    """Limits the request rate across threads, and pauses requests to one host on demand.

    VTEX counts requests per account, and the store's ERP shares the quota. So no span of a
    minute has more than its share. The first minute may use it up in a burst, so that short runs
    end sooner. After that, requests are spread evenly, and idle time is not made up for.
    """

    def __init__(
        self, requests_per_minute: int, shutdown: Shutdown, *, may_burst: bool = True
    ) -> None:
        """Set the rate. Without ``may_burst``, the first minute is like the others.

        Processes that follow each other within a minute must not burst.
        """
        self._shutdown = shutdown
        self._per_minute = requests_per_minute
        self._gap = MINUTE / requests_per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        #: Times of the requests in the latest minute, in ascending order.
        self._turns: deque[float] = deque()
        #: When the burst ends, and how many requests are left in it.
        self._burst_until: float | None = None
        self._burst_left = requests_per_minute if may_burst else 0
        self._paused_until: dict[object, float] = defaultdict(float)

    def wait(self, stop: threading.Event, host: object = None) -> None:
        """Wait until a request to a host may be sent.

        Raises:
            AbandonedError: ``stop`` was set while waiting.
            Terminated: A signal has come.
        """
        while True:
            with self._lock:
                turn = self._earliest_turn()
                paused_until = self._paused_until[host]
                if paused_until <= turn:
                    self._take(turn)
            if self._shutdown.wait(max(turn, paused_until) - time.monotonic(), stop):
                raise AbandonedError
            # A pause that began meanwhile applies to this thread, too. After a pause, its
            # requests queue again.
            if self._paused_until[host] <= turn:
                return

    def pause(self, seconds: float, host: object = None) -> None:
        """Hold back all threads' requests to a host for ``seconds``."""
        with self._lock:
            until = time.monotonic() + seconds
            self._paused_until[host] = max(self._paused_until[host], until)
            self._burst_left = 0

    def _earliest_turn(self) -> float:
        now = time.monotonic()
        while self._turns and self._turns[0] <= now - MINUTE:
            self._turns.popleft()
        turn = max(now, self._next)
        if len(self._turns) >= self._per_minute:
            turn = max(turn, self._turns[-self._per_minute] + MINUTE)
        return turn

    def _take(self, turn: float) -> None:
        if self._burst_until is None:
            self._burst_until = turn + MINUTE
        if self._burst_left and turn < self._burst_until:
            self._burst_left -= 1
            self._next = turn
        else:
            self._burst_left = 0
            self._next = turn + self._gap
        self._turns.append(turn)
