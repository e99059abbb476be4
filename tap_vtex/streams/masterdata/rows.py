"""Rows of Master Data: id and dates are decoded, the rest stays JSON until it is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import msgspec

from tap_vtex import dates
from tap_vtex.http import bodies

if TYPE_CHECKING:
    from tap_vtex.types import Document

CREATED_IN: Final = "createdIn"
#: Each can be missing; a client that was never edited has no ``updatedIn``.
DATES: Final = (CREATED_IN, "updatedIn", "lastInteractionIn")
#: The format of ids that Master Data generates.
GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class _Head(msgspec.Struct, gc=False, rename="camel"):
    id: Any = None
    created_in: Any = None
    updated_in: Any = None
    last_interaction_in: Any = None


class Row:
    """A document as received. Dates are in the tap's format."""

    __slots__ = ("_content", "created", "id", "last_activity", "raw_id")

    def __init__(self, head: _Head, content: bytes) -> None:
        #: Its id as VTEX spells it: a copy in the index is spelled differently from its document.
        self.raw_id: str = head.id
        #: Its id as in records.
        self.id = normalized_id(head.id)
        created = dates.normalized(head.created_in)
        moments = (
            created,
            dates.normalized(head.updated_in),
            dates.normalized(head.last_interaction_in),
        )
        #: When it was created; empty if unknown.
        self.created = created or ""
        #: The latest of its dates; None if it has none. VTEX leaves ``updatedIn`` empty until
        #: the first edit, and old documents can lack all three.
        self.last_activity = max(filter(None, moments), default=None)
        self._content = content

    def document(self) -> Document:
        """Decode the whole document."""
        document: Document = bodies.decode_checked(self._content)
        document["id"] = self.id
        return document


def decode(content: bytes) -> object:
    """Decode a list of rows. A row without a readable id is None.

    Raises:
        ValueError: The body is not JSON, is truncated, or is nested too deeply.
    """
    rows = bodies.undecoded_rows(content, _Head)
    if not isinstance(rows, list):
        return rows
    return [Row(*row) if row and _has_id(row[0]) else None for row in rows]


def are_rows(body: object) -> TypeGuard[list[Row | None]]:
    """Whether a body is a list. One bad row must not block the others."""
    return isinstance(body, list)


def normalized_id(document_id: str) -> str:
    """Convert GUIDs to lower case, as in records.

    VTEX generates GUIDs in lower case. Its index can hold a copy of a document under the same
    GUID in capitals (VTEX's known issue 1203412). Other ids were chosen by the store, and may
    differ only in letter case.
    """
    lower = document_id.lower()
    return lower if lower != document_id and GUID.fullmatch(document_id) else document_id


def _has_id(head: _Head) -> bool:
    return isinstance(head.id, str) and bool(head.id)
