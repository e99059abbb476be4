"""Streams that are read whole in every run: lists of one response, or of a few pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.errors import RefusedError
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.list_size import Answer, ListSize, read_again

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document

#: The largest page, and the last one, that VTEX documents for pickup points.
ROWS_PER_PAGE: Final = 100
MAX_PAGES: Final = 100


class ListStream(VtexStream):
    """A list without pages. Every run emits all of it."""

    endpoint: ClassVar[Endpoint[Any]]

    #: How many rows there must be at least, by the word of the last reading.
    announced = 0

    def rows(self) -> Iterable[Any]:
        """All rows."""
        rows: list[Any] = self.run.client.get(self.endpoint).body
        return rows

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield every row of the list. One that is empty or short is asked for again, for a day."""
        client = self.run.client
        rows: dict[str, Document] = {}

        def read() -> Answer:
            rows.update((self.key_of(row), row) for row in self.with_key(self.rows()))
            return Answer(len(rows), self.announced)

        known = self.load_bookmark(partition, ListSize) or ListSize()
        read_again(client, known, read)
        size = known.after_whole(len(rows), client.now(), self.announced)
        size.warn_if_doubtful(self.logger, self.what)
        if size != known:
            self.checkpoint(partition, size)
        synced_at = dates.text(client.now())
        for row in rows.values():
            yield {**row, "synced_at": synced_at}

    @property
    def what(self) -> str:
        """What is listed, in words."""
        return self.name.replace("_", " ")

    def check(self, check: Check) -> None:
        """Request the list."""
        check.ask(self.endpoint)

    def with_key(self, rows: Iterable[object]) -> Iterator[Document]:
        """Leave out rows whose id can't be read, which no target could keep apart."""
        for row in rows:
            if self.has_key(self._conform(self._key_fields(row))) and isinstance(row, dict):
                yield row

    def key_of(self, row: Document) -> str:
        """The id of a row, as text."""
        return "/".join(str(value) for value in self._key_fields(row).values())

    def _key_fields(self, row: object) -> Document:
        return {name: row.get(name) for name in self.own_keys} if isinstance(row, dict) else {}


class PagedListStream(ListStream):
    """A list in pages, each with ``items`` and a ``paging.total``. Every run emits all of it."""

    #: What a request has beside the number and size of a page.
    params: ClassVar[Mapping[str, str]] = {}

    def rows(self) -> Iterable[Any]:
        """The rows of all pages, as far as VTEX shows them."""
        found: dict[str, Document] = {}
        total: int | None = None
        without_key = 0
        for page in range(1, MAX_PAGES + 1):
            try:
                body = self.run.client.get(self.endpoint, params=self._page(page)).body
            except RefusedError:
                if page == 1:
                    raise
                break  # beyond the last one; the total says whether anything is missing
            total = _total(body, total)
            rows = list(self.with_key(body["items"]))
            without_key += len(body["items"]) - len(rows)
            before = len(found)
            found |= {self.key_of(row): row for row in rows}
            is_short = len(body["items"]) < ROWS_PER_PAGE
            is_all = total is not None and len(found) + without_key >= total
            if len(found) == before or (is_short and is_all):
                break
        else:
            self._warn_of_the_rest(len(found) + without_key, total)
            total = 0
        self.announced = max(0, (total or 0) - without_key)
        return found.values()

    def check(self, check: Check) -> None:
        """Request a page."""
        check.ask(self.endpoint, params=self._page(1))

    def _page(self, number: int) -> dict[str, str | int]:
        return {"page": number, "pageSize": ROWS_PER_PAGE, **self.params}

    def _warn_of_the_rest(self, shown: int, total: int | None) -> None:
        if total is None or total > shown:
            self.logger.warning(
                "VTEX lists at most %s%s. Others can't be read; ask VTEX's support for them",
                counted(shown, self.what),
                "" if total is None else f", and there are {total:,}",
            )


def _total(body: Document, before: int | None) -> int | None:
    """The largest total that a page, or one before it, announces; None if none does."""
    paging = body.get("paging")
    total = paging.get("total") if isinstance(paging, dict) else None
    if not isinstance(total, int):
        return before
    return max(total, before or 0)
