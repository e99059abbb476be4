"""Warehouses with the stock of each SKU, docks and pickup points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.logistics import places

if TYPE_CHECKING:
    from sandbox.catalog.catalog import Catalog

Json = dict[str, Any]

#: The list of warehouses omits the last one: it was deleted, but its stock remained.
WAREHOUSES = (
    ("1_1", "Estoque principal"),
    ("CDsul", "Centro de distribuição Sul"),
    ("14e3fcc", "Loja Paulista"),
    ("102e53e", "Galpão antigo"),
)
LEAD_TIMES = ("00:00:00", "1.00:00:00", "2.12:30:00")


@dataclass
class Logistics:
    """The warehouses and the stock of the catalog's SKUs."""

    catalog: Catalog
    #: How many pickup points there are.
    pickup_points: int = 29
    #: Edited fields of rows, by SKU and warehouse.
    _set: dict[tuple[int, str], Json] = field(default_factory=dict)

    def inventory(self, sku_id: int) -> Json | None:
        """A SKU's stock in each warehouse; None if the SKU does not exist."""
        if self.catalog.product_of(sku_id) is None:
            return None
        balance = []
        for place, (warehouse_id, name) in enumerate(WAREHOUSES):
            changes = self._set.get((sku_id, warehouse_id))
            # The first warehouse has every SKU, except for a few that are nowhere.
            if changes or (sku_id % 31 != 11 and (place == 0 or (sku_id + place) % 4 == 1)):
                balance.append(_row(sku_id, place, warehouse_id, name) | (changes or {}))
        return {"skuId": str(sku_id), "balance": balance}

    def set_stock(
        self,
        sku_id: int,
        warehouse_id: str,
        total: int,
        **fields: Any,  # noqa: ANN401 - of the row
    ) -> None:
        """Set a SKU's quantity and other fields in a warehouse."""
        if warehouse_id not in dict(WAREHOUSES):
            raise ValueError(f"Unknown warehouse {warehouse_id}")
        changes = self._set.setdefault((sku_id, warehouse_id), {})
        changes |= {"totalQuantity": total, **fields}

    def warehouses(self) -> list[Json]:
        """Rows of the list of warehouses."""
        return [
            {
                "id": warehouse_id,
                "name": name,
                "warehouseDocks": [
                    {"dockId": f"{dock + 1}_1", "time": LEAD_TIMES[dock], "cost": 0.0}
                    for dock in range(places.DOCKS)
                ]
                if place < 2
                else [],
                "pickupPointIds": [f"pup-{one:05d}" for one in range(5)] if place == 2 else [],
                "priority": place,
                "isActive": place != 1,
            }
            for place, (warehouse_id, name) in enumerate(WAREHOUSES[:-1])
        ]

    def docks(self) -> list[Json]:
        """Rows of the list of docks."""
        return [places.dock(number) for number in range(places.DOCKS)]

    def some_pickup_points(self, start: int, end: int) -> list[Json]:
        """Rows of the list of pickup points."""
        return [places.pickup_point(one) for one in range(start, min(end, self.pickup_points))]


def _row(sku_id: int, place: int, warehouse_id: str, name: str) -> Json:
    chance = (sku_id * len(WAREHOUSES) + place) * 0x9E3779B97F4A7C15 >> 20
    total = chance % 90 * (chance >> 8 & 1)
    reserved = min(total, chance >> 12 & 3)
    if sku_id % 67 == 3:  # more is reserved than in stock
        reserved = total + 2
    if sku_id % 89 == 4:
        reserved = -1
    supply = {2: "10000-01-01T00:00:00+00:00", 8: "2026-12-24T03:00:00+00:00"}
    return {
        "warehouseId": warehouse_id,
        "warehouseName": name,
        "totalQuantity": total,
        "reservedQuantity": reserved,
        "hasUnlimitedQuantity": sku_id % 43 == 1,
        "timeToRefill": "5.00:00:00" if sku_id % 47 == 1 else None,
        "dateOfSupplyUtc": supply.get(sku_id % 53),
        "leadTime": LEAD_TIMES[chance % len(LEAD_TIMES)],
    }
