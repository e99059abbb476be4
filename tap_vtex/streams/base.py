"""The base class of all streams."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from singer_sdk import SchemaDirectory, Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import CustomStreamMap
from singer_sdk.singerlib import Metadata, RecordMessage

from tap_vtex import schemas
from tap_vtex.errors import StateError, StreamMapError, VtexError
from tap_vtex.records import Conformer
from tap_vtex.selection import breadcrumbs, deselected, emptied, pruned
from tap_vtex.settings import account_of
from tap_vtex.streams.bookmarks import MAX_AHEAD, Bookmark

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import MetadataMapping, SchemaMessage

    from tap_vtex.report.check import Check
    from tap_vtex.report.probe import Probe
    from tap_vtex.run import Run
    from tap_vtex.selection import Fields
    from tap_vtex.types import Document

SCHEMAS: Final = SchemaDirectory(schemas)

#: The version of the state's format. Raise it when older taps can't read a change.
STATE_VERSION: Final = 2
#: The keys that the SDK itself keeps in a stream's state.
SDK_KEYS: Final = frozenset({"context", "starting_replication_value"})

AnyBookmark = TypeVar("AnyBookmark", bound=Bookmark)


class VtexStream(Stream):
    """A stream of one VTEX account.

    The context of its bookmarks carries the account's name, so a state can't be applied to
    another store. Records never move a bookmark; only `checkpoint` does, once all earlier
    records have gone to the writer. A run can stop at any point: the next one resumes from the
    last state written.
    """

    # `Conformer` has already made every value fit its type, at any depth.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    #: The field for values that have no column, or don't fit it.
    extras = "other_fields"

    #: Whether the set-up guide's role can read it, so it is selected by default.
    selected_by_default = True

    # To the SDK, "sorted" means that the stream can be resumed.
    is_sorted = True
    check_sorted = False

    def __init__(
        self,
        tap: Tap,
        run: Run,
        *,
        schema: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        """Create a stream; ``run`` holds what it shares with the others."""
        self.run = run
        super().__init__(tap, schema, name)

    @cached_property
    def account(self) -> dict[str, Any]:
        """The field that names the store in every record."""
        return {"account_name": account_of(self.config)}

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """The parts of the stream with a bookmark of their own: usually one, the store."""
        return [self.account]

    @property
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata, including fields in lists, which the SDK leaves out."""
        is_new = self._metadata is None
        found = super().metadata
        if is_new:
            for breadcrumb in breadcrumbs(self.effective_schema):
                found.setdefault(breadcrumb, Metadata(Metadata.InclusionType.AVAILABLE))
        return found

    # -- records -------------------------------------------------------------------------

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the documents of a partition; checkpoint where a run can resume.

        Raises:
            VtexError: VTEX did not return what the stream needs.
        """
        raise NotImplementedError

    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Yield the stream's documents. An error ends this stream, not the run."""
        partition = context or self.account
        try:
            with self.run.summary.reading(self.name, self.run.client):
                yield from self.extract(partition)
        except VtexError as error:
            self.fail(self.failed_parts(partition), error)

    def fail(self, parts: Collection[str], error: VtexError) -> None:
        """Record that streams, or parts of them, failed.

        Raises:
            VtexError: The error itself, under ``--test``.
        """
        if self.ABORT_AT_RECORD_COUNT is not None:
            raise error
        self.run.fail(parts, error)

    def log(self, message: str, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the SDK's
        """Log a line, except the SDK's "unhandled error" for errors that are handled.

        The tap handles its own errors, and ``--test`` ends each stream with one on purpose.
        """
        if not message.startswith("An unhandled error occurred"):
            super().log(message, *args, **options)

    def failed_parts(self, partition: Context) -> list[str]:  # noqa: ARG002
        """What fails together with a partition, in words for the user."""
        return [self.name]

    def check(self, check: Check) -> None:
        """Request each resource that the stream needs once, for the access check."""
        raise NotImplementedError

    def probe(self, probe: Probe) -> None:
        """Find out how VTEX behaves where its documentation is silent; optional."""

    def post_process(self, row: Record, context: Context | None = None) -> Record | None:  # noqa: ARG002
        """Turn a document into a record; None if its key can't be read."""
        return self._record_of(row)

    @cached_property
    def _conform(self) -> Conformer:
        return Conformer(self.effective_schema, self.extras, self._deselected)

    @cached_property
    def _deselected(self) -> Fields:
        fields = deselected(self.mask)
        for path in emptied(self.effective_schema, fields):
            self.logger.warning(
                "Stream %s: %s is selected, but none of its fields are, so it stays empty. "
                "In Meltano's select, write %s.%s* for all of it, or remove it.",
                *(self.name, path, self.name, path),
            )
        return fields

    def write_record(self, document: Document, partition: Context | None = None) -> None:
        """Write a record of this stream while another stream is being read."""
        if record := self._record_of(document):
            self._write_record_message({**record, **(partition or self.account)})

    def _record_of(self, document: Document) -> Document | None:
        """The record of a document; None, and a warning, if its key can't be read.

        Targets can't tell rows with a null key apart, and abort.
        """
        record = self._conform(document)
        return record if self.has_key(record) else None

    def has_key(self, record: Document) -> bool:
        """Whether a record has its full key; counts and reports those that don't."""
        unread = [name for name in self.own_keys if record.get(name) is None]
        if not unread:
            return True
        if not self.run.summary.count_without_key(self.name):
            self.logger.warning(
                "A row of %s has no %s that can be read, so it is left out. The summary counts "
                "such rows",
                self.name,
                " and ".join(unread),
            )
        return False

    @cached_property
    def own_keys(self) -> list[str]:
        """The key without the fields that name the partition, which the tap adds."""
        added = {*self.account, *(name for one in self.partitions or () for name in one)}
        return [name for name in self.primary_keys if name not in added]

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """Make the schema messages, without the fields deselected inside lists.

        The SDK removes all other deselected fields, and a stream map may add some of them back.
        """
        nested: Fields = {name: one for name, one in self._deselected.items() if one is not None}
        for message in super()._generate_schema_messages():
            message.schema = pruned(message.schema, nested)
            yield message

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Make the message of a record; none if a stream map filters it out.

        The SDK would walk the whole record to remove deselected fields, which `Conformer` has
        already removed.
        """
        self.run.summary.count_row(self.name)
        for stream_map in self.stream_maps:
            try:
                mapped = stream_map.transform(record)
            except Exception as error:
                if not isinstance(stream_map, CustomStreamMap):
                    raise
                raise StreamMapError(self.name, error) from error
            if mapped is not None:
                yield RecordMessage(
                    stream=stream_map.stream_alias, record=mapped, time_extracted=datetime.now(UTC)
                )

    # -- bookmarks -----------------------------------------------------------------------

    def load_bookmark(
        self, partition: Context, kind: type[AnyBookmark], *, even_full_table: bool = False
    ) -> AnyBookmark | None:
        """The bookmark of the last checkpoint; None if there is none to use.

        A stream with ``FULL_TABLE`` replication starts over, unless ``even_full_table``.

        Raises:
            StateError: The state was written by a newer version of the tap, or is damaged.
        """
        state = self.get_context_state(partition)
        full_table = self.replication_key and self.replication_method == "FULL_TABLE"
        if (full_table and not even_full_table) or not state.keys() - SDK_KEYS:
            return None
        try:
            if state["version"] > STATE_VERSION:
                raise StateError(
                    f"The state of {self.name} was written by a newer tap-vtex. Update the tap."
                )
            return kind.from_state(state)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            raise StateError(
                f"The state of {self.name} can't be read. Restore the state of an earlier run, or "
                "load everything again (meltano run --full-refresh)."
            ) from None

    def has_bookmark(self, partition: Context) -> bool:
        """Whether the state has a bookmark of the stream."""
        return bool(self.get_context_state(partition).keys() - SDK_KEYS)

    def check_clock(self, bookmark_at: datetime) -> None:
        """Refuse a bookmark that is ahead of VTEX's clock, which its first response sets.

        Raises:
            StateError: The bookmark is ahead.
        """
        now = self.run.client.now()
        if bookmark_at > now + MAX_AHEAD:
            raise StateError(
                f"The state of {self.name} is at {bookmark_at:%Y-%m-%d %H:%M}, which is in the "
                f"future: VTEX's clock says {now:%Y-%m-%d %H:%M}. Restore the state of an earlier "
                "run, or load everything again (meltano run --full-refresh)."
            )

    def checkpoint(self, partition: Context, bookmark: Bookmark) -> None:
        """Write a bookmark that covers all records emitted so far to the state."""
        self.set_bookmark(partition, bookmark)
        self.write_state()

    def set_bookmark(self, partition: Context, bookmark: Bookmark) -> None:
        """Put a bookmark into the state, without writing the state."""
        state = self.get_context_state(partition)
        for name in state.keys() - SDK_KEYS:
            del state[name]  # may be a field of an earlier version
        state.update(
            bookmark.to_state(), version=STATE_VERSION, replication_key=self.replication_key
        )

    def write_state(self) -> None:
        """Write the current state."""
        self._tap.state_writer.write_state(self.tap_state)

    # The SDK moves the bookmark with each record, up to a "signpost". VTEX's lists are not sorted
    # by date of change, so a record says nothing about later ones.

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark where it is."""

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Tell the SDK that there is no signpost."""
