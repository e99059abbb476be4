"""Dates as VTEX writes them, and as the tap writes them.

VTEX sends the same field with 0, 6 or 7 digits of fraction, and with ``Z``, an offset or no
zone at all. The tap writes one form only: UTC, six digits, ``Z``. Texts of that form sort like
the moments they stand for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

#: Where the microseconds end in a date with seconds and a fraction.
MICROSECOND: Final = len("2026-11-23T08:30:00.000000")
#: What lies outside of these is no date to calculate with. .NET writes year 1 for no date, and
#: Python can't go back an hour from there.
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def parse(value: object) -> datetime | None:
    """Parse a date of VTEX's; None if there is none, or none that can be parsed.

    A date without a zone is taken as UTC, since the order, client and promotion APIs use UTC
    throughout. Digits beyond the microsecond are cut off.
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
    """A moment to calculate with: no earlier than `EARLIEST` and no later than `LATEST`."""
    return min(max(moment, EARLIEST), LATEST) if moment else None


def text(moment: datetime) -> str:
    """Write a moment (UTC) in the tap's form, ``2026-11-23T08:30:00.000000Z``."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def normalized(value: object) -> str | None:
    """A date of VTEX's in the tap's form; None if there is none, or none that can be parsed."""
    if (
        isinstance(value, str)
        and len(value) > MICROSECOND
        and (value[-1] == "Z" or value[-6:] == "+00:00")
        and value[4:20:3] == "--T::."
        and value[11:13] < "24"
        and value[20:MICROSECOND].isdigit()
    ):
        # Nearly all of VTEX's dates. If it is one, it is cut off, and need not be written anew.
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
