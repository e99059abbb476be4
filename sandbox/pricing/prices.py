"""The price of each SKU."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox import goods

if TYPE_CHECKING:
    from sandbox.catalog.catalog import Catalog

Json = dict[str, Any]


@dataclass
class Pricing:
    """The prices of the catalog's SKUs, in decimals rather than cents."""

    catalog: Catalog
    #: Edited prices; None for a removed one.
    _set: dict[int, Json | None] = field(default_factory=dict)

    def price(self, sku_id: int) -> Json | None:
        """A SKU's price; None if it has none."""
        if sku_id in self._set:
            return self._set[sku_id]
        product_id = self.catalog.product_of(sku_id)
        if product_id is None or sku_id % 19 == 6:
            return None
        return _price(self.catalog.seed, product_id, sku_id)

    def set_price(self, sku_id: int, **fields: Any) -> None:  # noqa: ANN401 - of the document
        """Change or add a SKU's price."""
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
        """Remove a SKU's price."""
        self._set[sku_id] = None


def _price(seed: int, product_id: int, sku_id: int) -> Json:
    of = goods.product(seed, product_id)
    base, cost = of.price / 100, round(of.price * 0.006, 2)
    if sku_id == 0 or sku_id % 97 == 50:  # VTEX accepts negative prices
        cost = -cost
    # Fixed prices only, as in stores that need no base price.
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
    """Prices by trade policy and minimum quantity, some of them limited in time."""
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
