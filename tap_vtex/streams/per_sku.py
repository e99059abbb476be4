"""Streams that cost one request per SKU, refreshed every few hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import msgspec

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.errors import AccessError, VtexError
from tap_vtex.http.fetching import fetch_each
from tap_vtex.report.probe import NOBODYS_ID
from tap_vtex.report.progress import Progress
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.bookmarks import is_due
from tap_vtex.streams.catalog.api import CatalogApi, IdList, first_sku, read_id_list
from tap_vtex.streams.id_census import IdCensus, IdSet
from tap_vtex.streams.id_walk import IdWalk, OpenPass
from tap_vtex.streams.ledger import RetryLedger, missing_from_list, retry_missing
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.pace import Pace
from tap_vtex.streams.second_looks import SecondLooks

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Iterator

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.http.fetching import Outcome
    from tap_vtex.report.check import Check
    from tap_vtex.report.probe import Probe
    from tap_vtex.types import Document

#: How many of the SKUs that were unexpectedly empty to retry before the others.
SAMPLE_SIZE: Final = 10


class PerSkuBookmark(OpenPass, frozen=True, kw_only=True):
    """Where to resume a pass over all SKUs, and which SKUs were empty."""

    complete: bool = False
    #: Whether no pass is complete yet, so that it is unknown which SKUs are always empty.
    is_first: bool = True
    #: Whether the pass has found anything.
    found_any: bool = False
    size: ListSize = msgspec.field(default_factory=ListSize)
    #: The SKUs that the last pass covered, if the list was too short.
    covered: IdCensus | None = None
    #: SKUs that are empty, most of them for good.
    without: IdSet = msgspec.field(default_factory=IdSet)
    #: SKUs that were empty unexpectedly: they had rows before, or their state is unknown.
    doubtful: IdSet = msgspec.field(default_factory=IdSet)
    #: SKUs whose requests failed, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Upgrade states of version 1."""
        return missing_from_list(state, state["began"])

    def to_read(self, listed: Collection[int]) -> list[int]:
        """The listed SKUs that the pass still has to read."""
        units = dict.fromkeys(listed, ())
        wanted = self.covered.new_units(units) if self.covered else listed
        return [sku for sku in self.left(wanted) if str(sku) not in self.missing]


class Look(NamedTuple):
    """A look at one SKU."""

    sku_id: int
    #: Whether this pass has already found it empty once.
    is_second: bool = False


class PerSkuStream(VtexStream):
    """Data that VTEX returns for one SKU at a time, without a date of change."""

    #: Takes the SKU's id as its only parameter.
    endpoint: ClassVar[Endpoint[Document | None]]

    @property
    def refresh(self) -> timedelta:
        """The time between two passes."""
        raise NotImplementedError

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """Turn the response for a SKU into records."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Request the data of one SKU."""
        check.ask(self.endpoint, first_sku(check))

    def probe(self, probe: Probe) -> None:
        """Find out how VTEX responds for a SKU that does not exist."""
        name = f"{self.name}.unknown_sku_status"
        with probe.finding(name):
            probe.found[name] = probe.ask(self.endpoint, NOBODYS_ID).status

    def extract(self, partition: Context) -> Iterator[Document]:
        """Resume the pass over all SKUs, or begin the next one if it is due.

        Otherwise read only the SKUs that failed or were unexpectedly empty in earlier runs.
        """
        client = self.run.client
        bookmark = self.load_bookmark(partition, PerSkuBookmark)
        fresh = (
            bookmark is not None
            and bookmark.complete
            and not bookmark.size.is_doubtful
            and not is_due(bookmark.began, self.refresh, client.now())
        )
        # List first: the response sets the client's clock, which dates the pass.
        listed = None if fresh else self._list(bookmark)
        if bookmark is None:
            bookmark = PerSkuBookmark(began=client.now())
        elif bookmark.complete and is_due(bookmark.began, self.refresh, client.now()):
            bookmark = msgspec.structs.replace(
                bookmark,
                began=client.now(),
                done_until=-1,
                complete=False,
                found_any=False,
                covered=None,
            )
        elif bookmark.complete:
            self.logger.info(
                "%s were read at %s and are still fresh", self.name, f"{bookmark.began:%F %T}"
            )
        yield from _PerSkuRun(self, partition, bookmark).run(listed)

    def _list(self, bookmark: PerSkuBookmark | None) -> _SkuList:
        size = bookmark.size if bookmark else ListSize()
        units, reading = read_id_list(self.run.client, size, self.list_once)
        size = size.after(reading.rows, self.run.client.now(), reading.announced)
        size.warn_if_doubtful(self.logger, "SKUs")
        return _SkuList(sorted(units), size, reading.announced)

    def list_once(self) -> IdList:
        """List the SKUs once."""
        api = CatalogApi(self.run.client, self.logger)
        try:
            return api.sku_ids()
        except AccessError as refusal:
            try:
                products = api.product_ids()
            except AccessError:
                raise refusal from None
        skus = dict.fromkeys((sku for skus in products.units.values() for sku in skus), ())
        return IdList(skus, len(skus) + max(0, products.announced - len(products.units)))


class _SkuList(NamedTuple):
    ids: list[int]
    size: ListSize
    announced: int


class _PerSkuRun:
    """One run of a stream, starting at its bookmark."""

    def __init__(self, stream: PerSkuStream, partition: Context, bookmark: PerSkuBookmark) -> None:
        self._stream = stream
        self._partition = partition
        self._client = stream.run.client
        self._logger = stream.logger
        self._bookmark = self._loaded = bookmark
        self._ledger = RetryLedger(bookmark.missing)
        self._walk = IdWalk(bookmark)
        self._looks = SecondLooks(
            bookmark.without.ids,
            bookmark.doubtful.ids,
            is_first=bookmark.is_first,
            found_any=bookmark.found_any,
            spacing=self._client.policy.list_waits[1],
        )
        self._pace = Pace()

    def run(self, listed: _SkuList | None) -> Iterator[Document]:
        """Yield the records; without a list, only those that earlier runs left over."""
        try:
            if self._bookmark.complete:
                yield from self._recheck_doubtful()
            if listed is not None:
                yield from self._read_list(listed)
            yield from self._retry_missing()
        except VtexError:
            if self._client.has_answered_since(self._stream.endpoint, 0):
                self._checkpoint()
            raise
        for key in self._ledger.drop_expired(self._client.now()):
            self._looks.note(int(key), found=False, is_second=True)
        self._checkpoint()
        self._warn_of_doubtful()
        if error := self._ledger.failure(f"SKUs in {self._stream.name}", may_be_gone=True):
            raise error

    # -- passes --------------------------------------------------------------------------

    def _read_list(self, listed: _SkuList) -> Iterator[Document]:
        first_listing = self._bookmark.size.rows is None
        self._advance(size=listed.size)
        if not listed.ids:
            return
        if self._bookmark.complete:  # but over a list that was too short
            again = msgspec.structs.replace(self._bookmark, complete=False, done_until=-1)
            if not again.to_read(listed.ids):
                if not listed.size.is_doubtful:
                    self._advance(covered=None)
                return
            self._bookmark = again
            self._walk = IdWalk(again)
        yield from self._read(self._bookmark.to_read(listed.ids))
        ids = set(listed.ids)
        if first_listing:
            # The size of the list is not known yet, so it is read a second time.
            more = self._stream.list_once()
            yield from self._read(sorted(more.units.keys() - ids))
            ids |= more.units.keys()
            announced = max(listed.announced, more.announced)
            self._advance(size=listed.size.after(len(ids), self._client.now(), announced))
        self._looks.finish()
        is_short = self._bookmark.size.is_doubtful
        self._advance(
            complete=True,
            is_first=False,
            covered=IdCensus.of(dict.fromkeys(ids, ())) if is_short else None,
        )
        if self._looks.empty:
            self._logger.info(
                "SKUs without %s: %d of %d", self._stream.name, self._looks.empty, len(ids)
            )

    def _read(self, sku_ids: Collection[int]) -> Iterator[Document]:
        progress = Progress(self._logger, f"SKUs for {self._stream.name}")
        progress.expect(len(sku_ids))

        def looks() -> Iterator[Look]:
            for sku_id in self._walk.begin(sku_ids):
                yield Look(sku_id)
                for again in self._looks.pop_due():
                    yield Look(again, is_second=True)

        for outcome in self._fetch(looks()):
            progress.advance(0 if outcome.item.is_second else 1)
            yield from self._handle(outcome)
        if rest := self._looks.pop_rest():
            self._client.wait(self._looks.spacing)
            for outcome in self._fetch(Look(again, is_second=True) for again in rest):
                yield from self._handle(outcome)

    def _handle(self, outcome: Outcome[Look, list[Document]]) -> Iterator[Document]:
        """Emit the records of a look, and record its outcome."""
        sku_id, is_second = outcome.item
        records = outcome.result or []
        yield from records
        if outcome.error and not outcome.is_unknown:
            self._ledger.add(sku_id, self._client.now())
            self._ledger.keep_newest()
            self._walk.mark_done([sku_id])
        elif self._looks.note(sku_id, found=bool(records), is_second=is_second):
            self._walk.mark_done([sku_id])
        self._pace.count(len(records))
        if self._pace.is_due():
            self._checkpoint()

    def _fetch(self, looks: Iterable[Look]) -> Iterator[Outcome[Look, list[Document]]]:
        def fetch(look: Look, stop: threading.Event) -> list[Document]:
            return self._records(look.sku_id, stop)

        return fetch_each(self._client, self._stream.endpoint, fetch, looks)

    def _records(
        self, sku_id: int, stop: threading.Event, retry_for: float | None = None
    ) -> list[Document]:
        endpoint = self._stream.endpoint
        body = self._client.get(endpoint, sku_id, stop=stop, retry_for=retry_for).body
        synced_at = dates.text(self._client.now())
        return [
            {**record, "synced_at": synced_at}
            for record in self._stream.records(sku_id, body or {})
        ]

    # -- what earlier runs left over -----------------------------------------------------

    def _recheck_doubtful(self) -> Iterator[Document]:
        """Look again at SKUs that were unexpectedly empty.

        If there are many of them, as in an outage or in a store without prices, a sample tells
        whether the others are worth a request.
        """
        doubtful = sorted(self._bookmark.doubtful.ids)
        if len(doubtful) > SAMPLE_SIZE:
            step = -(-len(doubtful) // SAMPLE_SIZE)
            sample = doubtful[::step]
            del doubtful[::step]
            found = False
            for outcome in self._fetch(map(Look, sample)):
                found = found or bool(outcome.result)
                yield from self._handle_doubtful(outcome)
            if not found:
                return
        for outcome in self._fetch(map(Look, doubtful)):
            yield from self._handle_doubtful(outcome)

    def _handle_doubtful(self, outcome: Outcome[Look, list[Document]]) -> Iterator[Document]:
        if outcome.result:
            yield from self._handle(outcome)

    def _retry_missing(self) -> Iterator[Document]:
        """Retry SKUs that failed in earlier runs."""

        def fetch(key: str, retry_for: float, stop: threading.Event) -> list[Document]:
            return self._records(int(key), stop, retry_for)

        for outcome in retry_missing(self._client, sorted(self._ledger.earlier, key=int), fetch):
            if outcome.error and not outcome.is_unknown:
                self._ledger.add(outcome.item, self._client.now())
                continue
            yield from outcome.result or []
            self._ledger.discard([outcome.item])
            found = bool(outcome.result)
            self._looks.note(int(outcome.item), found=found, is_second=True)

    # -- the bookmark --------------------------------------------------------------------

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(self._bookmark, **changes)

    def _checkpoint(self) -> None:
        without, doubtful = self._looks.state()
        self._advance(
            done_until=self._walk.done_until,
            found_any=self._looks.found_any,
            without=IdSet(without),
            doubtful=IdSet(doubtful),
            open=IdSet() if self._bookmark.complete else self._walk.open,
            missing=dict(self._ledger.missing),
        )
        if self._bookmark != self._loaded:
            self._stream.checkpoint(self._partition, self._bookmark)

    def _warn_of_doubtful(self) -> None:
        doubtful = self._bookmark.doubtful.ids
        if not doubtful:
            return
        if not self._looks.found_any:
            self._logger.warning(
                "VTEX returned no %s for any SKU. If the store keeps none in VTEX, deselect the "
                "stream; otherwise the next run asks again",
                self._stream.name,
            )
        else:
            self._logger.warning(
                "VTEX returned no %s for %s that had some before or should have. The next run "
                "asks again",
                self._stream.name,
                counted(len(doubtful), "SKUs"),
            )
