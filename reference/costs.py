"""What each stream costs in requests: the first load, and a run in which little has changed."""

from __future__ import annotations

from typing import Final

ORDERS: Final = (
    "one request for each order and one for each 100 of them. Later: one for each 100 orders of "
    "the last `recent_days` (3), or forty; once a day, one for each 100 of the look-back and of "
    "older returns; and one for each order that is new or has changed"
)
OF_ORDERS: Final = "none if `orders` is selected; otherwise as many as `orders`"
MASTER_DATA: Final = (
    "one request for each 1,000 documents, and a few for each window of 9,000. Later: a handful, "
    "and one for each 1,000 documents that are new or have changed"
)
WITH_CLIENTS: Final = "none if `clients` is selected; otherwise as many as `clients`"
PER_SKU: Final = (
    "one request for each SKU, and one for each 1,000 that lists them. Later: the same, at most "
    "once in `{setting}` (24)"
)
WHOLE: Final = "one request in each run, or a few if VTEX splits the list into pages"

BENEFITS: Final = (
    "two requests, and one for each {one}. Later: two, and one for each that was modified"
)

COSTS: Final = {
    "orders": ORDERS,
    "order_items": OF_ORDERS,
    "payments": OF_ORDERS,
    "packages": OF_ORDERS,
    "incomplete_orders": ORDERS,
    "carts": WITH_CLIENTS,
    "clients": MASTER_DATA,
    "addresses": MASTER_DATA,
    "newsletter": f"{WITH_CLIENTS}. For each further source, as many as `addresses`",
    "md_<acronym>": MASTER_DATA,
    "products": (
        "one request for each 250 products, two for each product and one for each SKU. Later: one "
        "for each 250 products, one for each product once in `catalog_check_hours` (24; up to 500 "
        "products in every run), and those for what has changed; every `catalog_full_refresh_days` "
        "(7) as many as the first load. If the key may read SKUs but not products: the same, with "
        "one for each 1,000 SKUs to list them"
    ),
    "skus": "none if `products` is selected; otherwise as many as `products`",
    "categories": (
        "one request for the tree and one for each category. Later: one, and all of them when the "
        "tree has changed and every `catalog_full_refresh_days` (7)"
    ),
    "brands": f"{WHOLE}; none if the key may not read the list, because `products` finds them",
    "collections": WHOLE,
    "sales_channels": WHOLE,
    "sellers": WHOLE,
    "promotions": BENEFITS.format(one="promotion"),
    "coupons": WHOLE,
    "taxes": BENEFITS.format(one="tax"),
    "warehouses": WHOLE,
    "docks": WHOLE,
    "pickup_points": WHOLE,
    "prices": PER_SKU.format(setting="prices_refresh_hours"),
    "inventory": PER_SKU.format(setting="inventory_refresh_hours"),
}
