"""How the tables join: each by ``account_name`` and one pair of fields."""

from __future__ import annotations

from typing import Final, NamedTuple


class Join(NamedTuple):
    """A table, its field, and the table and field that it points to."""

    table: str
    field: str
    to: str
    key: str
    #: Where it is within the field; ``[]`` stands for each element of a list.
    path: tuple[str, ...] = ()
    note: str = ""

    @property
    def left(self) -> str:
        """The field in words."""
        return ".".join((self.field, *self.path)).replace(".[]", "[]")


JOINS: Final = (
    Join("order_items", "orderId", "orders", "orderId"),
    Join("payments", "orderId", "orders", "orderId"),
    Join("packages", "orderId", "orders", "orderId"),
    Join(
        *("orders", "clientProfileData", "clients", "userId", ("userProfileId",)),
        note="not for clients whom the store has no record of: from other marketplaces, or erased",
    ),
    Join("order_items", "userProfileId", "clients", "userId"),
    Join("payments", "userProfileId", "clients", "userId"),
    Join("packages", "userProfileId", "clients", "userId"),
    Join("carts", "client_id", "clients", "id"),
    Join("addresses", "userId", "clients", "userId", note="in some stores `clients.id`"),
    Join("newsletter", "id", "clients", "id", note="where `source_entity` is CL"),
    Join("order_items", "sku_id", "skus", "Id"),
    Join("carts", "items", "skus", "Id", ("[]", "sku_id"), note="a list in each row"),
    Join("skus", "ProductId", "products", "Id"),
    Join("products", "BrandId", "brands", "id"),
    Join("products", "CategoryId", "categories", "Id"),
    Join("prices", "itemId", "skus", "Id"),
    Join("inventory", "skuId", "skus", "Id"),
    Join("inventory", "warehouseId", "warehouses", "id", note="may differ in letter case"),
    Join(
        "warehouses", "warehouseDocks", "docks", "id", ("[]", "dockId"), note="a list in each row"
    ),
    Join("warehouses", "pickupPointIds", "pickup_points", "id", ("[]",), note="a list in each row"),
    Join("order_items", "brandId", "brands", "id"),
    Join("order_items", "seller", "sellers", "SellerId"),
    Join("orders", "salesChannel", "sales_channels", "Id"),
)
