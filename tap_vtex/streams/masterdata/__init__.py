"""Clients, addresses, newsletter subscribers, carts and more: VTEX's Master Data."""

from tap_vtex.streams.masterdata.carts import CartsStream
from tap_vtex.streams.masterdata.newsletter import NewsletterStream
from tap_vtex.streams.masterdata.streams import AddressesStream, ClientsStream, EntityStream

__all__ = [
    "AddressesStream",
    "CartsStream",
    "ClientsStream",
    "EntityStream",
    "NewsletterStream",
]
