"""Streams of VTEX's Master Data: clients, addresses, newsletter subscribers, carts and more."""

from tap_vtex.streams.masterdata.carts import CartsStream
from tap_vtex.streams.masterdata.clients import ClientsStream
from tap_vtex.streams.masterdata.further import FurtherEntityStream
from tap_vtex.streams.masterdata.newsletter import NewsletterStream
from tap_vtex.streams.masterdata.streams import AddressesStream

__all__ = [
    "AddressesStream",
    "CartsStream",
    "ClientsStream",
    "FurtherEntityStream",
    "NewsletterStream",
]
