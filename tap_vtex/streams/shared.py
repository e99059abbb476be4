"""Streams from the same responses: a parent and its children, read together.

Each stream has its own bookmark. Streams with compatible bookmarks share every response; a stream
selected later catches up in a separate pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from tap_vtex.errors import StateError, VtexError
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.bookmarks import Bookmark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_vtex.types import Document

SharedBookmark = TypeVar("SharedBookmark", bound=Bookmark)


class ChildStream(VtexStream):
    """A stream whose records are written while its parent is read."""

    def begin(self) -> None:
        """Announce the stream to the target. The SDK does that for parents only."""
        self._write_schema_message()


class ParentStream(VtexStream, Generic[SharedBookmark]):
    """A stream that also reads for its children."""

    def bookmark_of(self, member: VtexStream, partition: Context) -> SharedBookmark:
        """The bookmark of a member; a fresh one if there is no state.

        Raises:
            StateError: The state can't be used.
        """
        raise NotImplementedError

    def merged(self, one: SharedBookmark, other: SharedBookmark) -> SharedBookmark | None:
        """A bookmark that serves both; None if one has to catch up first."""
        raise NotImplementedError

    def read_for(
        self,
        members: list[VtexStream],
        bookmark: SharedBookmark,
        checkpoint: Callable[[SharedBookmark], None],
    ) -> Iterator[Document]:
        """Read once for members that share a bookmark; yield the parent's documents."""
        raise NotImplementedError

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the parent's documents. The children's are written meanwhile."""
        for child in self.children:
            child.begin()
        yield from self.read_groups(partition)

    def read_groups(self, partition: Context) -> Iterator[Document]:
        """Read once for each group of members with compatible bookmarks."""
        for members, bookmark in self._groups(partition):
            try:
                yield from self.read_for(members, bookmark, self._checkpoint_of(members, partition))
            except VtexError as error:
                self.fail(self._parts(members, partition), error)

    def part_of(self, member: VtexStream, partition: Context) -> Context:  # noqa: ARG002
        """The member's partition that belongs to one of the parent's."""
        return partition

    def _parts(self, members: Iterable[VtexStream], partition: Context) -> list[str]:
        """What fails of some members together with a partition of the parent."""
        return [
            part
            for member in members
            for part in (
                [member.name]
                if member is self
                else member.failed_parts(self.part_of(member, partition))
            )
        ]

    @property
    def children(self) -> list[ChildStream]:
        """The selected children."""
        return [
            child
            for child in self.child_streams
            if isinstance(child, ChildStream) and child.selected
        ]

    @property
    def members(self) -> list[VtexStream]:
        """The parent and its children, if they are selected."""
        return [self, *self.children] if self.selected else [*self.children]

    def _checkpoint_of(
        self, members: list[VtexStream], partition: Context
    ) -> Callable[[SharedBookmark], None]:
        def checkpoint(bookmark: SharedBookmark) -> None:
            for member in members:
                member.set_bookmark(self.part_of(member, partition), bookmark)
            self.write_state()

        return checkpoint

    def _groups(self, partition: Context) -> list[tuple[list[VtexStream], SharedBookmark]]:
        """The members, grouped by compatible bookmarks."""
        groups: list[tuple[list[VtexStream], SharedBookmark]] = []
        for member in self.members:
            try:
                own = self.bookmark_of(member, partition)
            except StateError as error:
                self.fail(self._parts([member], partition), error)
                continue
            for number, (members, bookmark) in enumerate(groups):
                if merged := self.merged(bookmark, own):
                    groups[number] = ([*members, member], merged)
                    break
            else:
                groups.append(([member], own))
        return groups

    def failed_parts(self, partition: Context) -> list[str]:
        """All members, since they come from the same responses."""
        return self._parts(self.members, partition)

    def generate_child_contexts(
        self,
        record: Record,  # noqa: ARG002
        context: Context | None,  # noqa: ARG002
    ) -> Iterable[Context | None]:
        """Keep the SDK from syncing the children once per record.

        Each sync would cost a SCHEMA message and several log lines.
        """
        return ()
