"""Scroll: pages of up to 1,000, held together by a token that dies.

There are ten at once for all that use the account. A page whose answer is lost may be gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata.entity import TIMED_OUT, LostError, announced, compare

if TYPE_CHECKING:
    from collections.abc import Generator

    from tap_vtex.client import Answer
    from tap_vtex.streams.base import Document
    from tap_vtex.streams.masterdata.entity import Entity

#: Documents a page; the next size is tried when Master Data times out.
PAGE_SIZES: Final = (1000, 500, 250, 100)


class ScrollRefusedError(Exception):
    """No scroll can be had now: all that the account may have are in use."""


class Scroller:
    """Reads an entity by scroll, and keeps in mind which pages are small enough for it."""

    def __init__(self, entity: Entity) -> None:
        """Begin with the largest pages."""
        self._entity = entity
        self._sizes = list(PAGE_SIZES)

    def read(self, where: str | None) -> Generator[Document, None, int]:
        """Yield the documents that meet a condition; returns how many there were.

        Raises:
            ScrollRefusedError: there is no scroll to be had.
            LostError: it broke off, or came short of its total.
        """
        answer = self._open(where)
        total = announced(answer.headers.get("REST-Content-Total"))
        seen: set[str] = set()
        token = ""
        while answer.body:
            seen.update(document["id"] for document in answer.body)
            yield from answer.body
            # Until the empty page: a scroll that is left open counts against the account.
            token = answer.headers.get("X-VTEX-MD-TOKEN") or token
            try:
                answer = self._entity.get("scroll", {"_token": token}, final=(TIMED_OUT,))
            except RefusedError as refusal:
                if total is not None and len(seen) >= total:
                    break
                raise self._broken(refusal) from None
        compare(len(seen), total)
        return len(seen)

    def _open(self, where: str | None) -> Answer[list[Document]]:
        while True:
            params = {**self._entity.wanted(where), "_size": self._sizes[0]}
            try:
                return self._entity.get("scroll", params, final=(TIMED_OUT,))
            except RefusedError as refusal:
                if "simultaneous scrolls" in refusal.said:
                    raise ScrollRefusedError from None
                if refusal.status != TIMED_OUT:
                    raise
            if not self._can_shrink():
                raise LostError("a scroll timed out, however small its pages")

    def _broken(self, refusal: RefusedError) -> LostError:
        if refusal.status != TIMED_OUT:
            return LostError("a scroll's token died")
        # The size is settled when a scroll begins: smaller pages take a new one.
        self._can_shrink()
        return LostError("a page of a scroll timed out")

    def _can_shrink(self) -> bool:
        """Go on with smaller pages, if there are any."""
        if len(self._sizes) == 1:
            return False
        self._sizes.pop(0)
        return True
