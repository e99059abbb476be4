"""Streams that cost a request for each SKU, and are read once in so many hours."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
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
#: SKUs at most that VTEX failed to give and that are asked for again.
MOST_OWED: Final = 50


@dataclass
class PerSkuBookmark:
    """How far a reading has come."""

    #: When it began.
    began: datetime
    #: The highest SKU id of those that are done.
    done_until: int = -1
    is_complete: bool = False
    #: SKUs that VTEX failed to give.
    owed: set[int] = field(default_factory=set)

    def as_state(self) -> dict[str, Any]:
        """The bookmark as JSON."""
        return {
            "began": dates.text(self.began),
            "done_until": self.done_until,
            "complete": self.is_complete,
            "owed": sorted(self.owed),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> PerSkuBookmark:
        """Read what `as_state` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            datetime.fromisoformat(state["began"]),
            int(state["done_until"]),
            bool(state["complete"]),
            {int(sku_id) for sku_id in state["owed"]},
        )


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
        """Yield what there is of every SKU, if it is time to, from where the last run got to.

        If it is not, only what VTEX failed to give the last time.
        """
        client = self.tap.client
        at = self.read_state(partition, PerSkuBookmark.from_state)
        if at is None or (at.is_complete and is_due(at.began, self.refresh, client.now())):
            # Listed first, so that it is VTEX's clock by which it begins.
            sku_ids = self._sku_ids()
            at = PerSkuBookmark(client.now())
        elif at.is_complete:
            self.logger.info("%s were read at %s, and stay as they are", self.name, at.began)
            if not at.owed:
                return
            sku_ids, at = sorted(at.owed), replace(at, done_until=-1)
        else:
            sku_ids = self._sku_ids()
        left = sku_ids[bisect_right(sku_ids, at.done_until) :]
        progress = Progress(self.logger, f"SKUs for {self.name}")
        progress.expect(len(left))
        self._without = 0
        for start in range(0, len(left), CHUNK):
            chunk = left[start : start + CHUNK]
            yield from self._read(chunk, at, progress)
            at.done_until = chunk[-1]
            self._checkpoint(partition, at)
        at.is_complete = True
        self._checkpoint(partition, at)
        self._report(len(left), at)

    def _sku_ids(self) -> list[int]:
        api = CatalogApi(self.tap.client, self.logger)
        try:
            return api.sku_ids()
        except AccessError as refusal:
            try:
                return sorted({sku for skus in api.product_ids().values() for sku in skus})
            except AccessError:
                raise refusal from None

    def _read(
        self, sku_ids: list[int], at: PerSkuBookmark, progress: Progress
    ) -> Iterator[Document]:
        def ask(sku_id: int, stop: threading.Event) -> Document | None:
            return self.tap.client.get(self.path(sku_id), is_document_or_nothing, stop=stop).body

        for fetched in fetch_each(self.tap.client.workers, ask, sku_ids):
            progress.advance()
            at.owed.discard(fetched.item)
            if fetched.found:
                now = {"synced_at": dates.text(self.tap.client.now())}
                for record in self.records(fetched.item, fetched.found):
                    yield {**record, **now}
            elif fetched.trouble is None or fetched.is_unknown:
                self._without += 1
            else:
                at.owed.add(fetched.item)
                if len(at.owed) > MOST_OWED:
                    raise UnavailableError(
                        f"VTEX fails to give {self.name} of more than {MOST_OWED} SKUs. "
                        f"{fetched.trouble}"
                    )

    def _checkpoint(self, partition: Context, at: PerSkuBookmark) -> None:
        self.remember(partition, at.as_state())
        self.write_state()

    def _report(self, count: int, at: PerSkuBookmark) -> None:
        if self._without:
            self.logger.info("%d of %d SKUs have no %s", self._without, count, self.name)
        if at.owed:
            raise UnavailableError(
                f"VTEX failed to give {self.name} of {len(at.owed)} SKUs "
                f"({', '.join(map(str, sorted(at.owed)[:10]))}). The next run asks for them again."
            )
