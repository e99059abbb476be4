"""Streams that come from one response which holds everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_vtex import dates
from tap_vtex.streams.base import VtexStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document


class ListStream(VtexStream):
    """A list without pages. Every run emits all of it."""

    endpoint: ClassVar[Endpoint[Any]]

    def extract(self, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Yield every row of the list."""
        rows: list[Document] = self.run.client.get(self.endpoint).body
        synced_at = dates.text(self.run.client.now())
        for row in self.with_key(rows):
            yield {**row, "synced_at": synced_at}

    def check(self, check: Check) -> None:
        """Request the list."""
        check.ask(self.endpoint)

    def with_key(self, rows: Iterable[Document]) -> Iterator[Document]:
        """Leave out rows without an id, which no target could keep apart."""
        keys = [name for name in self.primary_keys if name != "account_name"]
        without_id = 0
        for row in rows:
            if all(row.get(name) is not None for name in keys):
                yield row
            else:
                without_id += 1
        if without_id:
            self.logger.warning("Skipped %d rows of %s that have no id", without_id, self.name)
