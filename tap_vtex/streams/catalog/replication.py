"""The incremental replication of products and SKUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from tap_vtex.counting import counted
from tap_vtex.errors import UnavailableError, VtexError
from tap_vtex.naming import named
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import is_due
from tap_vtex.streams.catalog.bookmark import CatalogPass
from tap_vtex.streams.catalog.looks import GroupWalk, Look, Looks, group_of, group_sizes
from tap_vtex.streams.catalog.walk import NAMES, BySku, still_answers
from tap_vtex.streams.id_census import BUCKETS, IdCensus, IdSet
from tap_vtex.streams.id_walk import IdWalk
from tap_vtex.streams.ledger import RetryLedger
from tap_vtex.streams.pace import Pace
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from tap_vtex.http.client import VtexClient
    from tap_vtex.streams.catalog.assembler import Batch
    from tap_vtex.streams.catalog.bookmark import CatalogBookmark
    from tap_vtex.streams.catalog.walk import UnitKind, Walk
    from tap_vtex.streams.list_size import ListSize

#: After this many listed units in a row that VTEX does not know, an outage is likely.
MAX_UNKNOWN: Final = 100


class Schedule(NamedTuple):
    """How often to read the catalog."""

    #: The period in which to read everything once.
    full_refresh: timedelta
    #: The period in which to look at each product once.
    check: timedelta


class CatalogReplication:
    """One run over the catalog: new units, changed ones, and periodically all of them."""

    def __init__(
        self,
        walk: Walk,
        bookmark: CatalogBookmark,
        size: ListSize,
        checkpoint: Callable[[CatalogBookmark], None],
        *,
        client: VtexClient,
        logger: logging.Logger,
    ) -> None:
        """Begin at a bookmark.

        Args:
            walk: How to walk through the catalog.
            bookmark: Where to begin.
            size: What is known about the size of the list that the walk uses.
            checkpoint: Receives each bookmark that a run can resume from.
            client: The client, whose clock is VTEX's.
            logger: The stream's logger.
        """
        self._walk = walk
        self._bookmark = bookmark
        self._size = size
        self._checkpoint = checkpoint
        self._client = client
        self._logger = logger
        self._began = whole_second(client.now())
        #: The first date that is not final yet.
        self._since = bookmark.unsettled_from(self._began)
        self._ledgers: dict[UnitKind, RetryLedger] = {walk.by: RetryLedger(bookmark.missing)}
        if isinstance(walk, BySku):
            missing = bookmark.learned.missing if bookmark.learned else {}
            self._ledgers["product"] = RetryLedger(missing)
        self._recent_before = bookmark.recent.ids
        self._recent = set(self._recent_before)
        self._blank = set(bookmark.blank.ids)
        self._gone: dict[UnitKind, set[int]] = {"product": set(), "sku": set()}
        self._refused: set[tuple[UnitKind, int]] = set()
        #: Products that this run has read in full, so they need no look.
        self._just_read: set[int] = set()
        #: The current streak of units that VTEX does not know, which may be an outage.
        self._unknown: list[int] = []
        self._pace = Pace()

    def run(self, schedule: Schedule, refuses_products: Callable[[], bool]) -> Iterator[Batch]:
        """Yield the records in batches.

        Args:
            schedule: How often to read and to check the catalog.
            refuses_products: Tells at the end whether the key may read no product at all.

        Raises:
            UnavailableError: Some requests failed.
        """
        units = self._walk.units()
        if not units:
            self._advance()
            return
        listed = self._ledgers[self._walk.by]
        if not self._size.is_doubtful:
            listed.discard(set(listed.missing) - set(map(str, units)))
        resumed = self._bookmark.under_way
        under_way = resumed or self._begin(units, schedule)
        if not under_way.full:
            yield from self._pass(under_way, units)
            yield from self._look(schedule)
        else:
            # A full pass that takes several runs must not delay changes.
            if resumed and self._bookmark.full_pass_at and not self._size.is_doubtful:
                yield from self._look(schedule)
            yield from self._pass(under_way, units)
        for by, ledger in self._ledgers.items():
            known = units if by == self._walk.by else self._walk.products()
            earlier = [one for one in known if str(one) in ledger.earlier]
            yield from self._noted(self._walk.retry(by, earlier), by)
        self._finish(refuses_products)

    # -- the list ------------------------------------------------------------------------

    def _begin(self, units: Mapping[int, Collection[int]], schedule: Schedule) -> CatalogPass:
        full = is_due(self._bookmark.full_pass_at, schedule.full_refresh, self._began)
        ids = IdCensus.of(units)
        return CatalogPass(began=self._began, full=full, ids=ids, since=self._since)

    def _pass(
        self, under_way: CatalogPass, units: Mapping[int, Collection[int]]
    ) -> Iterator[Batch]:
        """Read the units of the list: all of them, or the new ones."""
        id_walk = IdWalk(under_way)
        chosen = units if under_way.full else self._bookmark.ids.new_units(units)
        earlier = self._ledgers[self._walk.by].earlier
        left = [unit for unit in under_way.left(chosen) if str(unit) not in earlier]

        def checkpoint() -> None:
            if id_walk.has_progressed:
                so_far = {"done_until": id_walk.done_until, "open": id_walk.open}
                self._advance(under_way=msgspec.structs.replace(under_way, **so_far))

        batches = self._walk.read(id_walk.begin(left))
        tracked = self._tracked(batches, self._walk.by, len(left), id_walk.mark_done, checkpoint)
        for batch in tracked:
            if self._walk.by == "product":
                self._just_read.update(batch.units)
            yield batch
        if under_way.full:
            look = Look(under_way.began, under_way.since)
            self._update(full_pass_at=under_way.began, looks=Looks.all_at(look))
        # Units missing from a short list count as new once the list shows them again.
        known = IdCensus.of(units) if self._size.is_doubtful else under_way.ids
        self._update(ids=known, under_way=None)

    # -- looks ---------------------------------------------------------------------------

    def _look(self, schedule: Schedule) -> Iterator[Batch]:
        """Look at the products that are due, and at those that changed lately."""
        sizes = group_sizes(self._walk.products())
        due = self._bookmark.looks.due(sizes, schedule.check, self._began)
        yield from self._look_at(due, self._recent_before)
        if isinstance(self._walk, BySku) and self._has_strays(self._walk):
            # A SKU was moved to a product that no other SKU has named. A look at all products
            # leaves it among those that none of them shows.
            yield from self._look_at(sorted({*range(BUCKETS)} - {*due}))
            strays = self._walk.unplaced() - self._without_product
            yield from self._noted(self._walk.read(sorted(strays)), "sku")

    def _look_at(
        self, groups: Sequence[int], recent: Collection[int] = frozenset()
    ) -> Iterator[Batch]:
        """Look at recent products, and then at groups of products in the given order."""
        place = {group: number for number, group in enumerate(groups)}
        earlier = self._ledgers["product"].earlier
        products = [
            one
            for one in self._walk.products()
            if str(one) not in earlier and one not in self._just_read
        ]
        in_turn = [one for one in products if group_of(one) in place]
        in_turn.sort(key=lambda one: place[group_of(one)])
        at_once = [one for one in products if one in recent and group_of(one) not in place]
        group_walk = GroupWalk(in_turn, groups)
        looks, look = self._bookmark.looks, Look(self._began, self._since)

        def since(product: int) -> datetime | None:
            return None if product in blank else looks.of(product).since

        def checkpoint() -> None:
            self._advance(looks=looks.after(look, group_walk.done))

        blank = frozenset(self._blank) if self._walk.by == "product" else frozenset()
        chosen = [*at_once, *in_turn]
        batches = self._walk.look(chosen, since)
        yield from self._tracked(batches, "product", len(chosen), group_walk.mark_done, checkpoint)
        self._update(looks=looks.after(look, group_walk.done))

    def _has_strays(self, walk: BySku) -> bool:
        """Whether VTEX lists more SKUs than the known products have."""
        full_pass_at = self._bookmark.full_pass_at
        if full_pass_at is None or full_pass_at < walk.gap_at:
            return False  # some products are not known yet
        return len(walk.units().keys() - self._without_product) > walk.placed_count

    @property
    def _without_product(self) -> set[int]:
        """Listed SKUs whose product is unknown."""
        return self._blank | set(map(int, self._ledgers["sku"].missing))

    # -- tracking ------------------------------------------------------------------------

    def _tracked(
        self,
        batches: Iterable[Batch],
        by: UnitKind,
        count: int,
        mark_done: Callable[[Iterable[int]], None],
        checkpoint: Callable[[], None],
    ) -> Iterator[Batch]:
        """Pass batches on, track what is done, and make checkpoints.

        Args:
            batches: The batches.
            by: The kind of their units.
            count: The number of units.
            mark_done: Receives ids whose records have all been emitted.
            checkpoint: Makes a checkpoint.
        """
        progress = Progress(self._logger, NAMES[by])
        progress.expect(count)
        doubted: list[int] = []
        try:
            for batch in self._noted(batches, by):
                yield batch
                doubted += batch.units
                if not self._unknown:
                    mark_done(doubted)
                    doubted = []
                progress.advance(len(batch.units))
                if self._pace.is_due():
                    checkpoint()
        except VtexError:
            checkpoint()
            raise
        mark_done(doubted)
        self._unknown = []

    def _noted(self, batches: Iterable[Batch], by: UnitKind) -> Iterator[Batch]:
        """Pass batches on, and record what they reveal."""
        for batch in batches:
            self._note(batch, by)
            self._pace.count(len(batch.products) + len(batch.skus) + len(batch.brands))
            yield batch

    def _note(self, batch: Batch, by: UnitKind) -> None:
        now = self._client.now()
        self._bookmark = self._bookmark.after(batch.newest, now)
        self._gone[by].update(batch.gone)
        self._gone["sku"].update(batch.blank_skus)
        ledger = self._ledgers[by]
        # VTEX lists a new SKU minutes before it knows it.
        unknown = batch.units if batch.is_incomplete else batch.gone if by == "sku" else []
        for unit in batch.failed:
            ledger.add(unit, now)
        for unit in unknown:
            ledger.add(unit, now, is_unknown=True)
        ledger.discard(set(batch.units) - {*batch.failed, *unknown})
        if batch.refused:
            self._refused.update((by, unit) for unit in batch.units)
        if batch.product is not None:
            self._note_product(batch, batch.product)
        self._unknown = [] if batch.known else [*self._unknown, *batch.units]
        if len(self._unknown) >= MAX_UNKNOWN:
            if not still_answers(self._client, by):
                raise UnavailableError(
                    f"VTEX lists {len(self._unknown)} {NAMES[by]} in a row that it then does not "
                    "know (status 404). Check whether a proxy or a firewall swallows requests."
                )
            self._unknown = []

    def _note_product(self, batch: Batch, product: int) -> None:
        """Record whether the next run has to look at a product again."""
        if batch.known:
            is_recent = batch.latest is not None and batch.latest >= self._since
        else:
            is_recent = product not in self._recent_before
        (self._recent.add if is_recent else self._recent.discard)(product)
        if self._walk.by == "product":
            (self._blank.discard if batch.known else self._blank.add)(product)
        else:
            self._blank -= batch.shown

    def _update(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(self._bookmark, **changes)

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        learned = None
        if isinstance(self._walk, BySku):
            learned = self._walk.learned(dict(self._ledgers["product"].missing))
        self._update(
            recent=IdSet(self._recent),
            blank=IdSet(self._blank),
            size=self._size,
            missing=dict(self._ledgers[self._walk.by].missing),
            learned=learned,
            **changes,
        )
        self._checkpoint(self._bookmark)

    def _finish(self, refuses_products: Callable[[], bool]) -> None:
        now = self._client.now()
        if not refuses_products():
            for by, unit in self._refused:
                self._ledgers[by].add(unit, now)
        listed = self._ledgers[self._walk.by]
        before = set(listed.missing)
        for ledger in self._ledgers.values():
            ledger.drop_expired(now)
            ledger.keep_newest()
        self._blank.update(map(int, before - set(listed.missing)))
        self._recent.intersection_update(self._walk.products())
        self._advance()
        for by, ids in self._gone.items():
            if ids:
                self._logger.info(
                    "VTEX has no data on %s that it lists: %s",
                    counted(len(ids), NAMES[by]),
                    named(sorted(ids)),
                )
        failures = (
            ledger.failure(NAMES[by], may_be_gone=True) for by, ledger in self._ledgers.items()
        )
        if errors := [str(error) for error in failures if error]:
            raise UnavailableError(" ".join(errors))
