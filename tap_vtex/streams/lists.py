"""Streams out of one answer that holds all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex import dates
from tap_vtex.bodies import is_list_of_documents
from tap_vtex.streams.base import VtexStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context

    from tap_vtex.check import Check
    from tap_vtex.streams.base import Document


class ListStream(VtexStream):
    """A list without pages, emitted in whole by every run."""

    #: Where VTEX has the list.
    list_path: str

    def extract(self, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Yield every row of the list."""
        rows = self.tap.client.get(self.list_path, is_list_of_documents).body
        at = {"synced_at": dates.text(self.tap.client.now())}
        for row in self.with_key(rows):
            yield {**row, **at}

    def check(self, check: Check) -> None:
        """Ask for the list."""
        check.ask(self.list_path)

    def with_key(self, rows: Iterable[Document]) -> Iterator[Document]:
        """Leave out what has no id, since no target could keep it."""
        keys = [name for name in self.primary_keys if name != "account_name"]
        nameless = 0
        for row in rows:
            if all(row.get(name) is not None for name in keys):
                yield row
            else:
                nameless += 1
        if nameless:
            self.logger.warning("%d rows of %s have no id and are left out", nameless, self.name)
