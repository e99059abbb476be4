"""Rows of Master Data: what replication needs of them. The rest waits as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import msgspec

from tap_vtex import dates
from tap_vtex.http import bodies

if TYPE_CHECKING:
    from tap_vtex.types import Document

CREATED: Final = "createdIn"
#: A client that was never edited has no ``updatedIn``. Each of the three can be missing.
DATES: Final = (CREATED, "updatedIn", "lastInteractionIn")
#: The ids that Master Data makes itself.
GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class _Head(msgspec.Struct, gc=False, rename="camel"):
    id: Any = None
    created_in: Any = None
    updated_in: Any = None
    last_interaction_in: Any = None


class Row:
    """A document, as it came. Dates are in the tap's form."""

    __slots__ = ("_content", "created", "id", "last_activity", "spelled")

    def __init__(self, head: _Head, content: bytes) -> None:
        #: Its id as VTEX spells it: a copy in the index has another spelling than its document.
        self.spelled: str = head.id
        #: Its id as records have it.
        self.id = folded(head.id)
        created = dates.normalized(head.created_in)
        moments = (
            created,
            dates.normalized(head.updated_in),
            dates.normalized(head.last_interaction_in),
        )
        #: When it was created; empty if it does not say.
        self.created = created or ""
        #: When it was last created, updated or interacted with; None if it does not say. VTEX
        #: leaves ``updatedIn`` empty until the first edit, and old documents can lack all three.
        self.last_activity = max(filter(None, moments), default=None)
        self._content = content

    def document(self) -> Document:
        """Decode it."""
        document: Document = bodies.decode_checked(self._content)
        document["id"] = self.id
        return document


def decode(content: bytes) -> object:
    """Decode a list of rows. A row without a readable id is None.

    Raises:
        ValueError: The body is not JSON, or only part of it, or nested too deeply.
    """
    rows = bodies.undecoded_rows(content, _Head)
    if not isinstance(rows, list):
        return rows
    return [Row(*row) if row and _has_id(row[0]) else None for row in rows]


def are_rows(body: object) -> TypeGuard[list[Row | None]]:
    """Whether a body is a list of rows. One bad row must not hold up the others."""
    return isinstance(body, list)


def folded(document_id: str) -> str:
    """An id in the form that it has in records.

    The ids that VTEX makes are GUIDs in lower case. Its index can hold a document a second
    time, under the same GUID in capitals (VTEX's known issue 1203412). Ids that are no GUIDs
    were chosen by the store, and there letter case can make the difference.
    """
    lower = document_id.lower()
    return lower if lower != document_id and GUID.fullmatch(document_id) else document_id


def _has_id(head: _Head) -> bool:
    return isinstance(head.id, str) and bool(head.id)
