"""Streams that cost a request for each SKU, and are read once in so many hours."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tap_vtex import dates
from tap_vtex.bodies import is_document_or_nothing
from tap_vtex.errors import AccessError, UnavailableError
from tap_vtex.progress import Progress
from tap_vtex.streams.base import VtexStream, is_due
from tap_vtex.streams.catalog.api import CatalogApi, first_sku
from tap_vtex.streams.fetching import fetch_each

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.check import Check
    from tap_vtex.streams.base import Document

#: SKUs between two checkpoints.
CHUNK: Final = 1000


class PerSkuStream(VtexStream):
    """What VTEX gives for one SKU at a time only, and without any date of change."""

    @property
    def refresh(self) -> timedelta:
        """For how long what was read is fresh enough."""
        raise NotImplementedError

    def path(self, sku_id: int) -> str:
        """Where VTEX has it."""
        raise NotImplementedError

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """Make of an answer what the stream emits of it."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Ask for one SKU's."""
        check.ask(self.path(first_sku(check)))

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield what there is of every SKU, if it is time to, from where the last run got to."""
        client = self.tap.client
        state = self.read_state(partition, _read_state)
        if state and state[1] is None and not is_due(state[0], self.refresh, client.now()):
            self.logger.info("%s were read at %s, and stay as they are", self.name, state[0])
            return
        sku_ids = self._sku_ids()
        began, done_until = state if state and state[1] is not None else (client.now(), -1)
        left = sku_ids[bisect_right(sku_ids, done_until or 0) :]
        progress = Progress(self.logger, f"SKUs for {self.name}")
        progress.expect(len(left))
        self._without, self._failed = 0, list[int]()
        for start in range(0, len(left), CHUNK):
            chunk = left[start : start + CHUNK]
            yield from self._read(chunk, progress)
            self._checkpoint(partition, began, chunk[-1])
        self._checkpoint(partition, began, None)
        self._report(len(left))

    def _sku_ids(self) -> list[int]:
        api = CatalogApi(self.tap.client, self.logger)
        try:
            return api.sku_ids()
        except AccessError as refusal:
            try:
                return sorted({sku for skus in api.product_ids().values() for sku in skus})
            except AccessError:
                raise refusal from None

    def _read(self, sku_ids: list[int], progress: Progress) -> Iterator[Document]:
        def ask(sku_id: int, stop: threading.Event) -> Document | None:
            return self.tap.client.get(self.path(sku_id), is_document_or_nothing, stop=stop).body

        for fetched in fetch_each(self.tap.client.workers, ask, sku_ids):
            progress.advance()
            if fetched.found:
                at = {"synced_at": dates.text(self.tap.client.now())}
                for record in self.records(fetched.item, fetched.found):
                    yield {**record, **at}
            elif fetched.trouble is None or fetched.is_unknown:
                self._without += 1
            else:
                self._failed.append(fetched.item)

    def _checkpoint(self, partition: Context, began: datetime, done_until: int | None) -> None:
        self.remember(partition, {"began": dates.text(began), "done_until": done_until})
        self.write_state()

    def _report(self, count: int) -> None:
        if self._without:
            self.logger.info("%d of %d SKUs have no %s", self._without, count, self.name)
        if self._failed:
            raise UnavailableError(
                f"VTEX failed to give {self.name} of {len(self._failed)} SKUs "
                f"({', '.join(map(str, self._failed[:10]))}). The next reading asks again."
            )


def _read_state(state: Mapping[str, Any]) -> tuple[datetime, int | None]:
    done_until = state["done_until"]
    return datetime.fromisoformat(state["began"]), None if done_until is None else int(done_until)
