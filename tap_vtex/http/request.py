"""A request to VTEX, and its response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from tap_vtex.http.endpoint import Body
from tap_vtex.naming import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tap_vtex.http.endpoint import Endpoint


class Request(NamedTuple, Generic[Body]):
    """A request to an endpoint. Its ``str`` is safe to log."""

    endpoint: Endpoint[Body]
    ids: tuple[object, ...]
    path: str
    query: str
    headers: Mapping[str, str]
    #: Retryable statuses that are final here.
    no_retry: Collection[int] = ()
    #: None for GET.
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.endpoint.method} {shown(self.path)}"


class Response(NamedTuple, Generic[Body]):
    """A response: the headers, and the body as decoded by the endpoint."""

    body: Body
    headers: Mapping[str, str]
