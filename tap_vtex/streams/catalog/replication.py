"""How products and SKUs are kept up to date."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tap_vtex.errors import UnavailableError, VtexError
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import is_due
from tap_vtex.streams.catalog.walk import By, Choice
from tap_vtex.streams.id_census import IdCensus
from tap_vtex.streams.id_walk import IdWalk, OpenPass
from tap_vtex.streams.ledger import RetryLedger, missing_from_list
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.pace import Pace
from tap_vtex.streams.watermark import Watermark, merged
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import timedelta

    from tap_vtex.streams.catalog.walk import Batch, Walk

#: This many listed things in a row that VTEX does not know are suspicious.
MAX_UNKNOWN: Final = 100
#: A log line names at most this many ids.
MAX_NAMED: Final = 10


class CatalogPass(OpenPass, frozen=True, kw_only=True):
    """A walk through the catalog that is under way."""

    #: Whether everything is read, or only what has changed.
    full: bool
    #: The ids that the list showed when the pass began.
    ids: IdCensus
    #: The newest date of change seen so far.
    newest: datetime | None = msgspec.field(name="latest", default=None)


class CatalogBookmark(Watermark, frozen=True, kw_only=True):
    """How far the catalog has come."""

    #: Another key may list another kind of id. Then everything is read again.
    by: By
    #: When the last complete full pass began.
    full_pass_at: datetime | None = None
    #: The ids that the list showed when the last pass began.
    ids: IdCensus = msgspec.field(default_factory=IdCensus)
    under_way: CatalogPass | None = None
    #: How many ids the list has shown.
    size: ListSize = msgspec.field(default_factory=ListSize)
    #: Ids that the list showed and VTEX failed to give, with the date of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Read the states of version 1, too."""
        began = state["under_way"]["began"] if state["under_way"] else state["full_pass_at"]
        return missing_from_list(state, began)

    @property
    def began(self) -> datetime | None:
        """When the pass under way began, or the last full pass."""
        return self.under_way.began if self.under_way else self.full_pass_at

    def merged_with(self, other: CatalogBookmark) -> CatalogBookmark | None:
        """One bookmark that holds for both; None if one has to catch up first."""
        if self == other:
            return self
        idle = self.under_way is None and other.under_way is None
        if not (idle and self.by == other.by and self.ids == other.ids):
            return None
        if self.full_pass_at is None or other.full_pass_at is None:
            return None
        return msgspec.structs.replace(
            merged(self, other),
            full_pass_at=min(self.full_pass_at, other.full_pass_at),
            missing={**self.missing, **other.missing},
        )


class CatalogReplication:
    """One run over the catalog: a full pass if one is due, otherwise what has changed."""

    def __init__(
        self,
        walk: Walk,
        bookmark: CatalogBookmark,
        size: ListSize,
        checkpoint: Callable[[CatalogBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """Begin at a bookmark.

        Args:
            walk: How to go through the catalog.
            bookmark: Where to begin.
            size: What is known of the size of the list that the walk goes by.
            checkpoint: Is told each bookmark that a run can resume from.
            logger: For what is worth saying.
        """
        self._walk = walk
        self._bookmark = bookmark
        self._size = size
        self._checkpoint = checkpoint
        self._logger = logger
        self._ledger = RetryLedger(bookmark.missing)
        self._gone: set[int] = set()
        self._blank_skus: set[int] = set()
        self._refused: set[int] = set()
        #: Units in a row that VTEX does not know. That may be an outage.
        self._unknown: list[int] = []
        self._newest: datetime | None = None

    def run(
        self,
        now: Callable[[], datetime],
        full_refresh: timedelta,
        refuses_products: Callable[[], bool],
    ) -> Iterator[Batch]:
        """Yield what is to be emitted, in batches.

        Args:
            now: The time.
            full_refresh: How often everything is read.
            refuses_products: Says at the end whether the key may read no product at all.

        Raises:
            UnavailableError: VTEX failed to give some of it.
        """
        units = self._walk.units()
        if not units:
            self._advance()
            return
        if not self._size.is_doubtful:
            self._ledger.discard(set(self._ledger.missing) - set(map(str, units)))
        under_way = self._bookmark.under_way or self._begin(
            units, whole_second(now()), full_refresh
        )
        self._newest = under_way.newest
        ids = IdWalk(under_way)
        try:
            yield from self._read(units, under_way, ids, now)
        except VtexError:
            self._mark(under_way, ids)
            raise
        if not refuses_products():
            for unit in self._refused:
                self._ledger.add(unit, now())
        self._ledger.drop_expired(now())
        self._ledger.keep_newest()
        self._finish(under_way, units, now())

    def _read(
        self,
        units: Mapping[int, Collection[int]],
        under_way: CatalogPass,
        ids: IdWalk,
        now: Callable[[], datetime],
    ) -> Iterator[Batch]:
        """Read what is left of the pass, and then what earlier runs did not get."""
        earlier = [unit for unit in units if str(unit) in self._ledger.earlier]
        left = [unit for unit in under_way.left(units) if str(unit) not in self._ledger.earlier]
        progress = Progress(self._logger, self._walk.what)
        progress.expect(len(left))
        pace = Pace()
        choice = self._choice(units, under_way)
        for batch in chain(
            self._walk.read(ids.begin(left), choice), self._walk.read_again(earlier)
        ):
            doubted = self._unknown
            self._note(batch, now())
            yield batch
            if not self._unknown:
                ids.settle([*doubted, *batch.units])
            progress.advance(len(batch.units))
            pace.count(len(batch.products) + len(batch.skus) + len(batch.brands))
            if pace.is_due():
                self._mark(under_way, ids)

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(self._bookmark, size=self._size, **changes)
        self._checkpoint(self._bookmark)

    def _mark(self, under_way: CatalogPass, ids: IdWalk) -> None:
        """Make a checkpoint within the pass, if it has come anywhere."""
        if ids.has_settled:
            at = msgspec.structs.replace(
                under_way, done_until=ids.done_until, open=ids.open, newest=self._newest
            )
            self._advance(under_way=at, missing=dict(self._ledger.missing))

    def _begin(
        self, units: Mapping[int, Collection[int]], now: datetime, full_refresh: timedelta
    ) -> CatalogPass:
        full = is_due(self._bookmark.full_pass_at, full_refresh, now)
        return CatalogPass(began=now, full=full, ids=IdCensus.of(units))

    def _choice(self, units: Mapping[int, Collection[int]], under_way: CatalogPass) -> Choice:
        new = self._bookmark.ids.new_units(units)

        def everything_of(unit: int) -> bool:
            return under_way.full or unit in new

        return Choice(everything_of, self._bookmark.picks)

    def _note(self, batch: Batch, now: datetime) -> None:
        if batch.newest:
            self._newest = max(self._newest or batch.newest, batch.newest)
        self._gone.update(batch.gone)
        self._blank_skus.update(batch.blank_skus)
        # A new SKU is listed minutes before VTEX knows it. In a walk by product, its date
        # brings it back.
        late = batch.gone if self._walk.by == "sku" else []
        unknown = batch.units if batch.lacks_something else late
        for unit in batch.failed:
            self._ledger.add(unit, now)
        for unit in unknown:
            self._ledger.add(unit, now, is_unknown=True)
        self._ledger.discard(set(batch.units) - {*batch.failed, *unknown})
        if batch.refused:
            self._refused.update(batch.units)
        self._unknown = [] if batch.known else [*self._unknown, *batch.units]
        if len(self._unknown) >= MAX_UNKNOWN:
            if not self._walk.still_answers():
                raise UnavailableError(
                    f"VTEX lists {len(self._unknown)} {self._walk.what} in a row that it then does "
                    "not know (status 404). Check whether a proxy or a firewall swallows requests."
                )
            self._unknown = []

    def _finish(
        self, under_way: CatalogPass, units: Mapping[int, Collection[int]], ended: datetime
    ) -> None:
        bookmark = self._bookmark.after_pass(under_way.began, ended, self._newest)
        self._bookmark = msgspec.structs.replace(
            bookmark,
            full_pass_at=under_way.began if under_way.full else bookmark.full_pass_at,
            # What a short list did not show counts as new once it shows again.
            ids=IdCensus.of(units) if self._size.is_doubtful else under_way.ids,
            size=self._size,
            under_way=None,
            missing=dict(self._ledger.missing),
        )
        self._checkpoint(self._bookmark)
        for what, ids in ((self._walk.what, self._gone), ("SKUs", self._blank_skus)):
            if ids:
                self._logger.info(
                    "VTEX lists %d %s that it has nothing about: %s", len(ids), what, _named(ids)
                )
        if error := self._ledger.failure(self._walk.what, may_be_gone=True):
            raise error


def _named(ids: Collection[int]) -> str:
    some = ", ".join(map(str, sorted(ids)[:MAX_NAMED]))
    return some if len(ids) <= MAX_NAMED else f"{some}, ..."
