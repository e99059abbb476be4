"""The request rate of the whole process."""

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
    """Keeps requests of all threads below a rate, and pauses those to one host on demand.

    VTEX counts requests by account, and the store's ERP shares the quota. So a minute, wherever
    it begins, never has more than its share. The first one may use it at once: a run that needs
    no more ends that much sooner. From then on, the requests of a minute are spread over the
    minute, and idle time is not made up for.
    """

    def __init__(
        self, requests_per_minute: int, shutdown: Shutdown, *, may_burst: bool = True
    ) -> None:
        """Without ``may_burst``, the first minute is like the others.

        So it has to be for one of several processes that follow each other within a minute.
        """
        self._shutdown = shutdown
        self._per_minute = requests_per_minute
        self._gap = MINUTE / requests_per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        #: The turns of the latest minute, in ascending order.
        self._turns: deque[float] = deque()
        #: Until when, and how often, requests need not be spread.
        self._burst_until: float | None = None
        self._burst_left = requests_per_minute if may_burst else 0
        self._paused_until: dict[object, float] = defaultdict(float)

    def wait(self, stop: threading.Event, host: object = None) -> None:
        """Wait for the turn of a request to a host.

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
            # A pause that began meanwhile holds for this thread too. After a pause, all its
            # requests queue again.
            if self._paused_until[host] <= turn:
                return

    def pause(self, seconds: float, host: object = None) -> None:
        """Let no request to a host out for ``seconds``, from any thread."""
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
