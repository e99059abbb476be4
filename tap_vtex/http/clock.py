"""VTEX's clock, as far as its responses tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

#: A difference from this machine's clock that is worth a warning.
MAX_CLOCK_SKEW: Final = timedelta(hours=1)


class VtexClock:
    """The time by VTEX's first response; this machine's until there is one."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._offset: timedelta | None = None

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC) + (self._offset or timedelta())

    def read(self, date: str | None) -> None:
        """Set the clock by the ``Date`` header of the first response that has one."""
        if self._offset is not None:
            return
        try:
            offset = parsedate_to_datetime(date or "") - datetime.now(UTC)
        except (TypeError, ValueError):
            return
        if abs(offset) > MAX_CLOCK_SKEW:
            self._logger.warning(
                "VTEX's clock and this machine's differ by %s; the tap goes by VTEX's", abs(offset)
            )
        self._offset = offset
