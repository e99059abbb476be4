"""What takes the place of the client where a test plays VTEX itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_vtex.http.retry import RetryPolicy
from tap_vtex.http.workers import Workers

if TYPE_CHECKING:
    import threading

    from tap_vtex.http.client import Response
    from tap_vtex.http.endpoint import Endpoint


class FakeClient:
    """A client without HTTP; a test says what `get` gives."""

    policy = RetryPolicy()
    workers = Workers(1)

    def get(self, endpoint: Endpoint[Any], *ids: object, **options: Any) -> Response[Any]:
        """Give what VTEX would."""
        raise NotImplementedError

    def wait(self, seconds: float, _stop: threading.Event | None = None) -> None:
        """Responses that agree need no waiting."""
        assert not seconds
