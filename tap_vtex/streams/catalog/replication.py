"""How products and SKUs are kept up to date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from tap_vtex.errors import UnavailableError
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import (
    Bookmark,
    IdPass,
    checksum,
    chunks,
    is_due,
)
from tap_vtex.streams.catalog.walk import By, Choice
from tap_vtex.streams.ledger import MAX_MISSING, RetryLedger, missing_from_list
from tap_vtex.streams.watermark import Watermark, merged
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import timedelta

    from tap_vtex.streams.catalog.walk import Batch, Walk

BUCKETS: Final = 256
CHECKSUM_BYTES: Final = 3
_SIZE: Final = BUCKETS * CHECKSUM_BYTES
#: This many listed things in a row that VTEX does not know are an error.
MAX_UNKNOWN: Final = 100
#: A log line names at most this many ids.
MAX_NAMED: Final = 10


class IdCensus(Bookmark, frozen=True, kw_only=True):
    """The ids that a list has shown, in one kilobyte: a checksum for each of 256 buckets.

    New things usually have the highest ids, and are recognised by that. If the checksum of a
    bucket differs, a thing with a low id has come, gone or changed its SKUs: all things of the
    bucket count as new.
    """

    highest: int = -1
    checksums: Annotated[bytes, msgspec.Meta(min_length=_SIZE, max_length=_SIZE)] = bytes(_SIZE)

    @classmethod
    def of(cls, units: Mapping[int, Collection[int]], up_to: int | None = None) -> IdCensus:
        """The census of a list, or of its ids up to one of them."""
        sums = [0] * BUCKETS
        for unit, members in units.items():
            if up_to is None or unit <= up_to:
                sums[unit % BUCKETS] += checksum(f"{unit}:{sorted(members)}", CHECKSUM_BYTES)
        size = 256**CHECKSUM_BYTES
        return cls(
            highest=max(units, default=-1),
            checksums=b"".join((total % size).to_bytes(CHECKSUM_BYTES) for total in sums),
        )

    def new_units(self, units: Mapping[int, Collection[int]]) -> set[int]:
        """The units of a list that this census does not know."""
        now = IdCensus.of(units, up_to=self.highest)
        changed = {
            bucket
            for bucket in range(BUCKETS)
            if self._checksum_of(bucket) != now._checksum_of(bucket)  # noqa: SLF001
        }
        return {unit for unit in units if unit > self.highest or unit % BUCKETS in changed}

    def _checksum_of(self, bucket: int) -> bytes:
        return self.checksums[bucket * CHECKSUM_BYTES :][:CHECKSUM_BYTES]


class CatalogPass(IdPass, frozen=True, kw_only=True):
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
        checkpoint: Callable[[CatalogBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """Begin at a bookmark; ``checkpoint`` is told each one that a run can resume from."""
        self._walk = walk
        self._bookmark = bookmark
        self._checkpoint = checkpoint
        self._logger = logger
        self._gone: set[int] = set()
        self._blank_skus: set[int] = set()
        self._failed: set[int] = set()
        self._unknown = 0
        self._newest: datetime | None = None

    def run(self, now: Callable[[], datetime], full_refresh: timedelta) -> Iterator[Batch]:
        """Yield what is to be emitted, in batches.

        Raises:
            UnavailableError: VTEX failed to give some of it.
        """
        units = self._walk.units()
        ledger = RetryLedger(self._bookmark.missing)
        ledger.discard(set(ledger.missing) - set(map(str, units)))
        known_missing = set(map(int, ledger.missing))
        under_way = self._bookmark.under_way or self._begin(
            units, whole_second(now()), full_refresh
        )
        self._newest = under_way.newest
        choice = self._choice(units, under_way, known_missing)
        progress = Progress(self._logger, f"{self._walk.by}s")
        left = under_way.left(units)
        progress.expect(len(left))
        for chunk in chunks(left, self._walk.chunk):
            for batch in self._walk.read(chunk, choice):
                self._note(batch)
                yield batch
            progress.advance(len(chunk))
            under_way = msgspec.structs.replace(
                under_way, done_until=chunk[-1], newest=self._newest
            )
            self._update_missing(ledger, chunk, known_missing, now())
            self._advance(under_way=under_way, missing=dict(ledger.missing))
        self._finish(under_way, now())

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(self._bookmark, **changes)
        self._checkpoint(self._bookmark)

    def _begin(
        self, units: Mapping[int, Collection[int]], now: datetime, full_refresh: timedelta
    ) -> CatalogPass:
        full = is_due(self._bookmark.full_pass_at, full_refresh, now)
        return CatalogPass(began=now, full=full, ids=IdCensus.of(units))

    def _choice(
        self, units: Mapping[int, Collection[int]], under_way: CatalogPass, missing: set[int]
    ) -> Choice:
        whole = self._bookmark.ids.new_units(units) | missing

        def everything_of(unit: int) -> bool:
            return under_way.full or unit in whole

        return Choice(everything_of, self._bookmark.picks)

    def _update_missing(
        self, ledger: RetryLedger, chunk: Sequence[int], known_missing: set[int], now: datetime
    ) -> None:
        """Keep account of what failed, and once, of what VTEX does not know yet.

        A new SKU is listed minutes before the index knows it. In a walk by product, its date
        brings it back.
        """
        late = self._gone - known_missing if self._walk.by == "sku" else set()
        ledger.discard(set(chunk) - self._failed - late)
        for unit in (self._failed | late) & set(chunk):
            ledger.add(unit, now)
        if ledger.is_full:
            ledger.keep_newest()

    def _note(self, batch: Batch) -> None:
        if batch.newest:
            self._newest = max(self._newest or batch.newest, batch.newest)
        self._gone.update(batch.gone)
        self._blank_skus.update(batch.blank_skus)
        self._failed.update(batch.failed)
        self._unknown = 0 if batch.known else self._unknown + 1
        if self._unknown >= MAX_UNKNOWN:
            raise UnavailableError(
                f"VTEX lists {self._unknown} {self._walk.by}s in a row that it then does not know "
                "(status 404). Check whether a proxy or a firewall swallows requests."
            )
        if len(self._failed) > MAX_MISSING:
            raise UnavailableError(f"VTEX fails to give more than {MAX_MISSING} {self._walk.by}s.")

    def _finish(self, under_way: CatalogPass, ended: datetime) -> None:
        bookmark = self._bookmark.after_pass(under_way.began, ended, self._newest)
        self._bookmark = msgspec.structs.replace(
            bookmark,
            full_pass_at=under_way.began if under_way.full else bookmark.full_pass_at,
            ids=under_way.ids,
            under_way=None,
        )
        self._checkpoint(self._bookmark)
        for what, ids in ((f"{self._walk.by}s", self._gone), ("SKUs", self._blank_skus)):
            if ids:
                self._logger.info(
                    "VTEX lists %d %s that it has nothing about: %s", len(ids), what, _named(ids)
                )
        if self._failed:
            raise UnavailableError(
                f"VTEX failed to give {len(self._failed)} {self._walk.by}s "
                f"({_named(self._failed)}). The run went on without them, and the next one asks "
                "for them again."
            )


def _named(ids: Collection[int]) -> str:
    some = ", ".join(map(str, sorted(ids)[:MAX_NAMED]))
    return some if len(ids) <= MAX_NAMED else f"{some}, ..."
