"""What takes the place of the client where a test plays VTEX itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tap_vtex.http.request import Response
from tap_vtex.http.retry import RetryPolicy
from tap_vtex.http.workers import Workers
from tap_vtex.streams.orders.api import OrderBody

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping


class FakeClient:
    """A client without HTTP. A test adds what `get` gives."""

    policy = RetryPolicy()
    workers = Workers(1)

    def has_answered_since(self, _endpoint: object, _moment: float) -> bool:
        """It always answers."""
        return True

    def wait(self, seconds: float, _stop: threading.Event | None = None) -> None:
        """Responses that agree need no waiting."""
        assert not seconds


def order_response(order: Mapping[str, Any]) -> Response[OrderBody]:
    """What the client gives for an order."""
    return Response(OrderBody(msgspec.json.encode(order)), {})
