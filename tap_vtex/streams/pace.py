"""Decides when a checkpoint is due."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

#: The most records between two checkpoints.
MAX_RECORDS: Final = 500
#: The most seconds between two checkpoints.
MAX_SECONDS: Final = 60.0


class Pace:
    """Counts records and time since the last checkpoint."""

    def __init__(self, written: Callable[[], int] | None = None) -> None:
        """Begin to count; ``written`` is a total of records, used if it grows faster."""
        self._written = written or (lambda: 0)
        self._begin(time.monotonic())

    def _begin(self, now: float) -> None:
        self._records, self._written_before, self._since = 0, self._written(), now

    def count(self, records: int = 1) -> None:
        """Count records."""
        self._records += records

    def is_due(self) -> bool:
        """Whether a checkpoint is due; if so, starts counting again."""
        now = time.monotonic()
        records = max(self._records, self._written() - self._written_before)
        due = records >= MAX_RECORDS or now - self._since >= MAX_SECONDS
        if due:
            self._begin(now)
        return due
