"""The conditions of a run's queries, and their names in the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.streams.masterdata import api, rows
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    #: Returns the condition for the documents of a window.
    Where = Callable[[Window], str]

#: The kinds of windows.
CREATED: Final = "created"
ACTIVE: Final = "active"
#: Names of queries that can't be split by date, as they are in the state and the log.
UNDATED: Final = "without a creation date"
OLDEST: Final = f"created before {api.BEGINNING.year}"
WHOLE: Final = {UNDATED: api.UNDATED, OLDEST: api.BEFORE_THE_BEGINNING}


def wanted(start: datetime | None) -> str | None:
    """The condition for a start date, if there is one."""
    return api.active_in(Window(start, api.END)) if start else None


def where_of(kind: str, start: datetime | None) -> Where:
    """The function that returns the condition for a window, by creation date or by activity."""
    if kind == ACTIVE:
        return api.active_in

    def created(part: Window) -> str:
        return api.all_of(api.within(rows.CREATED_IN, part), wanted(start))

    return created


def whole(query: str, start: datetime | None) -> str:
    """The condition of a query that can't be split by date."""
    return api.all_of(WHOLE[query], wanted(start))


def name_of(kind: str, window: Window) -> str:
    """The name of a window in the state."""
    return f"{kind} {dates.text(window.start)} {dates.text(window.end)}"


def window_named(key: str) -> tuple[str, Window | None]:
    """Parse a name from the state into kind and window; None if its dates can't be read."""
    kind, _, texts = key.partition(" ")
    start, _, end = map(dates.parse, texts.partition(" "))
    return kind, Window(start, end) if start and end else None
