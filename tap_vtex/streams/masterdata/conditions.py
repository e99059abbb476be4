"""The conditions by which a run reads an entity, and their names in the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.streams.masterdata import api, rows
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    #: Makes the condition for the documents of a window.
    Where = Callable[[Window], str]

#: The kinds of windows.
CREATED: Final = "created"
ACTIVE: Final = "active"
#: Queries that no date divides, by what the state and the log call them.
UNDATED: Final = "without a creation date"
OLDEST: Final = f"created before {api.BEGINNING.year}"
WHOLE: Final = {UNDATED: api.UNDATED, OLDEST: api.BEFORE_THE_BEGINNING}


def wanted(start: datetime | None) -> str | None:
    """The condition that a start date sets, if there is one."""
    return api.active_in(Window(start, api.END)) if start else None


def where_of(kind: str, start: datetime | None) -> Where:
    """The condition for a window of creation, or of activity."""
    if kind == ACTIVE:
        return api.active_in

    def created(part: Window) -> str:
        return api.all_of(api.within(rows.CREATED, part), wanted(start))

    return created


def whole(query: str, start: datetime | None) -> str:
    """The condition of a query that no date divides."""
    return api.all_of(WHOLE[query], wanted(start))


def name_of(kind: str, window: Window) -> str:
    """What the state calls a window."""
    return f"{kind} {dates.text(window.start)} {dates.text(window.end)}"


def window_named(key: str) -> tuple[str, Window | None]:
    """The kind of a window in the state, and the window; None if its dates can't be read."""
    kind, _, texts = key.partition(" ")
    start, _, end = map(dates.parse, texts.partition(" "))
    return kind, Window(start, end) if start and end else None
