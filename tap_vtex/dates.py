"""Dates: the formats VTEX sends, and the one the tap writes.

VTEX sends the same field with 0, 6 or 7 fractional digits, and with ``Z``, an offset or no
zone. The tap always writes UTC with six digits and ``Z``, which sorts chronologically as text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

#: Where the microseconds end in a date with seconds and a fraction.
MICROSECOND: Final = len("2026-11-23T08:30:00.000000")
#: Bounds for dates used in arithmetic. .NET writes year 1 for "no date", and subtracting an hour
#: from that overflows in Python.
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def parse(value: object) -> datetime | None:
    """Parse a VTEX date; None if it is missing or can't be parsed.

    A date without a zone is taken as UTC, which the order, client and promotion APIs use
    throughout. Digits beyond the microsecond are dropped.
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


def bounded(moment: datetime | None) -> datetime | None:
    """Clamp a moment to `EARLIEST` .. `LATEST`, so that arithmetic can't overflow."""
    return min(max(moment, EARLIEST), LATEST) if moment else None


def text(moment: datetime) -> str:
    """Format a UTC moment as the tap writes it: ``2026-11-23T08:30:00.000000Z``."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def normalized(value: object) -> str | None:
    """Reformat a VTEX date as the tap writes it; None if it is missing or can't be parsed."""
    if (
        isinstance(value, str)
        and len(value) > MICROSECOND
        and (value[-1] == "Z" or value[-6:] == "+00:00")
        and value[4:20:3] == "--T::."
        and value[11:13] < "24"
        and value[20:MICROSECOND].isdigit()
    ):
        # Nearly all of VTEX's dates look like this: check and truncate, without formatting.
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return None
        return f"{value[:MICROSECOND]}Z"
    moment = parse(value)
    return text(moment) if moment else None


def start_of_day(moment: datetime) -> datetime:
    """Midnight UTC of a moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
