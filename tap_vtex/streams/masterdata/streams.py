"""The streams of Master Data: the base class, clients, addresses and further entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from tap_vtex.errors import AccessError, IncompleteListError, NotFoundError, RefusedError
from tap_vtex.selection import without
from tap_vtex.streams.base import SCHEMAS, VtexStream
from tap_vtex.streams.masterdata.api import (
    DATES,
    SEARCH,
    STRUCTURE,
    UNDATED,
    LostError,
    last_activity,
)
from tap_vtex.streams.masterdata.fields import ACCOUNT_NAME, extended, readable
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.replication import (
    EntityBookmark,
    EntityReplication,
    FoundDocument,
)
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_vtex.report.check import Check
    from tap_vtex.run import Run
    from tap_vtex.types import Document

#: Requests every field of a document.
ALL_FIELDS: Final = "_all"


class MasterDataStream(VtexStream):
    """Documents of Master Data, kept up to date by the newest of their dates."""

    replication_key = "last_activity_at"
    extras = "custom_fields"

    #: Fields that the key may not read. They are null.
    unreadable: frozenset[str] = frozenset()

    def entity(self, partition: Context) -> str:
        """The acronym of the entity that a partition reads."""
        raise NotImplementedError

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields of a document that the stream needs."""
        raise NotImplementedError

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Whether it also takes everything else that a document has."""
        return False

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Turn a document into what the stream emits, or into nothing."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Request a document of each entity, and the structure if the stream uses it."""
        for partition in self.partitions or []:
            acronym = self.entity(partition)
            one = {"REST-Range": "resources=0-1"}
            check.ask(SEARCH, acronym, params={"_fields": "id"}, headers=one)
            if self.wants_all(acronym):
                check.ask(
                    STRUCTURE, acronym, fallback="the store's own fields are in custom_fields"
                )

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield what the stream makes of documents that are new or have changed."""
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
                f"The store seems to have no Master Data entity {acronym}. {error}",
                status=error.status,
            ) from None

    def _found(self, partition: Context, acronym: str) -> Iterator[FoundDocument]:
        try:
            reader, undated = self._open(acronym)
        except RefusedError:
            self.logger.warning(
                "%s can't be filtered by date, so every run reads all of it", acronym
            )
            yield from self._everything(acronym)
            return
        bookmark = self._bookmark(partition)

        def checkpoint(at: EntityBookmark) -> None:
            self.checkpoint(partition, at)

        replication = EntityReplication(reader, bookmark, checkpoint, self.logger)
        yield from replication.run(undated, self.run.client.now)

    def _bookmark(self, partition: Context) -> EntityBookmark:
        """How far the partition has come. VTEX must have answered before."""
        start, now = self.run.settings.start_date, whole_second(self.run.client.now())
        bookmark = self.load_bookmark(partition, EntityBookmark)
        if bookmark is None:
            return EntityBookmark(start=start, load_began=now, loaded_until=None, changes_since=now)
        self.check_clock(bookmark.changes_since)
        if bookmark.wants_more(start):
            return msgspec.structs.replace(
                bookmark, start=start, load_began=now, loaded_until=None, undated=None
            )
        return bookmark

    # -- the entity ----------------------------------------------------------------------

    def _open(self, acronym: str) -> tuple[EntityReader, int | None]:
        """A reader that the entity accepts, and how many documents have no creation date.

        Raises:
            AccessError: The key may not read the entity.
            NotFoundError: The store has no such entity, or so it seems.
            RefusedError: The same, or the entity can't be filtered by date.
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
        """Leave out the fields that are refused, whether with a 403 or a 400."""
        # If even these are refused, it is not about the fields.
        self._try(acronym, _names(("id", *DATES)))

        def may_read(names: Sequence[str]) -> bool:
            try:
                self._try(acronym, _names(names))
            except (AccessError, RefusedError):
                return False
            return True

        wanted = [name for name in self.fields(acronym) if name not in {"id", *DATES}]
        names = readable(wanted, may_read)
        self.unreadable = frozenset(wanted) - set(names)
        self._warn_of_fields(acronym, ", ".join(sorted(self.unreadable)))
        return self._try(acronym, _names((*names, "id", *DATES)))

    def _try(self, acronym: str, fields: str) -> tuple[EntityReader, int | None]:
        reader = EntityReader(self.run.client, self.logger, acronym, fields)
        return reader, reader.count(UNDATED)

    def _warn_of_fields(self, acronym: str, which: str) -> None:
        self.logger.warning(
            "The key may not read %s of the Master Data entity %s: those fields are null or left "
            "out. To get them, give the key's role the resource 'CRM administrator' in the License "
            "Manager.",
            which,
            acronym,
        )

    def _ways_to_ask(self, acronym: str) -> Sequence[str]:
        """What to request of documents, best first.

        VTEX does not say what it does about a field name that an entity lacks, and it may
        refuse all fields where it would give some by name.
        """
        by_name = _names((*self.fields(acronym), *DATES))
        return (ALL_FIELDS, by_name) if self.wants_all(acronym) else (by_name, ALL_FIELDS)

    def _everything(self, acronym: str) -> Iterator[FoundDocument]:
        reader = EntityReader(self.run.client, self.logger, acronym, ALL_FIELDS)
        try:
            yield from map(FoundDocument, reader.read(None))
        except LostError as loss:
            raise IncompleteListError(
                f"The documents of {acronym} can't be read to the end: {loss}."
            ) from None


class EntityStream(MasterDataStream):
    """All documents of one entity, with a column for each known field."""

    primary_keys = ("account_name", "id")

    #: The schema that holds without knowing the store.
    native_schema: ClassVar[str] = "entity"

    def __init__(
        self, tap: Tap, run: Run, acronym: str, name: str, fields: Iterable[tuple[str, str]]
    ) -> None:
        """Make a stream; ``fields`` are names and types of fields, as far as they are known."""
        self._acronym = acronym
        native: dict[str, Any] = SCHEMAS.get_schema(self.native_schema)
        schema = extended(native, fields, self.extras, tap.logger.getChild(name))
        super().__init__(tap, run, schema=schema, name=name)

    def entity(self, partition: Context) -> str:  # noqa: ARG002
        """The stream's only entity."""
        return self._acronym

    def fields(self, acronym: str) -> Sequence[str]:  # noqa: ARG002
        """The selected columns, without those that the tap adds."""
        added = {self.replication_key, self.extras, *self.account}
        names = [name for name in self.effective_schema["properties"] if name not in added]
        return ["id", *(name for name in names if self.mask.get(("properties", name), True))]

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Fields without a column are wanted if the column for them is."""
        return self.mask.get(("properties", self.extras), True)

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Emit the document as it is, without the store's name, which is in ``account_name``."""
        name = found.document.get(ACCOUNT_NAME)
        if isinstance(name, str) and name.lower() == self.account["account_name"]:
            yield without(found.document, {ACCOUNT_NAME: None})
        else:
            yield found.document


class ClientsStream(EntityStream):
    """Clients (CL): those who bought, registered, or left an e-mail address."""

    native_schema = "clients"


class AddressesStream(EntityStream):
    """The addresses of clients (AD)."""

    native_schema = "addresses"


def _is_about_fields(error: AccessError | RefusedError) -> bool:
    return "private fields" in error.vtex_message


def _names(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))
