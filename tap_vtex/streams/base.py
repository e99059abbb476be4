"""What all streams of the tap have in common."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from singer_sdk import SchemaDirectory, Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib import RecordMessage

from tap_vtex import schemas
from tap_vtex.errors import StateError, VtexError
from tap_vtex.records import Conformer
from tap_vtex.settings import account_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context, Record

    from tap_vtex.check import Check
    from tap_vtex.tap import TapVTEX

SCHEMAS: Final = SchemaDirectory(schemas)

#: Of what a stream keeps in the state; a change that older taps can't read raises it.
STATE_VERSION: Final = 1
#: What the SDK itself keeps beside that.
SDK_KEYS: Final = frozenset({"context", "starting_replication_value"})

#: How far a state may be ahead of VTEX's clock before one of the two must be wrong.
AHEAD: Final = timedelta(hours=1)
MOST_SLACK: Final = timedelta(hours=3)

Bookmark = TypeVar("Bookmark")
#: What VTEX sends of one thing, or what the tap makes of it.
Document = dict[str, Any]


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether something that was begun at ``last`` is to be done again.

    A daily job does not begin at the same second every day, and must not find that it is
    a minute too early: so a tenth is taken off, three hours at most.
    """
    if last is None or not every or now < last - AHEAD:
        return True
    return now >= last + every - min(every / 10, MOST_SLACK)


class VtexStream(Stream):
    """A stream of one VTEX account.

    Its bookmarks are a partition of the state that carries the account's name, so that a
    state can never be applied to another store. No record moves a bookmark: only
    `remember` does, after everything before it has been handed to the writer. A run that
    ends anywhere leaves the last state written, from which the next one goes on.
    """

    # Nested values pass as they came, and `Conformer` has seen to those of the root.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    #: The field of the schema for what has no column of its own.
    leftovers = "other_fields"

    # What the SDK calls sorted is what can be resumed.
    is_sorted = True
    check_sorted = False

    @property
    def tap(self) -> TapVTEX:
        """The tap, which holds the client and takes note of failures."""
        return cast("TapVTEX", self._tap)

    @cached_property
    def account(self) -> dict[str, Any]:
        """What names the store of this process: a field of every record."""
        return {"account_name": account_of(self.config)}

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """The parts of the stream with a bookmark each: one, as a rule, the store."""
        return [self.account]

    # -- records -------------------------------------------------------------------------

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[Record, None, None]:
        """Read the stream, and take note of what that costs."""
        with self.tap.summary.reading(self.name, self.tap.client):
            yield from super()._sync_records(context, write_messages=write_messages)

    def _write_record_message(self, record: Record) -> None:
        super()._write_record_message(record)
        self.tap.summary.count_row(self.name)

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Make the message of a record, or none where a stream map filters it out.

        The SDK goes through all that is nested in every record, to take out what is not
        selected: most of what a record costs it, and for nothing where all is.
        """
        if not all(self.mask.values()):
            yield from super()._generate_record_messages(record)
            return
        for stream_map in self.stream_maps:
            mapped = stream_map.transform(record)
            if mapped is not None:
                yield RecordMessage(
                    stream=stream_map.stream_alias, record=mapped, time_extracted=datetime.now(UTC)
                )

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the documents of a partition, and write the state where a run can resume.

        Raises:
            VtexError: VTEX can't give what is needed.
        """
        raise NotImplementedError

    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Yield the stream's documents; a stream that can't go on leaves the others be."""
        partition = context or self.account
        try:
            yield from self.extract(partition)
        except VtexError as error:
            self.end_early(self.ends_with(partition), error)

    def end_early(self, what: list[str], error: VtexError) -> None:
        """Take note that streams end before their time, and leave it at that.

        Raises:
            VtexError: the same, where ``--test`` wants to hear of it.
        """
        if self.ABORT_AT_RECORD_COUNT is not None:
            raise error
        self.tap.note_failure(what, error)

    def ends_with(self, partition: Context) -> list[str]:  # noqa: ARG002
        """What has ended before its time if this partition has, in words for the user."""
        return [self.name]

    def check(self, check: Check) -> None:
        """Ask once for everything that the stream needs, to see whether the key may read it."""
        raise NotImplementedError

    def post_process(self, row: Record, context: Context | None = None) -> Record | None:  # noqa: ARG002
        """Make a record of a document."""
        return self._conform(row)

    @cached_property
    def _conform(self) -> Conformer:
        return Conformer(self.effective_schema, self.leftovers)

    def write_record(self, document: Document) -> None:
        """Write a record of this stream while another one is being read."""
        record = {**self._conform(document), **self.account}
        self._write_record_message(record)

    # -- bookmarks -----------------------------------------------------------------------

    def read_state(
        self, partition: Context, read: Callable[[Mapping[str, Any]], Bookmark]
    ) -> Bookmark | None:
        """What `remember` was told last, as ``read`` makes it of that; None for nothing.

        Raises:
            StateError: the state is of a newer version of the tap, or damaged.
        """
        state = self.get_context_state(partition)
        ignored = self.replication_key and self.replication_method == "FULL_TABLE"
        if ignored or not state.keys() - SDK_KEYS:
            return None
        try:
            if state["version"] > STATE_VERSION:
                raise StateError(
                    f"The state of {self.name} was written by a newer tap-vtex: update the tap."
                )
            return read(state)
        except (KeyError, TypeError, ValueError):
            raise StateError(
                f"The state of {self.name} can't be read. Put back the state of an earlier run, "
                "or load everything again (meltano run --full-refresh)."
            ) from None

    def check_clock(self, stands_at: datetime) -> None:
        """Refuse a bookmark that is ahead of VTEX's clock; VTEX has to have been asked before.

        Raises:
            StateError: it is.
        """
        now = self.tap.client.now()
        if stands_at > now + AHEAD:
            raise StateError(
                f"The state of {self.name} stands at {stands_at:%Y-%m-%d %H:%M}, which is in the "
                f"future: by VTEX's clock it is {now:%Y-%m-%d %H:%M}. Put back the state of an "
                "earlier run, or load everything again (meltano run --full-refresh)."
            )

    def remember(self, partition: Context, bookmark: Mapping[str, Any]) -> None:
        """Put a bookmark into the state, for everything that has been handed on so far.

        ``replication_key_value`` is the one key of it that Singer knows.
        """
        state = self.get_context_state(partition)
        state.update(bookmark, version=STATE_VERSION, replication_key=self.replication_key)

    def write_state(self) -> None:
        """Write the state as it is now."""
        self.tap.state_writer.write_state(self.tap_state)

    # The SDK moves the bookmark with each record, up to a "signpost". A record of VTEX's
    # says nothing about the ones still missing: lists are not sorted by change.

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark where it is."""

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Tell the SDK that there is none."""
