"""Lists without pages that emit only changed rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tap_vtex import dates
from tap_vtex.errors import VtexError
from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.ledger import RetryLedger
from tap_vtex.streams.list_size import ListSize, Reading, read_list
from tap_vtex.streams.lists import ListStream
from tap_vtex.streams.pace import MAX_RECORDS
from tap_vtex.streams.row_census import RowCensus, RowChanges

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.types import Document

#: VTEX may show a change this long after listing it.
MAX_LAG: Final = timedelta(minutes=10)
#: A row seen for the first time is emitted in two runs if it was modified this recently.
MAX_AGE_OF_NEW: Final = timedelta(days=1)


class ModifiedBookmark(Bookmark, frozen=True, kw_only=True):
    """The rows that the last run saw."""

    #: The newest date of change that is not ahead of the clock.
    highest: datetime | None = msgspec.field(name="replication_key_value", default=None)
    #: From earlier versions, which went by the date alone. The first run after an upgrade still
    #: does, and the second one reads what the first left out.
    since: datetime | None = None
    #: When the last run began.
    seen_at: datetime | None = None
    #: When a run last found a row that needs a second look.
    changed_at: datetime | None = None
    census: RowCensus = msgspec.field(default_factory=RowCensus)
    size: ListSize = msgspec.field(default_factory=ListSize)
    #: Rows whose requests failed, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)


class ModifiedStream(ListStream):
    """A list without pages. Every run emits the rows that changed since the last one."""

    replication_key = "lastModifiedUtc"

    #: Whether the last reading lacked a part of the rows, for a reason that was logged.
    is_partial = False

    def documents(
        self, rows: Mapping[str, Document], ledger: RetryLedger
    ) -> Iterator[tuple[str | None, Document]]:
        """Turn rows, by id, into documents, each with its id.

        Failures go into the ledger. A document with None for its id counts as not done.
        """
        del ledger
        yield from rows.items()

    def count(self, rows: Collection[str], size: ListSize) -> int:  # noqa: ARG002
        """How many rows came, to compare with the size of the list."""
        return len(rows)

    def retry_documents(
        self, rows: Mapping[str, Document], ledger: RetryLedger
    ) -> Iterator[tuple[str | None, Document]]:
        """The same for rows that earlier runs did not get."""
        yield from self.documents(rows, ledger)

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield rows that changed since the last run or need a second look."""
        bookmark = self.load_bookmark(partition, ModifiedBookmark) or ModifiedBookmark()
        rows, size = self._read(bookmark)
        if bookmark.seen_at:
            self.check_clock(bookmark.seen_at)
        comparison = _Comparison(bookmark, rows, self.run.client.now())
        ledger = RetryLedger(bookmark.missing)

        def checkpoint(**changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
            self.checkpoint(partition, comparison.bookmark(ledger, **changes))

        try:
            for key, document in self._documents(comparison, rows, ledger, checkpoint):
                yield {**document, "synced_at": dates.text(self.run.client.now())}
                comparison.done(key)
        except VtexError:
            checkpoint()
            raise
        ledger.drop_expired(self.run.client.now())
        if not size.is_doubtful and not self.is_partial:
            comparison.forget_missing()
        checkpoint(size=size, since=None)
        if error := ledger.failure(self.what, may_be_gone=True):
            raise error

    def _documents(
        self,
        comparison: _Comparison,
        rows: Mapping[str, Document],
        ledger: RetryLedger,
        checkpoint: Callable[[], None],
    ) -> Iterator[tuple[str | None, Document]]:
        for part in comparison.parts(ledger):
            yield from self.documents(part, ledger)
            checkpoint()
        again = {key: rows[key] for key in ledger.earlier if key in rows}
        yield from self.retry_documents(again, ledger)

    def _read(self, bookmark: ModifiedBookmark) -> tuple[dict[str, Document], ListSize]:
        """The rows by id, and the size of the list."""
        found: dict[str, Document] = {}

        def read() -> Reading:
            self.is_partial = False
            found.update((self.key_of(row), row) for row in self.with_key(self.rows()))
            # A missing part is reported on its own; it must not make the list look short.
            known = (bookmark.size.rows or 0) if self.is_partial else 0
            return Reading(max(self.count(found, bookmark.size), known))

        reading = read_list(self.run.client, bookmark.size, read)
        if self.is_partial:
            return found, bookmark.size
        size = bookmark.size.after(reading.rows, self.run.client.now())
        size.warn_if_doubtful(self.logger, self.what)
        return found, size


class _Comparison:
    """The rows of one run, compared with those of earlier runs."""

    def __init__(
        self, bookmark: ModifiedBookmark, rows: Mapping[str, Document], now: datetime
    ) -> None:
        self._bookmark = bookmark
        self._rows = rows
        self._now = now
        self._changes = RowChanges(bookmark.census, rows)
        self._changed_at = bookmark.changed_at
        by_date = bookmark.since if not bookmark.census.packed else None
        self._buckets = {
            bucket: keys
            for bucket, keys in self._changes.changed_buckets().items()
            if by_date is None or any(self._modified_since(key, by_date) for key in keys)
        }
        self._left = {bucket: set(keys) for bucket, keys in self._buckets.items()}

    def parts(self, ledger: RetryLedger) -> Iterator[dict[str, Document]]:
        """The rows to look at, in parts with a checkpoint after each."""
        part: dict[str, Document] = {}
        for keys in self._buckets.values():
            part |= {key: self._rows[key] for key in keys if key not in ledger.earlier}
            if len(part) >= MAX_RECORDS:
                yield part
                part = {}
        if part:
            yield part

    def done(self, key: str | None) -> None:
        """Record a row that was emitted."""
        if key is None:
            return
        bucket = self._changes.bucket_of(key)
        left = self._left.setdefault(bucket, {key})
        left.discard(key)
        if left:
            return
        if self._changes.is_second_look(bucket):
            early = self._changed_at is not None and self._now < self._changed_at + MAX_LAG
            self._changes.note(bucket, again=early)
            return
        again = not self._changes.is_new(bucket) or self._modified_since(
            key, self._now - MAX_AGE_OF_NEW
        )
        if again:
            self._changed_at = self._now
        self._changes.note(bucket, again=again)

    def forget_missing(self) -> None:
        """Forget rows that are no longer listed."""
        self._changes.forget_missing()

    def bookmark(self, ledger: RetryLedger, **changes: Any) -> ModifiedBookmark:  # noqa: ANN401
        """The bookmark for the rows done so far."""
        dated = (_modified(row) for row in self._rows.values())
        past = [date for date in dated if date and date <= self._now]
        return msgspec.structs.replace(
            self._bookmark,
            highest=max(past, default=self._bookmark.highest),
            seen_at=self._now,
            changed_at=self._changed_at,
            census=self._changes.census(),
            missing=dict(ledger.missing),
            **changes,
        )

    def _modified_since(self, key: str, moment: datetime) -> bool:
        """Whether a row was modified at or after a moment, or at an unknown date."""
        modified = _modified(self._rows[key])
        return modified is None or modified >= moment


def _modified(row: Document) -> datetime | None:
    return dates.parse(row.get("lastModifiedUtc"))
