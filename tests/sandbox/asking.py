"""Requests to the sandbox as any client sends them, for each route that the tap reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import requests

from sandbox.store import APP_KEY, APP_TOKEN
from sandbox.tampering.shapes import SHAPES, Shape

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from tests.support.shop import Shop

Json = dict[str, Any]

HEADERS: Final = {
    "X-VTEX-API-AppKey": APP_KEY,
    "X-VTEX-API-AppToken": APP_TOKEN,
    "Accept": "application/json",
    "Content-Type": "application/json",
}
LEGACY: Final = "/api/catalog_system/pvt"
RATES: Final = "/api/rnb/pvt"
LOGISTICS: Final = "/api/logistics/pvt/configuration"


@dataclass(frozen=True)
class Route:
    """A request to one of VTEX's routes."""

    #: The route's path with placeholders, as in `sandbox.tampering.shapes.SHAPES`.
    spelled: str
    path: str
    query: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """How its response looks."""
        return SHAPES[self.spelled]


def _plain(path: str, **query: object) -> Route:
    return Route(path, path, query)


def page(start: int, end: int) -> dict[str, str]:
    """The header for a page of search."""
    return {"REST-Range": f"resources={start}-{end}"}


#: What the tap reads, by a name for the tests. Single things are asked for by the id that
#: a test fills in.
ROUTES: Final[dict[str, Route]] = {
    "orders": _plain("/api/oms/pvt/orders", per_page=20, orderBy="creationDate,asc"),
    "order": Route("/api/oms/pvt/orders/{order_id}", "/api/oms/pvt/orders/{id}"),
    "entities": _plain("/api/dataentities"),
    "structure": Route("/api/dataentities/{acronym}", "/api/dataentities/CL"),
    "schemas": Route(
        "/api/dataentities/{acronym}/schemas",
        "/api/dataentities/vtex_return_app_returnRequest/schemas",
    ),
    "schema": Route(
        "/api/dataentities/{acronym}/schemas/{schema}",
        "/api/dataentities/wishlist/schemas/wishlist",
    ),
    "search": Route(
        "/api/dataentities/{acronym}/search", "/api/dataentities/CL/search", headers=page(0, 10)
    ),
    "scroll": Route(
        "/api/dataentities/{acronym}/scroll", "/api/dataentities/CL/scroll", {"_size": 10}
    ),
    "products": _plain(f"{LEGACY}/products/GetProductAndSkuIds", _from=1, _to=3),
    "sku-ids": _plain(f"{LEGACY}/sku/stockkeepingunitids", page=1, pagesize=10),
    "sku-rows": Route(
        f"{LEGACY}/sku/stockkeepingunitByProductId/{{product_id}}",
        f"{LEGACY}/sku/stockkeepingunitByProductId/{{id}}",
    ),
    "context": Route(
        f"{LEGACY}/sku/stockkeepingunitbyid/{{sku_id}}", f"{LEGACY}/sku/stockkeepingunitbyid/{{id}}"
    ),
    "product": Route("/api/catalog/pvt/product/{product_id}", "/api/catalog/pvt/product/{id}"),
    "tree": Route(
        "/api/catalog_system/pub/category/tree/{levels}", "/api/catalog_system/pub/category/tree/10"
    ),
    "category": Route("/api/catalog/pvt/category/{category_id}", "/api/catalog/pvt/category/{id}"),
    "brands": _plain(f"{LEGACY}/brand/list"),
    "brand-pages": _plain(f"{LEGACY}/brand/pagedlist", page=1, pageSize=3),
    "collections": _plain(f"{LEGACY}/collection/search", page=1, pageSize=3, orderByAsc="true"),
    "sales-channels": _plain(f"{LEGACY}/saleschannel/list"),
    "sellers": _plain(f"{LEGACY}/seller/list"),
    "price": Route("/{account}/pricing/prices/{sku_id}", "/ipe/pricing/prices/{id}"),
    "stock": Route(
        "/api/logistics/pvt/inventory/skus/{sku_id}", "/api/logistics/pvt/inventory/skus/{id}"
    ),
    "warehouses": _plain(f"{LOGISTICS}/warehouses"),
    "docks": _plain(f"{LOGISTICS}/docks"),
    "pickup-points": _plain(f"{LOGISTICS}/pickuppoints"),
    "pickup-pages": _plain(f"{LOGISTICS}/pickuppoints/_search", page=1, pageSize=10),
    "promotions": _plain(f"{RATES}/benefits/calculatorconfiguration"),
    "archive": _plain(f"{RATES}/archive/benefits/calculatorConfiguration"),
    "taxes": _plain(f"{RATES}/taxes/calculatorconfiguration"),
    "tax-archive": _plain(f"{RATES}/archive/taxes/calculatorConfiguration"),
    "promotion": Route(
        f"{RATES}/calculatorconfiguration/{{promotion_id}}",
        f"{RATES}/calculatorconfiguration/{{id}}",
    ),
    "coupons": _plain(f"{RATES}/coupon"),
}
LISTS: Final = [name for name, route in ROUTES.items() if route.shape.rows is not None]
PAGED: Final = [name for name, route in ROUTES.items() if route.shape.paging]
COUNTED: Final = [name for name, route in ROUTES.items() if route.shape.total]
SINGLE: Final = [name for name, route in ROUTES.items() if route.shape.id_parameter]


class Asker:
    """Asks a store, and takes its responses apart."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(
        self, path: str, query: Json | None = None, headers: Json | None = None, timeout: float = 10
    ) -> requests.Response:
        """Ask for a path."""
        return self._session.get(
            self.shop.url + path,
            params=query,
            headers={**HEADERS, **(headers or {})},
            timeout=timeout,
            allow_redirects=False,
        )

    def post(self, what: str, body: object) -> requests.Response:
        """Tell the sandbox to change something."""
        return self._session.post(f"{self.shop.url}/_sandbox/{what}", json=body, timeout=10)

    def route(self, name: str, thing: object = None, **query: object) -> requests.Response:
        """Ask for one of the routes, about a thing."""
        route = ROUTES[name]
        if route.shape.id_parameter and thing is None:
            thing = self.things(name)[1]
        path = route.path.replace("{id}", str(thing))
        return self.get(path, {**route.query, **query}, route.headers)

    def things(self, name: str) -> list[str]:
        """The ids of the things that a route has."""
        return [str(one) for one in ROUTES[name].shape.ids(self.shop.store)]


def rows(name: str, response: requests.Response) -> list[Any]:
    """The rows of a response; pairs where they are an object's fields."""
    body, field_of_rows = response.json(), ROUTES[name].shape.rows
    found = body[field_of_rows] if field_of_rows else body
    return list(found.items()) if isinstance(found, dict) else found


def total(name: str, response: requests.Response) -> int | None:
    """The total that a response announces."""
    where = ROUTES[name].shape.total
    if where is None:
        return None
    if "." not in where:
        header = response.headers.get(where)
        return None if header is None else int(header.rpartition("/")[2])
    section, name_of_total = where.split(".")
    announced: int = response.json()[section][name_of_total]
    return announced
