"""Scroll: pages of up to 1,000 documents, held together by a token that expires.

All users of an account share ten scrolls. A page whose response is lost may be gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata.api import SCROLL, TIMED_OUT, LostError, announced, compare

if TYPE_CHECKING:
    from collections.abc import Generator

    from tap_vtex.http.client import Response
    from tap_vtex.streams.masterdata.api import Entity
    from tap_vtex.types import Document

#: Documents a page. The next size is tried if Master Data times out.
PAGE_SIZES: Final = (1000, 500, 250, 100)


class ScrollRefusedError(Exception):
    """All scrolls of the account are in use."""


class Scroller:
    """Reads an entity by scroll, and remembers which page size it can take."""

    def __init__(self, entity: Entity) -> None:
        """Begin with the largest pages."""
        self._entity = entity
        self._sizes = list(PAGE_SIZES)

    def read(self, where: str | None) -> Generator[Document, None, int]:
        """Yield the documents that meet a condition.

        Returns:
            How many there were.

        Raises:
            ScrollRefusedError: No scroll is free.
            LostError: The scroll broke off, or came short of its total.
        """
        response = self._open(where)
        total = announced(response.headers.get("REST-Content-Total"))
        seen: set[str] = set()
        token = ""
        # Up to the empty page: a scroll that is left open counts against the account.
        while response.body:
            seen.update(document["id"] for document in response.body)
            yield from response.body
            token = response.headers.get("X-VTEX-MD-TOKEN") or token
            try:
                response = self._entity.get(SCROLL, {"_token": token}, no_retry=(TIMED_OUT,))
            except RefusedError as refusal:
                if total is not None and len(seen) >= total:
                    break
                raise self._broken(refusal) from None
        compare(len(seen), total)
        return len(seen)

    def _open(self, where: str | None) -> Response[list[Document]]:
        while True:
            params = {**self._entity.query(where), "_size": self._sizes[0]}
            try:
                return self._entity.get(SCROLL, params, no_retry=(TIMED_OUT,))
            except RefusedError as refusal:
                if "simultaneous scrolls" in refusal.vtex_message:
                    raise ScrollRefusedError from None
                if refusal.status != TIMED_OUT:
                    raise
            if not self._shrink():
                raise LostError("a scroll timed out even with its smallest pages")

    def _broken(self, refusal: RefusedError) -> LostError:
        if refusal.status != TIMED_OUT:
            return LostError("a scroll's token expired")
        # A scroll's page size is fixed when it begins: smaller pages take a new one.
        self._shrink()
        return LostError("a page of a scroll timed out")

    def _shrink(self) -> bool:
        """Go on with smaller pages; False if there are none."""
        if len(self._sizes) == 1:
            return False
        self._sizes.pop(0)
        return True
