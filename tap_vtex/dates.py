"""Dates as VTEX writes them, and as the tap hands them on.

VTEX sends the same field with 0, 6 or 7 digits of fraction, with ``Z``, an offset, or
nothing at all. The tap emits one form only: UTC, six digits, ``Z``. Texts of that form
sort like the moments they name.
"""

from __future__ import annotations

from datetime import UTC, datetime


def parse(value: object) -> datetime | None:
    """Read a date of VTEX's; None where there is none, or none that can be read.

    A date without zone is taken as UTC: in the order, client and promotion APIs all dates
    are. Digits beyond the microsecond are cut.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text(moment: datetime) -> str:
    """Write a moment (UTC) in the tap's one form, ``2026-11-23T08:30:00.000000Z``."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
