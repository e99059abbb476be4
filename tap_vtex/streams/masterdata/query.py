"""The conditions by which Master Data is asked for documents.

Times only: whether any other field can be filtered is up to the store. Ranges are written
with ``between``, the one form of which VTEX's reference gives examples with dates. Whether
its ends belong to it, VTEX does not say: so each range goes on for a second into the next.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tap_vtex.windows import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_vtex.windows import Window

CREATED: Final = "createdIn"
#: A client that was never edited has no ``updatedIn``; none of the three is always there.
DATES: Final = (CREATED, "updatedIn", "lastInteractionIn")
#: Before VTEX had customers. What was imported with an older date is read in one go.
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
END: Final = datetime(2199, 12, 31, tzinfo=UTC)

BEFORE_THE_BEGINNING: Final = f"({CREATED}<{BEGINNING + SECOND:%Y-%m-%dT%H:%M:%S}.000Z)"
UNDATED: Final = f"({CREATED} is null)"


def within(name: str, window: Window) -> str:
    """A date that lies in a window, whose last second counts to its end."""
    start, end = (f"{at:%Y-%m-%dT%H:%M:%S}" for at in (window.start, window.end + SECOND))
    return f"({name} between {start}.000Z AND {end}.999Z)"


def active(window: Window) -> str:
    """Any of the dates in a window: made, updated, or interacted with."""
    return any_of(within(name, window) for name in DATES)


def any_of(conditions: Iterable[str]) -> str:
    """One condition of several."""
    return f"({' OR '.join(conditions)})"


def all_of(*conditions: str | None) -> str:
    """Several conditions at once; None is no condition."""
    return " AND ".join(condition for condition in conditions if condition)
