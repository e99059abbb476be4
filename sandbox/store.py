"""The store as a whole: what is in it, who may see it, and how it behaves."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sandbox.clock import DAY, HOUR, Clock
from sandbox.oms.book import OrderBook

if TYPE_CHECKING:
    from sandbox.faults import Fault

APP_KEY = "vtexappkey-ipe-SANDBX"
APP_TOKEN = "NOTASECRETNOTASECRETNOTASECRET"  # noqa: S105 - it opens nothing but the sandbox
MINUTE = 60.0


@dataclass
class Manners:
    """Where VTEX's documentation is silent: which way the store behaves."""

    #: The list beyond its thirtieth page.
    page_31: Literal["error", "empty", "repeat"] = "error"
    #: Rows a page at most; 100 says the documentation.
    most_rows: int = 100
    #: More rows a page than that.
    large_pages: Literal["clamp", "error"] = "clamp"
    #: The list of a window that begins more than two years ago.
    beyond_two_years: Literal["empty", "error"] = "empty"
    #: Whether rows of the list carry the undocumented lastChange.
    rows_have_last_change: bool = True
    #: The status for a key whose role lacks something. OMS has been seen to send a 401.
    lacking_access: Literal[401, 403] = 403


class Pace:
    """Counts the requests of the last minute, and says when one is too many."""

    def __init__(self, per_minute: int | None) -> None:
        self.per_minute = per_minute
        self.most = 0
        self._times: deque[float] = deque()

    def take(self) -> float:
        """Count a request; the seconds to wait if it is over the limit, else 0."""
        now = time.monotonic()
        while self._times and self._times[0] <= now - MINUTE:
            self._times.popleft()
        if self.per_minute is not None and len(self._times) >= self.per_minute:
            return self._times[0] + MINUTE - now
        self._times.append(now)
        self.most = max(self.most, len(self._times))
        return 0.0


@dataclass
class Store:
    """A VTEX account with all that belongs to it."""

    seed: int
    clock: Clock
    book: OrderBook
    clients: int
    skus: int
    account: str = "ipe"
    manners: Manners = field(default_factory=Manners)
    latency: float = 0.0
    #: Requests that take ten times the latency: one in so many; 0 for none.
    slow_one_in: int = 0
    pace: Pace = field(default_factory=lambda: Pace(None))
    #: License Manager resources of the key's role; None for all there are.
    granted: set[str] | None = None
    faults: list[Fault] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)

    @classmethod
    def create(
        cls,
        *,
        clock: Clock,
        orders: int = 5000,
        days: int = 730,
        seed: int = 1,
        peaks: dict[int, int] | None = None,
        **settings: Any,  # noqa: ANN401 - fields of the store
    ) -> Store:
        """A store with so many orders in the days up to now."""
        now = clock.now()
        return cls(
            seed=seed,
            clock=clock,
            book=OrderBook(seed, now - now % HOUR - days * DAY, now, orders, peaks=peaks),
            clients=max(10, orders * 3 // 5),
            skus=max(40, min(100_000, orders // 2)),
            **settings,
        )

    def may(self, *resources: str) -> bool:
        """Whether the key's role holds one of some resources."""
        return self.granted is None or not self.granted.isdisjoint(resources)
