"""Streams that every run reads whole: lists in one response, or in a few pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.errors import RefusedError
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.list_size import ListSize, Reading, read_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document

#: The largest page size and page number that VTEX documents for pickup points.
ROWS_PER_PAGE: Final = 100
MAX_PAGES: Final = 100


class ListStream(VtexStream):
    """A list without pages. Every run emits all of it."""

    endpoint: ClassVar[Endpoint[Any]]

    #: The minimum number of rows, according to the last reading.
    announced = 0

    def rows(self) -> Iterable[Any]:
        """All rows."""
        rows: list[Any] = self.run.client.get(self.endpoint).body
        return rows

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield every row of the list. An empty or short list is read again, for a day."""
        client = self.run.client
        rows: dict[str, Document] = {}

        def read() -> Reading:
            rows.update((self.key_of(row), row) for row in self.with_key(self.rows()))
            return Reading(len(rows), self.announced)

        known = self.load_bookmark(partition, ListSize) or ListSize()
        read_list(client, known, read)
        size = known.after_whole(len(rows), client.now(), self.announced)
        size.warn_if_doubtful(self.logger, self.what)
        if size != known:
            self.checkpoint(partition, size)
        synced_at = dates.text(client.now())
        for row in rows.values():
            yield {**row, "synced_at": synced_at}

    @property
    def what(self) -> str:
        """What the list holds, in words."""
        return self.name.replace("_", " ")

    def check(self, check: Check) -> None:
        """Request the list."""
        check.ask(self.endpoint)

    def with_key(self, rows: Iterable[object]) -> Iterator[Document]:
        """Leave out rows without a valid id, which targets can't tell apart."""
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

    #: Query parameters beside the page's number and size.
    params: ClassVar[Mapping[str, str]] = {}

    def rows(self) -> Iterable[Any]:
        """The rows of all pages that VTEX shows."""
        found: dict[str, Document] = {}
        total: int | None = None
        without_key = 0
        for page in range(1, MAX_PAGES + 1):
            try:
                body = self.run.client.get(self.endpoint, params=self._page(page)).body
            except RefusedError:
                if page == 1:
                    raise
                break  # beyond the last page; the total tells whether anything is missing
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
            self._warn_truncated(len(found) + without_key, total)
            total = 0
        self.announced = max(0, (total or 0) - without_key)
        return found.values()

    def check(self, check: Check) -> None:
        """Request a page."""
        check.ask(self.endpoint, params=self._page(1))

    def _page(self, number: int) -> dict[str, str | int]:
        return {"page": number, "pageSize": ROWS_PER_PAGE, **self.params}

    def _warn_truncated(self, shown: int, total: int | None) -> None:
        if total is None or total > shown:
            self.logger.warning(
                "VTEX lists at most %s%s. Others can't be read; ask VTEX's support for them",
                counted(shown, self.what),
                "" if total is None else f", and there are {total:,}",
            )


def _total(body: Document, before: int | None) -> int | None:
    """The largest total that this page or an earlier one announces; None if none does."""
    paging = body.get("paging")
    total = paging.get("total") if isinstance(paging, dict) else None
    if not isinstance(total, int):
        return before
    return max(total, before or 0)
