"""The store as a whole: its content, access rights and behavior."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.catalog.catalog import Catalog
from sandbox.clock import DAY, HOUR, SECOND, Clock
from sandbox.logistics.stock import Logistics
from sandbox.masterdata.forms import entities
from sandbox.masterdata.scrolls import Scrolls
from sandbox.oms.book import OrderBook
from sandbox.oms.feed import Feed
from sandbox.pricing.prices import Pricing
from sandbox.promotions.benefits import Coupons, Promotions, Taxes
from sandbox.quirks import Quirks

if TYPE_CHECKING:
    import msgspec

    from sandbox.interception import Interceptor
    from sandbox.masterdata.entities import Entity, Entry
    from sandbox.masterdata.where import Where

APP_KEY = "vtexappkey-ipe-SANDBX"
APP_TOKEN = "NOTASECRETNOTASECRETNOTASECRET"  # noqa: S105 - it opens only the sandbox
MINUTE = 60.0
MAX_CACHED_SEARCHES = 50


class Pace:
    """Counts the requests of the last minute and enforces the rate limit."""

    def __init__(self, per_minute: int | None) -> None:
        self.per_minute = per_minute
        self.peak = 0
        self._times: deque[float] = deque()

    def take(self) -> float:
        """Count a request. Returns the seconds to wait if it exceeds the limit, else 0."""
        now = time.monotonic()
        while self._times and self._times[0] <= now - MINUTE:
            self._times.popleft()
        if self.per_minute is not None and len(self._times) >= self.per_minute:
            return self._times[0] + MINUTE - now
        self._times.append(now)
        self.peak = max(self.peak, len(self._times))
        return 0.0


@dataclass
class Store:
    """A VTEX account and everything in it."""

    seed: int
    clock: Clock
    book: OrderBook
    clients: int
    skus: int
    entities: dict[str, Entity]
    catalog: Catalog
    pricing: Pricing
    logistics: Logistics
    promotions: Promotions
    taxes: Taxes
    coupons: Coupons
    account: str = "ipe"
    quirks: Quirks = field(default_factory=Quirks)
    latency: float = 0.0
    #: Every Nth request takes ten times the latency; 0 for none.
    slow_one_in: int = 0
    pace: Pace = field(default_factory=lambda: Pace(None))
    #: License Manager resources of the key's role; None for all.
    granted: set[str] | None = None
    faults: list[Interceptor] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    #: The query strings of the latest requests.
    queries: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    scrolls: Scrolls = field(default_factory=Scrolls)
    #: Cache of Master Data documents as JSON; None for no cache.
    rendered: dict[tuple[object, ...], dict[Entry, msgspec.Raw]] | None = None
    feed: Feed = field(init=False)
    _searches: dict[tuple[object, ...], list[Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.feed = Feed(self.quirks)

    @classmethod
    def create(
        cls,
        *,
        clock: Clock,
        orders: int = 5000,
        days: int = 730,
        clients: int | None = None,
        skus: int | None = None,
        seed: int = 1,
        account: str = "ipe",
        peaks: dict[int, int] | None = None,
        **settings: Any,  # noqa: ANN401 - fields of the store
    ) -> Store:
        """Create a store with ``orders`` orders, spread over the last ``days`` days."""
        now = clock.now()
        first = now - now % HOUR - days * DAY
        clients = max(10, orders * 3 // 5) if clients is None else clients
        skus = max(40, min(100_000, orders // 2)) if skus is None else skus
        quirks = settings.setdefault("quirks", Quirks())
        catalog = Catalog(seed, skus, now, account, quirks)
        return cls(
            account=account,
            seed=seed,
            clock=clock,
            book=OrderBook(seed, first, now, orders, peaks=peaks),
            clients=clients,
            entities=entities(seed, first - 3 * 365 * DAY, now, clients, account),
            skus=skus,
            catalog=catalog,
            pricing=Pricing(catalog),
            logistics=Logistics(catalog),
            promotions=Promotions(seed, skus, now),
            taxes=Taxes(seed, skus, now),
            coupons=Coupons(seed, now),
            **settings,
        )

    def found(self, entity: Entity, text: str | None, where: Where | None, now: int) -> list[Entry]:
        """What a search finds at a given time, cached for the second."""
        key = (entity.acronym, text, now // SECOND, entity.changes())
        if key not in self._searches:
            if len(self._searches) > MAX_CACHED_SEARCHES:
                self._searches.clear()
            self._searches[key] = entity.find(where, now)
        return self._searches[key]

    def may(self, *resources: str) -> bool:
        """Whether the key's role has one of the resources."""
        return self.granted is None or not self.granted.isdisjoint(resources)
