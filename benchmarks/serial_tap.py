"""A plain tap for orders, as the SDK's guide would have it: the yardstick.

It has a stream for the list and a child stream for the orders, and sends one request after the
other. Everything else is the SDK's default, except that it keeps no bookmark per parent, which
would take time quadratic in the orders. It reads what is within reach of the list, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import SchemaDirectory, Stream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import PageNumberPaginator
from singer_sdk.streams import RESTStream

from tap_vtex import schemas

if TYPE_CHECKING:
    import requests
    from singer_sdk.helpers.types import Context, Record


class Pages(PageNumberPaginator):
    """The pages of the list."""

    def has_more(self, response: requests.Response) -> bool:
        """Whether there is another one."""
        paging = response.json()["paging"]
        return bool(paging["currentPage"] < paging["pages"])


class VtexStream(RESTStream[int]):
    """Base of both streams."""

    @property
    def url_base(self) -> str:
        """The store's URL."""
        return str(self.config["api_url"])

    @property
    def http_headers(self) -> dict[str, Any]:
        """The headers of every request."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-VTEX-API-AppKey": self.config["app_key"],
            "X-VTEX-API-AppToken": self.config["app_token"],
        }


class ListStream(VtexStream):
    """The rows of the order list."""

    name = "order_list"
    path = "/api/oms/pvt/orders"
    primary_keys = ("orderId",)
    records_jsonpath = "$.list[*]"
    schema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("orderId", th.StringType),
        th.Property("creationDate", th.DateTimeType),
        th.Property("status", th.StringType),
    ).to_dict()

    def get_new_paginator(self) -> Pages:
        """Start at the first page."""
        return Pages(1)

    def get_url_params(
        self,
        context: Context | None,  # noqa: ARG002
        next_page_token: int | None,
    ) -> dict[str, Any]:
        """The query for a page of the list."""
        return {"page": next_page_token, "per_page": 100, "orderBy": "creationDate,asc"}

    def get_child_context(self, record: Record, context: Context | None) -> dict[str, Any]:  # noqa: ARG002
        """The id of a row's order."""
        return {"order_id": record["orderId"]}


def _root(stream: str) -> dict[str, Any]:
    """A stream's schema, without the declarations inside its root fields."""
    schema = SchemaDirectory(schemas).get_schema(stream)
    fields = schema["properties"].items()
    return {
        "type": "object",
        "properties": {
            name: {key: field[key] for key in ("type", "format") if key in field}
            for name, field in fields
        },
    }


class OrdersStream(VtexStream):
    """Orders, with only the root of the tap's schema: nested fields cost the SDK a lot."""

    name = "orders"
    path = "/api/oms/pvt/orders/{order_id}"
    primary_keys = ("orderId",)
    records_jsonpath = "$"
    parent_stream_type = ListStream
    state_partitioning_keys = ()
    schema: ClassVar[dict[str, Any]] = _root("orders")


class SerialTap(Tap):
    """Singer tap for VTEX orders."""

    name = "serial-tap"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("app_key", th.StringType, required=True),
        th.Property("app_token", th.StringType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[Stream]:
        """Both streams."""
        return [ListStream(self), OrdersStream(self)]


if __name__ == "__main__":
    SerialTap.cli()
