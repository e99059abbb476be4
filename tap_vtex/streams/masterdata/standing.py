"""Where a run stands: its bookmark, whether it may advance, and what has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_vtex.errors import IncompleteListError
    from tap_vtex.streams.masterdata.bookmark import EntityBookmark


class Standing:
    """The bookmark of an entity's run.

    It stays where it is as long as VTEX may be reporting too few documents.
    """

    def __init__(
        self, bookmark: EntityBookmark, checkpoint: Callable[[EntityBookmark], None]
    ) -> None:
        """Begin at a bookmark; ``checkpoint`` saves one that a run can resume from."""
        self.bookmark = bookmark
        #: Where the next run resumes if the bookmark is withheld.
        self.kept = bookmark
        #: Nothing counts as loaded until the first document has been seen.
        self.is_withheld = bookmark.is_new
        self.failures: list[IncompleteListError] = []
        #: The number of documents emitted.
        self.emitted = 0
        self.checkpoint = checkpoint

    def count_document(self) -> None:
        """Count an emitted document. The first one ever proves that the entity is not empty."""
        self.emitted += 1
        if self.is_withheld and self.kept.is_new and not self.failures:
            self.is_withheld = False

    def change(self, **fields: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        """Change the bookmark without a checkpoint."""
        self.bookmark = msgspec.structs.replace(self.bookmark, **fields)

    def advance(self, **fields: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        """Change the bookmark, and write a checkpoint unless the bookmark is withheld."""
        self.change(**fields)
        if not self.is_withheld:
            self.checkpoint(self.bookmark)

    def withhold(self, failure: IncompleteListError) -> None:
        """Keep the saved bookmark from advancing, so that the next run reads the same again."""
        self.failures.append(failure)
        if not self.is_withheld:
            self.is_withheld, self.kept = True, self.bookmark
