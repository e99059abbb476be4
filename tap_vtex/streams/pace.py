"""When a checkpoint is due."""

from __future__ import annotations

import time
from typing import Final

#: At most this many records between two checkpoints ...
MAX_RECORDS: Final = 500
#: ... and at most so many seconds.
MAX_SECONDS: Final = 60.0


class Pace:
    """Counts what has happened since the last checkpoint."""

    def __init__(self) -> None:
        self._records = 0
        self._since = time.monotonic()

    def count(self, records: int = 1) -> None:
        """Count records."""
        self._records += records

    def is_due(self) -> bool:
        """Whether it is time for a checkpoint; counts from there on."""
        now = time.monotonic()
        due = self._records >= MAX_RECORDS or now - self._since >= MAX_SECONDS
        if due:
            self._records, self._since = 0, now
        return due
