"""Time that passes only while somebody waits for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_vtex.shutdown import Shutdown

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class FakeTime(Shutdown):
    """Stands in for `Shutdown`, whose waits end at once, and for the module ``time``."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        #: Every wait that was not 0, in seconds.
        self.waits: list[float] = []
        #: Called once, while the first wait is under way.
        self.meanwhile: Callable[[], object] | None = None
        self._lock = threading.Lock()

    def replace_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let client and limiter go by this time."""
        for module in ("client", "limiter"):
            monkeypatch.setattr(f"tap_vtex.http.{module}.time", self)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.now

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Let time pass; return whether ``stop`` is set."""
        if seconds > 0:
            with self._lock:
                until = self.now + seconds
                self.waits.append(seconds)
                meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile:
                meanwhile()
            self.now = max(self.now, until)
        return stop.is_set()
