"""Clients, and the streams that share their documents: one read for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.errors import VtexError
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.reading import naming_entity
from tap_vtex.streams.masterdata.streams import EntityStream, MasterDataStream, open_reading
from tap_vtex.streams.shared import ChildStream, ParentStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.base import VtexStream
    from tap_vtex.streams.masterdata.reading import EntityReading
    from tap_vtex.streams.masterdata.replication import FoundDocument
    from tap_vtex.types import Document

#: The entity of the clients.
CLIENTS: Final = "CL"


class ClientsStream(ParentStream[EntityBookmark], EntityStream):
    """Clients (CL): people who bought, registered, or left an e-mail address."""

    name = "clients"
    native_schema = "clients"

    _reading: EntityReading

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the clients; write the children's records from the same documents."""
        for child in self.children:
            child.begin()
        try:
            with naming_entity(CLIENTS):
                self._reading = open_reading(self.run, CLIENTS, self._members)
                if not self._reading.has_dates:
                    for found in self._reading.read_everything():
                        yield from self._rows_for(found, self._members)
            if self._reading.has_dates:
                yield from self.read_groups(partition)
        except VtexError as error:
            self.fail(self.failed_parts(partition), error)
        for child in self.children:
            if isinstance(child, ClientsChild):
                child.read_other_entities()

    @property
    def _members(self) -> list[MasterDataStream]:
        return [one for one in self.members if isinstance(one, MasterDataStream)]

    # -- members that share a bookmark ---------------------------------------------------

    def bookmark_of(self, member: VtexStream, partition: Context) -> EntityBookmark:
        """A member's bookmark for the clients."""
        assert isinstance(member, MasterDataStream)  # noqa: S101 - all members are
        return member.bookmark(self.part_of(member, partition), self._reading.began)

    def part_of(self, member: VtexStream, partition: Context) -> Context:
        """The partition of a member that reads clients."""
        return member.clients_partition if isinstance(member, ClientsChild) else partition

    def merged(self, one: EntityBookmark, other: EntityBookmark) -> EntityBookmark | None:
        """A bookmark for both, if they are compatible."""
        return one.merged_with(other)

    def read_for(
        self,
        members: list[VtexStream],
        bookmark: EntityBookmark,
        checkpoint: Callable[[EntityBookmark], None],  # noqa: ARG002 - each member has its own
    ) -> Iterator[Document]:
        """Read the clients once, for members that share a bookmark."""
        owns = [self.bookmark_of(member, self.account) for member in members]

        def checkpoint_each(at: EntityBookmark) -> None:
            for member, own in zip(members, owns, strict=True):
                kept = at.with_unchanged_from(own, bookmark).corrected(self._reading.not_ahead)
                member.set_bookmark(self.part_of(member, self.account), kept)
            self.write_state()

        # If any member has read a client, its cart may be in the target, even if it is gone now.
        read_before = max(own.changes_since for own in owns)
        sharing = [one for one in self._members if one in members]
        with naming_entity(CLIENTS):
            for found in self._reading.read(bookmark, checkpoint_each, read_before):
                yield from self._rows_for(found, sharing)

    def _rows_for(
        self, found: FoundDocument, members: Sequence[MasterDataStream]
    ) -> Iterator[Document]:
        """Yield the clients' rows; write the children's."""
        for member in members:
            if isinstance(member, ClientsChild):
                member.write_rows(found)
            else:
                yield from member.rows(found, self.account)


class ClientsChild(ChildStream, MasterDataStream):
    """A stream derived from clients, whose records are written while clients are read."""

    parent_stream_type = ClientsStream

    @property
    def clients_partition(self) -> Context:
        """The partition that reads the clients."""
        return self.account

    def write_rows(self, found: FoundDocument) -> None:
        """Write the stream's records for a client."""
        for row in self.rows(found, self.clients_partition):
            self.write_record(row, self.clients_partition)

    def read_other_entities(self) -> None:
        """Read the stream's other entities; often there are none."""
