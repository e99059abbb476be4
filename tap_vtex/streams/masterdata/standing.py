"""Where a run stands: its bookmark, whether that may move, and what has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_vtex.errors import IncompleteListError
    from tap_vtex.streams.masterdata.bookmark import EntityBookmark


class Standing:
    """The bookmark of a run over an entity.

    It stays where it is as long as there may be more to read than VTEX says.
    """

    def __init__(
        self, bookmark: EntityBookmark, checkpoint: Callable[[EntityBookmark], None]
    ) -> None:
        """Begin at a bookmark; ``checkpoint`` is told each one that a run can resume from."""
        self.bookmark = bookmark
        #: Where the next run resumes if the bookmark is withheld.
        self.kept = bookmark
        #: As long as nothing was ever seen, nothing counts as loaded.
        self.is_withheld = bookmark.is_new
        self.failures: list[IncompleteListError] = []
        #: Documents that were handed on.
        self.seen = 0
        self.checkpoint = checkpoint

    def see(self) -> None:
        """Count a document. The first one ever shows that the entity is there."""
        self.seen += 1
        if self.is_withheld and self.kept.is_new and not self.failures:
            self.is_withheld = False

    def change(self, **fields: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        """Change the bookmark, for the next checkpoint."""
        self.bookmark = msgspec.structs.replace(self.bookmark, **fields)

    def advance(self, **fields: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        """Change the bookmark, and make a checkpoint unless it is withheld."""
        self.change(**fields)
        if not self.is_withheld:
            self.checkpoint(self.bookmark)

    def withhold(self, failure: IncompleteListError) -> None:
        """Read on, and let the next run do so again."""
        self.failures.append(failure)
        if not self.is_withheld:
            self.is_withheld, self.kept = True, self.bookmark
