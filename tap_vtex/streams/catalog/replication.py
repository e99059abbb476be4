"""How products and SKUs are kept up to date."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import UnavailableError
from tap_vtex.progress import Progress
from tap_vtex.streams.base import is_due
from tap_vtex.streams.catalog.bookmark import CatalogBookmark, IdCensus, Pass
from tap_vtex.streams.catalog.reading import Choice
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from tap_vtex.streams.catalog.reading import Finding, Reader

#: Listed things in a row that VTEX does not know, before that is an error of its own.
MOST_UNKNOWN: Final = 100
#: Things at most that VTEX failed to give and that are asked for again.
MOST_OWED: Final = 50
#: Ids of things that could not be had, at most, in a line of the log.
MOST_NAMED: Final = 10


class CatalogReplication:
    """One run over the catalog: a full pass when one is due, else what has changed."""

    def __init__(
        self,
        reader: Reader,
        bookmark: CatalogBookmark,
        checkpoint: Callable[[CatalogBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """``checkpoint`` is told of each bookmark up to which all has been yielded."""
        self._reader = reader
        self._checkpoint = checkpoint
        self._logger = logger
        self._at = bookmark
        self._gone: set[int] = set()
        self._blank_skus: set[int] = set()
        self._failed: set[int] = set()
        self._unknown = 0

    def run(self, now: Callable[[], datetime], full_refresh: timedelta) -> Iterator[Finding]:
        """Yield what is to be emitted, in parts.

        Raises:
            UnavailableError: VTEX failed to give some of it.
        """
        units = self._reader.units()
        at = self._at
        at.owed &= units.keys()
        self._known_gone = set(at.owed)
        under_way = at.under_way or self._begin(units, whole_second(now()), full_refresh)
        at.under_way = under_way
        choice = self._choice(units, under_way)
        progress = Progress(self._logger, f"{self._reader.by}s")
        left = list(_after(sorted(units), under_way.done_until))
        progress.expect(len(left))
        for start in range(0, len(left), self._reader.chunk):
            chunk = left[start : start + self._reader.chunk]
            for finding in self._reader.read(chunk, choice):
                self._note(finding)
                yield finding
            progress.advance(len(chunk))
            under_way.done_until = chunk[-1]
            self._settle(set(chunk))
            self._checkpoint(at)
        self._finish(under_way, now())

    def _begin(
        self, units: Mapping[int, Collection[int]], now: datetime, full_refresh: timedelta
    ) -> Pass:
        return Pass(now, is_due(self._at.full_pass_at, full_refresh, now), IdCensus.of(units))

    def _choice(self, units: Mapping[int, Collection[int]], under_way: Pass) -> Choice:
        whole = self._at.ids.newcomers(units) | self._at.owed

        def everything_of(unit: int) -> bool:
            return under_way.full or unit in whole

        return Choice(everything_of, self._at.watermark.picks)

    def _settle(self, chunk: set[int]) -> None:
        """Keep account of what is owed: what failed, and once, what VTEX does not know yet.

        A new SKU is listed minutes before the index knows it. Where products are gone
        through, its date brings it back.
        """
        late = self._gone - self._known_gone if self._reader.by == "sku" else set()
        self._at.owed = (self._at.owed - chunk) | self._failed | late
        if len(self._at.owed) > MOST_OWED:
            # Those with the highest ids are the latest.
            self._at.owed = set(sorted(self._at.owed)[-MOST_OWED:])

    def _note(self, finding: Finding) -> None:
        under_way = self._at.under_way
        if under_way and finding.latest:
            under_way.latest = max(under_way.latest or finding.latest, finding.latest)
        self._gone.update(finding.gone)
        self._blank_skus.update(finding.blank_skus)
        self._failed.update(finding.failed)
        self._unknown = 0 if finding.known else self._unknown + 1
        if self._unknown >= MOST_UNKNOWN:
            raise UnavailableError(
                f"VTEX lists {self._reader.by}s, but does not know {self._unknown} of them in a "
                "row (status 404): something on the way loses the requests."
            )
        if len(self._failed) > MOST_OWED:
            raise UnavailableError(f"VTEX fails to give more than {MOST_OWED} {self._reader.by}s.")

    def _finish(self, under_way: Pass, ended: datetime) -> None:
        at = self._at
        self._checkpoint(
            replace(
                at,
                watermark=at.watermark.after_pass(under_way.began, ended, under_way.latest),
                full_pass_at=under_way.began if under_way.full else at.full_pass_at,
                ids=under_way.ids,
                under_way=None,
            )
        )
        for what, ids in ((f"{self._reader.by}s", self._gone), ("SKUs", self._blank_skus)):
            if ids:
                self._logger.info(
                    "Of some %s that it lists, %d, VTEX gives nothing: %s",
                    what,
                    len(ids),
                    _named(ids),
                )
        if self._failed:
            raise UnavailableError(
                f"VTEX failed to give {len(self._failed)} {self._reader.by}s "
                f"({_named(self._failed)}). The run went on without them, and the next one asks "
                "for them again."
            )


def _after(ids: Sequence[int], done_until: int) -> Sequence[int]:
    return ids[bisect_right(ids, done_until) :]


def _named(ids: Collection[int]) -> str:
    some = ", ".join(map(str, sorted(ids)[:MOST_NAMED]))
    return some if len(ids) <= MOST_NAMED else f"{some}, ..."
