"""Streams that come out of the same answers: a parent and its children, read together.

Each has a bookmark of its own. Those that have come equally far share every answer; one
that lags behind, since it was selected later, goes alone in that run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from tap_vtex.errors import StateError, VtexError
from tap_vtex.streams.base import VtexStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_vtex.streams.base import Document

Bookmark = TypeVar("Bookmark")


class ChildStream(VtexStream):
    """A stream whose records are written while those of its parent are read."""

    def begin(self) -> None:
        """Announce the stream to the target, which the SDK does for parents only."""
        self._write_schema_message()


class ParentStream(VtexStream, Generic[Bookmark]):
    """A stream that reads for its children as well."""

    def bookmark_of(self, reader: VtexStream, partition: Context) -> Bookmark:
        """How far a stream of the family has come.

        Raises:
            StateError: its state can't be used.
        """
        raise NotImplementedError

    def abreast(self, one: Bookmark, other: Bookmark) -> Bookmark | None:
        """One bookmark that holds for both, or None where one has to catch up first."""
        raise NotImplementedError

    def read_for(
        self, readers: list[VtexStream], partition: Context, bookmark: Bookmark
    ) -> Iterator[Document]:
        """Read once for streams that have come equally far; yield the parent's documents."""
        raise NotImplementedError

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the parent's documents; the children's are written meanwhile."""
        for child in self.children:
            child.begin()
        for readers, bookmark in self._groups(partition):
            try:
                yield from self.read_for(readers, partition, bookmark)
            except VtexError as error:
                self.end_early([reader.name for reader in readers], error)

    @property
    def children(self) -> list[ChildStream]:
        """The children that are selected."""
        return [
            child
            for child in self.child_streams
            if isinstance(child, ChildStream) and child.selected
        ]

    @property
    def readers(self) -> list[VtexStream]:
        """The members of the family that are selected."""
        return [self, *self.children] if self.selected else [*self.children]

    def _groups(self, partition: Context) -> list[tuple[list[VtexStream], Bookmark]]:
        """The readers, together where they have come equally far, and how far that is."""
        groups: list[tuple[list[VtexStream], Bookmark]] = []
        for reader in self.readers:
            try:
                own = self.bookmark_of(reader, partition)
            except StateError as error:
                self.end_early([reader.name], error)
                continue
            for number, (readers, bookmark) in enumerate(groups):
                if shared := self.abreast(bookmark, own):
                    groups[number] = ([*readers, reader], shared)
                    break
            else:
                groups.append(([reader], own))
        return groups

    def ends_with(self, partition: Context) -> list[str]:  # noqa: ARG002
        """The children end as well: they come out of the same answers."""
        return [reader.name for reader in self.readers]

    def generate_child_contexts(
        self,
        record: Record,  # noqa: ARG002
        context: Context | None,  # noqa: ARG002
    ) -> Iterable[Context | None]:
        """Keep the SDK from syncing a child once for each record.

        That would cost a SCHEMA message and several log lines a record.
        """
        return ()
