"""What each SKU costs, by VTEX's Pricing API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import goods
from sandbox.answers import STORE, json_answer
from sandbox.catalog.routes import identifier

if TYPE_CHECKING:
    from sandbox.catalog.catalog import Catalog

Json = dict[str, Any]

LIMITS = {"Ratelimit-Limit": "2000", "Ratelimit-Remaining": "1999", "Ratelimit-Reset": "60"}
#: Bodies that come where there is no price; nobody says which.
NO_PRICE = ("Price not found", '"Price not found"', '{"error":{"code":"404"}}', "")

routes = web.RouteTableDef()


@dataclass
class Pricing:
    """The prices of the catalog's SKUs. Money is in decimals, not in cents."""

    catalog: Catalog
    #: Prices that somebody set, whole; None where somebody removed one.
    _set: dict[int, Json | None] = field(default_factory=dict)

    def price(self, sku_id: int) -> Json | None:
        """A SKU's price; None where there is none."""
        if sku_id in self._set:
            return self._set[sku_id]
        product_id = self.catalog.product_of(sku_id)
        if product_id is None or sku_id % 19 == 6:
            return None
        return _price(self.catalog.seed, product_id, sku_id)

    def set_price(self, sku_id: int, **fields: Any) -> None:  # noqa: ANN401 - of the document
        """Change fields of a SKU's price, or give it one."""
        old = self.price(sku_id) or {
            "itemId": str(sku_id),
            "listPrice": None,
            "costPrice": None,
            "markup": None,
            "basePrice": None,
            "fixedPrices": [],
        }
        if unknown := fields.keys() - old.keys():
            raise ValueError(f"A price has no {sorted(unknown)}")
        self._set[sku_id] = old | fields

    def remove_price(self, sku_id: int) -> None:
        """Let a SKU have no price."""
        self._set[sku_id] = None


def _price(seed: int, product_id: int, sku_id: int) -> Json:
    of = goods.product(seed, product_id)
    base, cost = of.price / 100, round(of.price * 0.006, 2)
    if sku_id == 0 or sku_id % 97 == 50:  # nobody checks what is typed in
        cost = -cost
    # Prices of price tables only, as stores have them that need no base price.
    bare = sku_id % 29 == 8
    return {
        "itemId": str(sku_id),
        "listPrice": None if bare or sku_id % 13 == 5 else of.list_price / 100,
        "costPrice": None if sku_id % 37 == 9 else cost,
        "markup": None if bare else round((base / cost - 1) * 100, 2),
        "basePrice": None if bare else base,
        "fixedPrices": _fixed_prices(sku_id, base),
    }


def _fixed_prices(sku_id: int, base: float) -> list[Json]:
    """Prices per trade policy, from a quantity on, for ever or for some days."""
    fixed = [
        {"tradePolicyId": "1", "value": base, "listPrice": None, "minQuantity": 1},
        {
            "tradePolicyId": "1",
            "value": round(base * 0.8, 2) if sku_id % 97 != 50 else -0.01,
            "listPrice": base,
            "minQuantity": 1,
            "dateRange": {"from": "2026-11-26T03:00:00Z", "to": "2026-11-30T02:59:59Z"},
        },
        {
            "tradePolicyId": "atacado",
            "value": round(base * 0.7, 2),
            "listPrice": None,
            "minQuantity": 12,
            "dateRange": {"from": "2025-01-01T00:00:00-03:00", "to": "2027-01-01T00:00:00-03:00"},
        },
    ]
    return fixed[: sku_id % 4]


@routes.get("/{account}/pricing/prices/{sku_id}")
async def get_price(request: web.Request) -> web.Response:
    """VTEX's Get price."""
    store = request.app[STORE]
    if not store.may("Read prices"):
        answer = json_answer({"message": "Access denied"}, store.manners.lacking_access)
    elif request.match_info["account"] != store.account:
        answer = json_answer({"message": "Account not found"}, 404)
    else:
        answer = _answer(store.pricing, identifier(request, "sku_id"))
    answer.headers.update(LIMITS)
    return answer


def _answer(pricing: Pricing, sku_id: int | None) -> web.Response:
    price = None if sku_id is None else pricing.price(sku_id)
    if price is not None:
        return json_answer(price)
    return web.Response(status=404, text=NO_PRICE[(sku_id or 0) % len(NO_PRICE)])
