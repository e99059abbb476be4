"""The streams of VTEX's catalog."""

from tap_vtex.streams.catalog.lists import (
    CategoriesStream,
    SalesChannelsStream,
    SellersStream,
)
from tap_vtex.streams.catalog.streams import BrandsStream, ProductsStream, SkusStream

__all__ = [
    "BrandsStream",
    "CategoriesStream",
    "ProductsStream",
    "SalesChannelsStream",
    "SellersStream",
    "SkusStream",
]
