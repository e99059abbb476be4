"""The store as a whole: what is in it, who may see it, and how it behaves."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sandbox.catalog.catalog import Catalog
from sandbox.clock import DAY, HOUR, SECOND, Clock
from sandbox.logistics import Logistics
from sandbox.masterdata.forms import entities
from sandbox.masterdata.scrolls import Scrolls
from sandbox.oms.book import OrderBook
from sandbox.pricing import Pricing
from sandbox.promotions.benefits import Coupons, Promotions

if TYPE_CHECKING:
    from sandbox.faults import Fault
    from sandbox.masterdata.entities import Entity, Entry
    from sandbox.masterdata.where import Where

APP_KEY = "vtexappkey-ipe-SANDBX"
APP_TOKEN = "NOTASECRETNOTASECRETNOTASECRET"  # noqa: S105 - it opens nothing but the sandbox
MINUTE = 60.0
MOST_SEARCHES_KEPT = 50


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
    #: Master Data: documents a page of a scroll, above which it times out with a 408.
    most_in_a_scroll: int = 1000
    #: Master Data: the status for an entity that the store does not have.
    unknown_entity: Literal[400, 403, 404] = 404
    #: Master Data: entities and fields that the key may not read.
    forbidden_entities: frozenset[str] = frozenset()
    private_fields: frozenset[str] = frozenset()
    #: Master Data: fields that can be filtered though the structure does not say so.
    also_filters: frozenset[str] = frozenset()
    #: Master Data: REST-Content-Range as ``resources=0-10/98``, or with a space for the ``=``.
    content_range_with_equals: bool = True
    #: Master Data: the total that a search announces. Its index has been seen to count too few.
    search_total: Literal["right", "missing", "missing_when_empty", "low"] = "right"
    #: Master Data: whether a scroll announces a total.
    scroll_has_total: bool = True
    #: Master Data: how many scrolls, from now on, find nothing: VTEX calls it an incident.
    empty_scrolls: int = 0
    #: Catalog: for how many seconds a SKU's context does not show what was done to it.
    context_lag: float = 120.0
    #: Catalog: whether there is a product with the id 0, and of it a SKU with the id 0.
    has_product_zero: bool = True
    #: Catalog: more ids a page of a list than it is limited to.
    large_id_pages: Literal["clamp", "error"] = "clamp"
    #: Catalog: the SKUs of a product that has none.
    no_skus: Literal["object", "array"] = "object"
    #: Catalog: whether the tree of categories shows inactive ones.
    tree_has_inactive: bool = True
    #: Logistics: the inventory of a SKU that does not exist.
    stock_of_unknown: Literal["error", "empty"] = "error"


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
    entities: dict[str, Entity]
    catalog: Catalog
    pricing: Pricing
    logistics: Logistics
    promotions: Promotions
    coupons: Coupons
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
    #: What the latest requests asked for.
    queries: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    scrolls: Scrolls = field(default_factory=Scrolls)
    _searches: dict[tuple[object, ...], list[Entry]] = field(default_factory=dict)

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
        """A store with so many orders in the days up to now."""
        now = clock.now()
        first = now - now % HOUR - days * DAY
        clients = max(10, orders * 3 // 5) if clients is None else clients
        skus = max(40, min(100_000, orders // 2)) if skus is None else skus
        manners = settings.setdefault("manners", Manners())
        catalog = Catalog(seed, skus, now, account, manners)
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
            coupons=Coupons(seed, now),
            **settings,
        )

    def found(self, entity: Entity, text: str | None, where: Where | None) -> list[Entry]:
        """What a search finds; asked again within a second, it finds the same."""
        now = self.clock.now()
        changes = sum(map(len, entity.edits.values()))
        key = (entity.acronym, text, now // SECOND, changes, len(entity.deleted))
        if key not in self._searches:
            if len(self._searches) > MOST_SEARCHES_KEPT:
                self._searches.clear()
            self._searches[key] = entity.find(where, now)
        return self._searches[key]

    def may(self, *resources: str) -> bool:
        """Whether the key's role holds one of some resources."""
        return self.granted is None or not self.granted.isdisjoint(resources)
