"""How products and SKUs are kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from tap_vtex.counting import counted
from tap_vtex.errors import UnavailableError, VtexError
from tap_vtex.naming import named
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import is_due
from tap_vtex.streams.catalog.bookmark import CatalogPass
from tap_vtex.streams.catalog.looks import GroupWalk, Look, Looks, group_of, sizes_of
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
    from tap_vtex.streams.catalog.walk import By, Walk
    from tap_vtex.streams.list_size import ListSize

#: This many listed things in a row that VTEX does not know are suspicious.
MAX_UNKNOWN: Final = 100


class Rhythm(NamedTuple):
    """How often the catalog is read."""

    #: In which time everything is read once.
    full_refresh: timedelta
    #: In which time each product is looked at once.
    check: timedelta


class CatalogReplication:
    """One run over the catalog: what is new, what has changed, and all of it now and then."""

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
            walk: How to go through the catalog.
            bookmark: Where to begin.
            size: What is known of the size of the list that the walk goes by.
            checkpoint: Is told each bookmark that a run can resume from.
            client: The client, whose clock is VTEX's.
            logger: For what is worth saying.
        """
        self._walk = walk
        self._bookmark = bookmark
        self._size = size
        self._checkpoint = checkpoint
        self._client = client
        self._logger = logger
        #: When the run began, and from which date on what it sees may not be the last word.
        self._began = whole_second(client.now())
        self._since = bookmark.unsettled_from(self._began)
        #: What failed, by what it is.
        self._ledgers: dict[By, RetryLedger] = {walk.by: RetryLedger(bookmark.missing)}
        if isinstance(walk, BySku):
            missing = bookmark.learned.missing if bookmark.learned else {}
            self._ledgers["product"] = RetryLedger(missing)
        self._recent_before = bookmark.recent.ids
        self._recent = set(self._recent_before)
        self._blank = set(bookmark.blank.ids)
        self._gone: dict[By, set[int]] = {"product": set(), "sku": set()}
        self._refused: set[tuple[By, int]] = set()
        #: Products of which this run has read all, so that it need not look at them.
        self._just_read: set[int] = set()
        #: Things in a row that VTEX does not know. That may be an outage.
        self._unknown: list[int] = []
        self._pace = Pace()

    def run(self, rhythm: Rhythm, refuses_products: Callable[[], bool]) -> Iterator[Batch]:
        """Yield what is to be emitted, in batches.

        Args:
            rhythm: How often everything is read, and looked at.
            refuses_products: Says at the end whether the key may read no product at all.

        Raises:
            UnavailableError: VTEX failed to give some of it.
        """
        units = self._walk.units()
        if not units:
            self._advance()
            return
        listed = self._ledgers[self._walk.by]
        if not self._size.is_doubtful:
            listed.discard(set(listed.missing) - set(map(str, units)))
        resumed = self._bookmark.under_way
        under_way = resumed or self._begin(units, rhythm)
        if not under_way.full:
            yield from self._pass(under_way, units)
            yield from self._look(rhythm)
        else:
            # A full pass that takes several runs must not keep changes waiting.
            if resumed and self._bookmark.full_pass_at and not self._size.is_doubtful:
                yield from self._look(rhythm)
            yield from self._pass(under_way, units)
        for by, ledger in self._ledgers.items():
            known = units if by == self._walk.by else self._walk.products()
            earlier = [one for one in known if str(one) in ledger.earlier]
            yield from self._noted(self._walk.read_again(by, earlier), by)
        self._finish(refuses_products)

    # -- the list ------------------------------------------------------------------------

    def _begin(self, units: Mapping[int, Collection[int]], rhythm: Rhythm) -> CatalogPass:
        full = is_due(self._bookmark.full_pass_at, rhythm.full_refresh, self._began)
        ids = IdCensus.of(units)
        return CatalogPass(began=self._began, full=full, ids=ids, since=self._since)

    def _pass(
        self, under_way: CatalogPass, units: Mapping[int, Collection[int]]
    ) -> Iterator[Batch]:
        """Read what the list shows: all of it, or what is new."""
        account = IdWalk(under_way)
        chosen = units if under_way.full else self._bookmark.ids.new_units(units)
        earlier = self._ledgers[self._walk.by].earlier
        left = [unit for unit in under_way.left(chosen) if str(unit) not in earlier]

        def mark() -> None:
            if account.has_settled:
                so_far = {"done_until": account.done_until, "open": account.open}
                self._advance(under_way=msgspec.structs.replace(under_way, **so_far))

        batches = self._walk.read(account.begin(left))
        for batch in self._settled(batches, self._walk.by, len(left), account.settle, mark):
            if self._walk.by == "product":
                self._just_read.update(batch.units)
            yield batch
        if under_way.full:
            look = Look(under_way.began, under_way.since)
            self._update(full_pass_at=under_way.began, looks=Looks.all_at(look))
        # What a short list did not show counts as new once it shows again.
        known = IdCensus.of(units) if self._size.is_doubtful else under_way.ids
        self._update(ids=known, under_way=None)

    # -- looks ---------------------------------------------------------------------------

    def _look(self, rhythm: Rhythm) -> Iterator[Batch]:
        """Look at the products whose turn it is, and at those that changed lately."""
        sizes = sizes_of(self._walk.products())
        due = self._bookmark.looks.due(sizes, rhythm.check, self._began)
        yield from self._look_at(due, self._recent_before)
        if isinstance(self._walk, BySku) and self._has_strays(self._walk):
            # One was moved to a product that no other SKU has named. It is among those that
            # no product shows.
            yield from self._look_at(sorted({*range(BUCKETS)} - {*due}))
            strays = self._walk.not_shown() - self._without_product
            yield from self._noted(self._walk.read(sorted(strays)), "sku")

    def _look_at(
        self, groups: Sequence[int], recent: Collection[int] = frozenset()
    ) -> Iterator[Batch]:
        """Look at groups of products, the first ones first, and before them at recent ones."""
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
        account = GroupWalk(in_turn, groups)
        looks, look = self._bookmark.looks, Look(self._began, self._since)

        def since(product: int) -> datetime | None:
            return None if product in blank else looks.of(product).since

        def mark() -> None:
            self._advance(looks=looks.after(look, account.done))

        blank = frozenset(self._blank) if self._walk.by == "product" else frozenset()
        chosen = [*at_once, *in_turn]
        batches = self._walk.look(chosen, since)
        yield from self._settled(batches, "product", len(chosen), account.settle, mark)
        self._update(looks=looks.after(look, account.done))

    def _has_strays(self, walk: BySku) -> bool:
        """Whether VTEX lists more SKUs than all known products have."""
        full_pass_at = self._bookmark.full_pass_at
        if full_pass_at is None or full_pass_at < walk.gap_at:
            return False  # some products are not known yet
        return len(walk.units().keys() - self._without_product) > walk.placed

    @property
    def _without_product(self) -> set[int]:
        """Listed SKUs whose product VTEX has not told."""
        return self._blank | set(map(int, self._ledgers["sku"].missing))

    # -- what all of them share ----------------------------------------------------------

    def _settled(
        self,
        batches: Iterable[Batch],
        by: By,
        count: int,
        settle: Callable[[Iterable[int]], None],
        mark: Callable[[], None],
    ) -> Iterator[Batch]:
        """Hand on batches, keep account of them, and make a checkpoint now and then.

        Args:
            batches: What to hand on.
            by: What they are about.
            count: How many of these there are.
            settle: Is told ids about which everything has been emitted.
            mark: Makes a checkpoint.
        """
        progress = Progress(self._logger, NAMES[by])
        progress.expect(count)
        doubted: list[int] = []
        try:
            for batch in self._noted(batches, by):
                yield batch
                doubted += batch.units
                if not self._unknown:
                    settle(doubted)
                    doubted = []
                progress.advance(len(batch.units))
                if self._pace.is_due():
                    mark()
        except VtexError:
            mark()
            raise
        settle(doubted)
        self._unknown = []

    def _noted(self, batches: Iterable[Batch], by: By) -> Iterator[Batch]:
        """Hand on batches, and take note of what they say."""
        for batch in batches:
            self._note(batch, by)
            self._pace.count(len(batch.products) + len(batch.skus) + len(batch.brands))
            yield batch

    def _note(self, batch: Batch, by: By) -> None:
        now = self._client.now()
        self._bookmark = self._bookmark.after(batch.newest, now)
        self._gone[by].update(batch.gone)
        self._gone["sku"].update(batch.blank_skus)
        ledger = self._ledgers[by]
        # A new SKU is listed minutes before VTEX knows it.
        unknown = batch.units if batch.lacks_something else batch.gone if by == "sku" else []
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
        """Remember whether the next run has to look at a product again."""
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
                    "VTEX lists %s that it has nothing about: %s",
                    counted(len(ids), NAMES[by]),
                    named(sorted(ids)),
                )
        failures = (
            ledger.failure(NAMES[by], may_be_gone=True) for by, ledger in self._ledgers.items()
        )
        if errors := [str(error) for error in failures if error]:
            raise UnavailableError(" ".join(errors))
