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

#: Version of what a stream keeps in the state. Raise it when older taps can't read a change.
STATE_VERSION: Final = 2
#: What the SDK itself keeps beside that.
SDK_KEYS: Final = frozenset({"context", "starting_replication_value"})

AnyBookmark = TypeVar("AnyBookmark", bound=Bookmark)


class VtexStream(Stream):
    """A stream of one VTEX account.

    The context of its bookmarks carries the account's name, so a state can't be applied to
    another store. Records never move a bookmark; only `checkpoint` does, after everything
    before it has been handed to the writer. A run that ends anywhere leaves the last state
    written, and the next run resumes from there.
    """

    # `Conformer` has made every value fit, at any depth.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    #: The field for values that have no column, or do not fit theirs.
    extras = "other_fields"

    #: Whether the role of the set-up guide can read it, so that it is selected from the start.
    selected_by_default = True

    # The SDK calls a stream sorted if it can be resumed.
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
        """Make a stream of a tap; ``run`` has what it shares with the others."""
        self.run = run
        super().__init__(tap, schema, name)

    @cached_property
    def account(self) -> dict[str, Any]:
        """The field of every record that names the store."""
        return {"account_name": account_of(self.config)}

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """The parts of the stream that have a bookmark each: usually one, the store."""
        return [self.account]

    @property
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata, with an entry for fields in lists too; the SDK has none."""
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
            VtexError: VTEX can't give what the stream needs.
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
        """Log a line. The SDK calls an error unhandled that the tap handles, and ``--test`` ends.

        Each stream ends so there, after its first record.
        """
        if not message.startswith("An unhandled error occurred"):
            super().log(message, *args, **options)

    def failed_parts(self, partition: Context) -> list[str]:  # noqa: ARG002
        """What fails along with a partition, in words for the user."""
        return [self.name]

    def check(self, check: Check) -> None:
        """Request everything that the stream needs once, for the access check."""
        raise NotImplementedError

    def probe(self, probe: Probe) -> None:
        """Find out how VTEX behaves where its documentation is silent; often nothing."""

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

        A target can't keep rows apart whose key is null, and ends the pipeline.
        """
        record = self._conform(document)
        return record if self.has_key(record) else None

    def has_key(self, record: Document) -> bool:
        """Whether the key of a record could be read; counts those where it could not."""
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
        """The key but for what names the partition, which the tap adds."""
        added = {*self.account, *(name for one in self.partitions or () for name in one)}
        return [name for name in self.primary_keys if name not in added]

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """Make the schema messages, without the fields that are deselected inside lists.

        The SDK has removed all others. A stream map may have added some of those again.
        """
        nested: Fields = {name: one for name, one in self._deselected.items() if one is not None}
        for message in super()._generate_schema_messages():
            message.schema = pruned(message.schema, nested)
            yield message

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Make the message of a record; none if a stream map filters it out.

        The SDK walks through everything nested in a record to remove what is deselected.
        `Conformer` has removed that already.
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
        """The bookmark of the last checkpoint; None if there is none, or none is to be used.

        Without ``even_full_table``, a stream that is to be replicated whole begins anew.

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
        """Whether the stream was ever read, as far as the state says."""
        return bool(self.get_context_state(partition).keys() - SDK_KEYS)

    def check_clock(self, bookmark_at: datetime) -> None:
        """Refuse a bookmark that is ahead of VTEX's clock. VTEX must have answered before.

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
        """Write a bookmark to the state, for everything that has been handed on so far."""
        self.set_bookmark(partition, bookmark)
        self.write_state()

    def set_bookmark(self, partition: Context, bookmark: Bookmark) -> None:
        """Put a bookmark into the state, without writing the state."""
        state = self.get_context_state(partition)
        for name in state.keys() - SDK_KEYS:
            del state[name]  # an earlier version may have had other fields
        state.update(
            bookmark.to_state(), version=STATE_VERSION, replication_key=self.replication_key
        )

    def write_state(self) -> None:
        """Write the state as it is now."""
        self._tap.state_writer.write_state(self.tap_state)

    # The SDK moves the bookmark with each record, up to a "signpost". VTEX's lists are not
    # sorted by change, so a record says nothing about those that are still to come.

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark where it is."""

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Tell the SDK that there is no signpost."""
