"""Streams that come from one response which holds everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_vtex import dates
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.list_size import Answer, ListSize, read_again

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document


class ListStream(VtexStream):
    """A list without pages. Every run emits all of it."""

    endpoint: ClassVar[Endpoint[list[Any]]]

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield every row of the list. An empty one is asked for again, for a day."""
        client = self.run.client
        rows: list[Document] = []

        def read() -> Answer:
            rows[:] = self.with_key(client.get(self.endpoint).body)
            return Answer(len(rows))

        known = self.load_bookmark(partition, ListSize) or ListSize()
        read_again(client, known, read)
        # All that later runs need to know is since when the list has been empty.
        size = ListSize() if rows else known.after(0, client.now())
        if size.is_doubtful:
            size.warn(self.logger, self.name)
        if size != known:
            self.checkpoint(partition, size)
        synced_at = dates.text(client.now())
        for row in rows:
            yield {**row, "synced_at": synced_at}

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
