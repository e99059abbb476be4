"""The streams of VTEX's catalog."""

from tap_vtex.streams.catalog.lists import (
    CategoriesStream,
    CollectionsStream,
    SalesChannelsStream,
    SellersStream,
)
from tap_vtex.streams.catalog.streams import BrandsStream, ProductsStream, SkusStream

__all__ = [
    "BrandsStream",
    "CategoriesStream",
    "CollectionsStream",
    "ProductsStream",
    "SalesChannelsStream",
    "SellersStream",
    "SkusStream",
]
