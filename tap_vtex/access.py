"""Which License Manager resource opens which path of VTEX's API.

Taken from the permission tables of VTEX's API reference. A store's administrator finds a
resource by product, then category, then name; a second resource is one that opens the
path as well.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Resource(NamedTuple):
    """A License Manager resource, as an administrator clicks through to it."""

    product: str
    category: str
    name: str

    def __str__(self) -> str:
        return f"'{self.name}' (product {self.product}, category {self.category})"


# Since 2025 the catalog has two sets of resources. What was the product Catalog is called
# Catalog Legacy in many stores, and what was Catalog API is called Catalog there.
_OLD_CATALOG: Final = "Catalog or Catalog Legacy"
_NEW_CATALOG: Final = "Catalog or Catalog API"

ORDERS_FULL_ACCESS: Final = Resource("Checkout", "CheckoutResources", "Orders Full Access")
MASTER_DATA_ADMINISTRATOR: Final = Resource(
    "Dynamic Storage", "Dynamic storage generic resources", "Master Data administrator"
)
VIEW_PRODUCT: Final = Resource(_NEW_CATALOG, "General", "View Product")
VIEW_CATEGORY: Final = Resource(_NEW_CATALOG, "General", "View Category")
VIEW_BRAND: Final = Resource(_NEW_CATALOG, "General", "View Brand")
LOGISTICS_VIEWER: Final = Resource("Logistics", "Logistics access", "Logistics viewer")
LOGISTICS_FULL_ACCESS: Final = Resource("Logistics", "Logistics access", "Logistics full access")


def _old_catalog(name: str) -> Resource:
    return Resource(_OLD_CATALOG, "Content", name)


#: Tried in this order; the first pattern that matches the whole path counts.
RESOURCES: Final[tuple[tuple[re.Pattern[str], tuple[Resource, ...]], ...]] = (
    # Orders
    (
        re.compile(r"/api/oms/pvt/orders"),
        (Resource("OMS", "OMS access", "List Orders"), ORDERS_FULL_ACCESS),
    ),
    (
        re.compile(r"/api/oms/pvt/orders/[^/]+"),
        (Resource("OMS", "OMS access", "View order"), ORDERS_FULL_ACCESS),
    ),
    # Master Data
    (
        re.compile(r"/api/dataentities/[^/]+/(search|scroll)"),
        (
            Resource("Dynamic Storage", "Dynamic storage generic resources", "Read only documents"),
            MASTER_DATA_ADMINISTRATOR,
        ),
    ),
    (
        re.compile(r"/api/dataentities/[^/]+"),
        (
            Resource("Dynamic Storage", "Data entity", "View data entity details"),
            MASTER_DATA_ADMINISTRATOR,
        ),
    ),
    # Catalog
    (
        re.compile(r"/api/catalog_system/pvt/products/GetProductAndSkuIds"),
        (_old_catalog("Product management"), VIEW_PRODUCT),
    ),
    (
        re.compile(r"/api/catalog/pvt/product/[^/]+"),
        (_old_catalog("Product and SKU Management"), VIEW_PRODUCT),
    ),
    (
        re.compile(
            r"/api/catalog_system/pvt/sku/"
            r"(stockkeepingunitids|stockkeepingunitbyid/[^/]+|stockkeepingunitByProductId/[^/]+)"
        ),
        (_old_catalog("SKUs"), VIEW_PRODUCT),
    ),
    (
        re.compile(r"/api/catalog_system/pub/category/tree/[^/]+"),
        (_old_catalog("Category"), VIEW_CATEGORY),
    ),
    (
        re.compile(r"/api/catalog/pvt/category/[^/]+"),
        (_old_catalog("Categories Management"), VIEW_CATEGORY),
    ),
    (
        re.compile(r"/api/catalog_system/pvt/brand/(list|pagedlist)"),
        (_old_catalog("Brands"), VIEW_BRAND),
    ),
    (
        re.compile(r"/api/catalog_system/pvt/saleschannel/list"),
        (VIEW_PRODUCT,),
    ),
    (
        re.compile(r"/api/catalog_system/pvt/seller/list"),
        (Resource("Seller Register", "Seller Administration", "View Seller"), VIEW_PRODUCT),
    ),
    # Prices
    (
        re.compile(r"/[^/]+/pricing/prices/[^/]+"),
        (Resource("Pricing", "Price List", "Read prices"),),
    ),
    # Stock
    (
        re.compile(r"/api/logistics/pvt/inventory/skus/[^/]+"),
        (
            Resource("Logistics", "Logistics access", "Logistics inventory read only"),
            LOGISTICS_VIEWER,
            Resource("Logistics", "Logistics access", "Logistics inventory full access"),
            LOGISTICS_FULL_ACCESS,
        ),
    ),
    (
        re.compile(r"/api/logistics/pvt/configuration/warehouses"),
        (LOGISTICS_VIEWER, LOGISTICS_FULL_ACCESS),
    ),
    # Promotions and coupons: one resource, which VTEX also knows by the key
    # GerenciarPromocoesETarifas, opens all of it.
    (
        re.compile(r"/api/rnb/pvt/.+"),
        (Resource("Rates and Benefits", "Promotions", "Manage benefits and rates"),),
    ),
)


def resources_for(path: str) -> tuple[Resource, ...]:
    """The resources of which one opens a path; empty where none is known."""
    for pattern, resources in RESOURCES:
        if pattern.fullmatch(path):
            return resources
    return ()


def how_to_grant(path: str) -> str:
    """A sentence that tells the store's administrator what to grant for a path."""
    resources = resources_for(path)
    if not resources:
        return "Check the role of the key in the store's License Manager."
    first, *others = (str(resource) for resource in resources)
    instead = f", or {' or '.join(others)}" if others else ""
    return f"Give the key's role the resource {first}{instead}, in the License Manager."
