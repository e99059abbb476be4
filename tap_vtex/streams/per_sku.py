"""Streams that cost one request for each SKU, read again every so many hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from tap_vtex import dates
from tap_vtex.errors import AccessError, UnavailableError
from tap_vtex.http.fetching import fetch_each
from tap_vtex.report.progress import Progress
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.bookmarks import (
    IdPass,
    chunks,
    is_due,
)
from tap_vtex.streams.catalog.api import CatalogApi, first_sku
from tap_vtex.streams.ledger import MAX_MISSING, RetryLedger, missing_from_list

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document

#: SKUs between two checkpoints.
CHUNK: Final = 1000


class PerSkuBookmark(IdPass, frozen=True, kw_only=True):
    """How far a pass over all SKUs has come."""

    complete: bool = False
    #: SKUs that VTEX failed to give, with the date of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Read the states of version 1, too."""
        return missing_from_list(state, state["began"])


class PerSkuStream(VtexStream):
    """What VTEX gives for one SKU at a time, without a date of change."""

    #: Has the SKU's id as its only parameter.
    endpoint: ClassVar[Endpoint[Document | None]]

    @property
    def refresh(self) -> timedelta:
        """How long a pass stays fresh."""
        raise NotImplementedError

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """Turn a response into what the stream emits."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Request one SKU's."""
        check.ask(self.endpoint, first_sku(check))

    def extract(self, partition: Context) -> Iterator[Document]:
        """Go on with the pass over all SKUs, or begin the next one if it is due.

        If it is not, only SKUs that VTEX failed to give are read.
        """
        client = self.run.client
        bookmark = self.load_bookmark(partition, PerSkuBookmark)
        if bookmark is None or (
            bookmark.complete and is_due(bookmark.began, self.refresh, client.now())
        ):
            # List first: it sets the client to VTEX's clock, by which the pass begins.
            sku_ids = self._sku_ids()
            bookmark = PerSkuBookmark(began=client.now())
        elif bookmark.complete:
            self.logger.info(
                "%s were read at %s and are still fresh", self.name, f"{bookmark.began:%F %T}"
            )
            if not bookmark.missing:
                return
            sku_ids = sorted(map(int, bookmark.missing))
            bookmark = msgspec.structs.replace(bookmark, done_until=-1)
        else:
            sku_ids = self._sku_ids()
        yield from self._read_all(bookmark.left(sku_ids), bookmark, partition)

    def _read_all(
        self, sku_ids: Sequence[int], bookmark: PerSkuBookmark, partition: Context
    ) -> Iterator[Document]:
        progress = Progress(self.logger, f"SKUs for {self.name}")
        progress.expect(len(sku_ids))
        ledger = RetryLedger(bookmark.missing)
        self._without = 0
        for chunk in chunks(sku_ids, CHUNK):
            yield from self._read(chunk, ledger, progress)
            bookmark = msgspec.structs.replace(
                bookmark, done_until=chunk[-1], missing=dict(ledger.missing)
            )
            self.checkpoint(partition, bookmark)
        self.checkpoint(partition, msgspec.structs.replace(bookmark, complete=True))
        if self._without:
            self.logger.info("%d of %d SKUs have no %s", self._without, len(sku_ids), self.name)
        if ledger:
            raise UnavailableError(
                f"VTEX failed to give {self.name} of {len(ledger)} SKUs "
                f"({', '.join(sorted(ledger.missing, key=int)[:10])}). The next run asks for them "
                "again."
            )

    def _sku_ids(self) -> list[int]:
        api = CatalogApi(self.run.client, self.logger)
        try:
            return api.sku_ids()
        except AccessError as refusal:
            try:
                return sorted({sku for skus in api.product_ids().values() for sku in skus})
            except AccessError:
                raise refusal from None

    def _read(
        self, sku_ids: Sequence[int], ledger: RetryLedger, progress: Progress
    ) -> Iterator[Document]:
        client = self.run.client

        def fetch(sku_id: int, stop: threading.Event) -> Document | None:
            return client.get(self.endpoint, sku_id, stop=stop).body

        for outcome in fetch_each(client, self.endpoint, fetch, sku_ids):
            progress.advance()
            ledger.discard([outcome.item])
            if outcome.result:
                synced_at = dates.text(client.now())
                for record in self.records(outcome.item, outcome.result):
                    yield {**record, "synced_at": synced_at}
            elif outcome.error is None or outcome.is_unknown:
                self._without += 1
            else:
                ledger.add(outcome.item, client.now())
                if ledger.is_full:
                    raise UnavailableError(
                        f"VTEX fails to give {self.name} of more than {MAX_MISSING} SKUs. "
                        f"{outcome.error}"
                    )
