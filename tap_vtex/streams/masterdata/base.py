"""What the streams out of Master Data have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import (
    AccessError,
    IncompleteListError,
    NotFoundError,
    RefusedError,
)
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.documents import Document, Found, last_activity
from tap_vtex.streams.masterdata.entity import LostError
from tap_vtex.streams.masterdata.fields import readable
from tap_vtex.streams.masterdata.query import DATES, UNDATED
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.replication import EntityReplication
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.check import Check

#: Asks Master Data for whatever a document has.
ALL_FIELDS: Final = "_all"


class MasterDataStream(VtexStream):
    """Documents of Master Data, kept up to date by the latest of their dates."""

    replication_key = "last_activity_at"
    leftovers = "custom_fields"

    #: Fields that the key may not read. They are null.
    unreadable: frozenset[str] = frozenset()

    def entity(self, partition: Context) -> str:
        """The acronym of the entity that a partition reads."""
        raise NotImplementedError

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields of a document that the stream needs."""
        raise NotImplementedError

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Whether it takes whatever else a document has, too."""
        return False

    def records(self, found: Found, partition: Context) -> Iterator[Document]:
        """Make of a document what the stream emits of it, or nothing."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Ask for a document of each entity, and for the structure where that is of use."""
        for partition in self.partitions or []:
            path = f"/api/dataentities/{self.entity(partition)}"
            check.ask(f"{path}/search", {"_fields": "id"}, headers={"REST-Range": "resources=0-1"})
            if self.wants_all(self.entity(partition)):
                check.ask(path, without="the store's own fields are in custom_fields")

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield what the stream makes of the documents that are new or have changed."""
        acronym = self.entity(partition)
        try:
            for found in self._found(partition, acronym):
                missing = self.unreadable & self.effective_schema["properties"].keys()
                for record in self.records(found, partition):
                    yield {
                        **dict.fromkeys(missing),
                        **record,
                        "last_activity_at": last_activity(found.document),
                    }
        except (NotFoundError, RefusedError) as error:
            raise type(error)(
                f"The store seems to have no Master Data entity {acronym}: {error}",
                status=error.status,
            ) from None

    def _found(self, partition: Context, acronym: str) -> Iterator[Found]:
        try:
            reader, undated = self._open(acronym)
        except RefusedError:
            self.logger.warning(
                "%s can't be asked for by date: all of it is read in every run.", acronym
            )
            yield from self._everything(acronym)
            return
        bookmark = self._bookmark(partition)

        def checkpoint(at: EntityBookmark) -> None:
            self.remember(partition, at.as_state())
            self.write_state()

        replication = EntityReplication(reader, bookmark, checkpoint, self.logger)
        yield from replication.run(undated, self.tap.client.now)

    def _bookmark(self, partition: Context) -> EntityBookmark:
        """How far the partition has come. VTEX has to have been asked something before."""
        start, now = self.tap.settings.start_date, whole_second(self.tap.client.now())
        at = self.read_state(partition, EntityBookmark.from_state)
        if at is None:
            return EntityBookmark(start, load_began=now, loaded_until=None, changes_since=now)
        self.check_clock(at.changes_since)
        if at.wants_more(start):
            return replace(at, start=start, load_began=now, loaded_until=None, undated=None)
        return at

    # -- the entity ----------------------------------------------------------------------

    def _open(self, acronym: str) -> tuple[EntityReader, int | None]:
        """A reader that the entity answers, and how many documents have no date of creation.

        Raises:
            AccessError: the key may not read the entity.
            NotFoundError: the store has no such entity, or so it seems.
            RefusedError: the same, or it can't be filtered by date.
        """
        self.unreadable = frozenset()
        refusals: list[AccessError | RefusedError] = []
        for fields in self._ways_to_ask(acronym):
            try:
                opened = self._try(acronym, fields)
            except (AccessError, RefusedError) as error:
                if isinstance(error, AccessError) and not _is_about_fields(error):
                    raise
                refusals.append(error)
            else:
                if any(map(_is_about_fields, refusals)):
                    self._warn_of_fields(acronym, "all its fields")
                return opened
        if not any(map(_is_about_fields, refusals)):
            raise refusals[-1]
        return self._open_what_is_readable(acronym)

    def _open_what_is_readable(self, acronym: str) -> tuple[EntityReader, int | None]:
        """Leave out the fields that are refused, one way or the other."""
        # Where these can't be had, it is not for the fields that anything is refused.
        self._try(acronym, _list(("id", *DATES)))

        def may_read(names: Sequence[str]) -> bool:
            try:
                self._try(acronym, _list(names))
            except (AccessError, RefusedError):
                return False
            return True

        wanted = [name for name in self.fields(acronym) if name not in {"id", *DATES}]
        names = readable(wanted, may_read)
        self.unreadable = frozenset(wanted) - set(names)
        self._warn_of_fields(acronym, ", ".join(sorted(self.unreadable)))
        return self._try(acronym, _list((*names, "id", *DATES)))

    def _try(self, acronym: str, fields: str) -> tuple[EntityReader, int | None]:
        reader = EntityReader(self.tap.client, self.logger, acronym, fields)
        return reader, reader.count(UNDATED)

    def _warn_of_fields(self, acronym: str, which: str) -> None:
        self.logger.warning(
            "The key may not read %s of the Master Data entity %s: what it may not read is null "
            "or left out. Give its role the resource 'CRM administrator' in the License Manager.",
            which,
            acronym,
        )

    def _ways_to_ask(self, acronym: str) -> Sequence[str]:
        """What to ask of documents, best first.

        VTEX does not say what it makes of the name of a field that an entity lacks, and
        may refuse all fields where it would give the named ones.
        """
        by_name = _list((*self.fields(acronym), *DATES))
        return (ALL_FIELDS, by_name) if self.wants_all(acronym) else (by_name, ALL_FIELDS)

    def _everything(self, acronym: str) -> Iterator[Found]:
        reader = EntityReader(self.tap.client, self.logger, acronym, ALL_FIELDS)
        try:
            yield from map(Found, reader.read(None))
        except LostError as loss:
            raise IncompleteListError(
                f"The documents of {acronym} can't be read to their end: {loss}."
            ) from None


def _is_about_fields(error: AccessError | RefusedError) -> bool:
    return "private fields" in error.said


def _list(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))
