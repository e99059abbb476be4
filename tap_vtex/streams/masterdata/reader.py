"""The documents of a Master Data entity, read to the end and counted.

Scroll is VTEX's way to read many documents: pages of up to 1,000, held together by a token
that dies, ten of them at once for all that use the account. Search is the other way: pages
of 100, and no more than 10,000 documents a query. Both announce a total, and neither is
complete by itself: a page whose answer is lost may be gone. So what was received is counted
against what was announced, and read again where it is less.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata.documents import last_activity
from tap_vtex.streams.masterdata.query import CREATED

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tap_vtex.client import Answer, VtexClient

Document = dict[str, Any]

#: The media type of version 1, which is the one that holds clients.
ACCEPT: Final = {"Accept": "application/vnd.vtex.ds.v10+json"}
#: Documents a page of a scroll; the next size is tried when Master Data times out (408).
PAGE_SIZES: Final = (1000, 500, 250, 100)
SEARCH_PAGE: Final = 100
MOST_IN_A_SEARCH: Final = 10_000
TIMED_OUT: Final = 408
#: How often a query is read that comes short of its total, before that is an error.
ATTEMPTS: Final = 3


class ScrollRefusedError(Exception):
    """No scroll can be had now: all that the account may have are in use."""


class LostError(Exception):
    """A reading came short: the token died, or there are fewer documents than announced."""


class EntityReader:
    """Reads one entity, and of its documents the fields that are asked for."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, acronym: str, fields: str
    ) -> None:
        """``fields`` are names, separated by commas, or ``_all``."""
        self.acronym = acronym
        self._client = client
        self._logger = logger
        self._fields = fields
        self._sizes = list(PAGE_SIZES)

    def count(self, where: str) -> int | None:
        """How many documents a query has, as search tells; None where it can't.

        Raises:
            RefusedError: the query is none that the entity answers.
        """
        try:
            answer = self._search_page(where, 0, 1)
        except RefusedError as refusal:
            if refusal.status == TIMED_OUT:
                return None
            raise
        return _announced(answer.headers.get("REST-Content-Range"))

    def read(self, where: str | None) -> Iterator[Document]:
        """Yield the documents of a query, by scroll if one can be had, else by search.

        A document may come more than once: when it is read again, and when the index
        holds a stale copy of it. The copy that comes last is never an older one.

        Raises:
            LostError: it comes short of its total, however often it is read.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                yield from _newest(self._documents(where))
            except LostError as loss:
                if attempt == ATTEMPTS:
                    raise
                self._logger.warning("%s: %s; reading that part again", self.acronym, loss)
            else:
                return

    def _documents(self, where: str | None) -> Iterator[Document]:
        try:
            yield from self._scroll(where)
        except ScrollRefusedError:
            self._logger.info("No scroll can be had now; searching %s instead", self.acronym)
            yield from self._search(where)

    # -- scroll --------------------------------------------------------------------------

    def _scroll(self, where: str | None) -> Iterator[Document]:
        answer = self._open_scroll(where)
        total = _announced(answer.headers.get("REST-Content-Total"))
        seen: set[str] = set()
        token = ""
        while answer.body:
            seen.update(document["id"] for document in answer.body)
            yield from answer.body
            # Until the empty page: a scroll that is left open counts against the account.
            token = answer.headers.get("X-VTEX-MD-TOKEN") or token
            try:
                answer = self._get("scroll", {"_token": token})
            except RefusedError:
                if total is not None and len(seen) >= total:
                    return
                raise LostError("a scroll's token died") from None
        _compare(seen, total)

    def _open_scroll(self, where: str | None) -> Answer[list[Document]]:
        while True:
            params = {"_fields": self._fields, "_size": self._sizes[0], **_condition(where)}
            try:
                return self._get("scroll", params, final=(TIMED_OUT,))
            except RefusedError as refusal:
                if "simultaneous scrolls" in refusal.said:
                    raise ScrollRefusedError from None
                if refusal.status != TIMED_OUT:
                    raise
            if len(self._sizes) == 1:
                raise LostError("a scroll timed out, however small its pages")
            self._sizes.pop(0)

    # -- search --------------------------------------------------------------------------

    def _search(self, where: str | None) -> Iterator[Document]:
        first = self._search_page(where, 0, SEARCH_PAGE)
        total = _announced(first.headers.get("REST-Content-Range")) or 0
        if total > MOST_IN_A_SEARCH:
            raise LostError(f"{total:,} documents are more than a search reaches")
        seen = {document["id"] for document in first.body}
        yield from first.body
        for _start, documents in self._client.workers.each(
            lambda start, stop: self._search_page(where, start, start + SEARCH_PAGE, stop).body,
            range(SEARCH_PAGE, total, SEARCH_PAGE),
        ):
            seen.update(document["id"] for document in documents)
            yield from documents
        _compare(seen, total)

    def _search_page(
        self, where: str | None, start: int, end: int, stop: threading.Event | None = None
    ) -> Answer[list[Document]]:
        """The documents from ``start`` on, ``end`` not included."""
        params = {"_fields": self._fields, "_sort": f"{CREATED} ASC", **_condition(where)}
        return self._get(
            "search",
            params,
            headers={"REST-Range": f"resources={start}-{end}"},
            final=(TIMED_OUT,) if end - start == 1 else (),
            stop=stop,
        )

    def _get(
        self,
        how: str,
        params: Mapping[str, str | int],
        *,
        headers: Mapping[str, str] | None = None,
        final: Collection[int] = (),
        stop: threading.Event | None = None,
    ) -> Answer[list[Document]]:
        return self._client.get(
            f"/api/dataentities/{self.acronym}/{how}",
            _are_documents,
            params=params,
            headers={**ACCEPT, **(headers or {})},
            final=final,
            stop=stop,
        )


def _newest(documents: Iterable[Document]) -> Iterator[Document]:
    """Leave out the copies that are no newer than one before; write ids in lower case.

    VTEX's index has been seen to hold a document twice, under ids that differ by case.
    """
    newest: dict[str, str] = {}
    for document in documents:
        key, active = document["id"].lower(), last_activity(document) or ""
        if key not in newest or active > newest[key]:
            newest[key] = active
            yield {**document, "id": key}


def _condition(where: str | None) -> dict[str, str | int]:
    return {"_where": where} if where else {}


def _compare(seen: set[str], total: int | None) -> None:
    if total is not None and len(seen) < total:
        raise LostError(f"{total:,} documents were announced and {len(seen):,} came")


def _announced(header: str | None) -> int | None:
    """The total in ``98`` or ``resources=0-10/98``, which also comes with a space."""
    numbers = re.findall(r"\d+", header or "")
    return int(numbers[-1]) if numbers else None


def _are_documents(body: object) -> TypeGuard[list[Document]]:
    return isinstance(body, list) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in body
    )
