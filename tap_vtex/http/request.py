"""A request to VTEX, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from tap_vtex.http.endpoint import Body
from tap_vtex.naming import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tap_vtex.http.endpoint import Endpoint


class Request(NamedTuple, Generic[Body]):
    """A request to an endpoint. As a text, it is fit for the log."""

    endpoint: Endpoint[Body]
    ids: tuple[object, ...]
    path: str
    query: str
    headers: Mapping[str, str]
    #: Statuses that are an answer here, though they usually pass.
    no_retry: Collection[int] = ()
    #: What to send; None for GET.
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.endpoint.method} {shown(self.path)}"


class Response(NamedTuple, Generic[Body]):
    """What VTEX sent: the body, as its endpoint decodes it, and the headers."""

    body: Body
    headers: Mapping[str, str]
