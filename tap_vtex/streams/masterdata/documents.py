"""What all documents of Master Data have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tap_vtex import dates
from tap_vtex.streams.masterdata.query import DATES

if TYPE_CHECKING:
    from collections.abc import Mapping


Document = dict[str, Any]


class Found(NamedTuple):
    """A document that was read, and why."""

    document: Document
    #: It was there when it was read last, and has changed since; else it may be new.
    has_changed: bool = False


def last_activity(document: Mapping[str, Any]) -> str | None:
    """When a document was last made, updated or interacted with, in the tap's one form.

    VTEX leaves ``updatedIn`` empty until the first edit, and any of the three may be
    missing in old documents.
    """
    moments = [dates.parse(document.get(name)) for name in DATES]
    return max((dates.text(moment) for moment in moments if moment), default=None)
