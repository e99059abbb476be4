"""What takes the place of the client where a test plays VTEX itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex.http.retry import RetryPolicy
from tap_vtex.http.workers import Workers

if TYPE_CHECKING:
    import threading


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
