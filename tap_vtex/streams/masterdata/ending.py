"""The end of an entity's run: the final bookmark, and warnings or errors about gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_vtex.counting import counted
from tap_vtex.streams.masterdata.api import incomplete

if TYPE_CHECKING:
    import logging

    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.streams.masterdata.standing import Standing
    from tap_vtex.streams.masterdata.totals import Totals


class Ending:
    """Ends the run of one entity."""

    def __init__(
        self, reader: EntityReader, standing: Standing, totals: Totals, logger: logging.Logger
    ) -> None:
        """Note where the run begins."""
        self._reader = reader
        self._standing = standing
        self._totals = totals
        self._logger = logger
        self._skipped_before = reader.skipped

    def end(self, *, all_seen: bool) -> None:
        """Write the final bookmark, and report what is missing.

        Args:
            all_seen: Whether runs have seen all documents that the entity has now.

        Raises:
            IncompleteListError: A part was not read completely; the message names it.
        """
        standing, totals = self._standing, self._totals
        if self._reader.refuses_interaction:
            self._logger.info(
                "%s can't be filtered by lastInteractionIn, so this run only searched for created "
                "and updated documents",
                self._reader.acronym,
            )
        if skipped := self._reader.skipped - self._skipped_before:
            self._logger.warning(
                "Skipped %s without an id", counted(skipped, f"rows of {self._reader.acronym}")
            )
        if standing.is_withheld and not standing.failures:
            self._end_without_documents()
        if standing.failures or totals.has_shrunk:
            self._end_incomplete()
        elif not standing.is_withheld:
            is_known = totals.total is not None and all_seen
            total = totals.total if is_known else standing.bookmark.total
            standing.advance(total=total, doubted_since=None)

    def _end_without_documents(self) -> None:
        """No document has ever been seen. After a day, the entity counts as empty."""
        standing, totals = self._standing, self._totals
        if totals.total:
            # Documents exist, but none has been active since the start date.
            if not self._reader.finds_by_date():
                standing.withhold(
                    incomplete(self._reader.acronym, "by date", "search finds nothing")
                )
                return
        elif not totals.is_confirmed:
            if totals.doubted_since is None:
                self._logger.warning(
                    "Master Data has no documents of %s. The next runs look again from the "
                    "beginning; after a day without any, the entity counts as empty",
                    self._reader.acronym,
                )
            standing.checkpoint(
                msgspec.structs.replace(standing.kept, total=0, doubted_since=totals.doubt_began)
            )
            return
        standing.is_withheld = False

    def _end_incomplete(self) -> None:
        """Leave the bookmark where the next run rereads what was incomplete."""
        standing, totals = self._standing, self._totals
        at = standing.kept if standing.is_withheld else standing.bookmark
        if standing.is_withheld or totals.has_shrunk:
            at = msgspec.structs.replace(at, doubted_since=totals.doubt_began)
        standing.checkpoint(at)
        if totals.has_collapsed:
            standing.failures.append(
                incomplete(
                    self._reader.acronym,
                    "since the last run",
                    f"Master Data announces {counted(totals.total or 0, 'documents')}, but "
                    f"announced {totals.previous:,} before",
                )
            )
        elif totals.has_shrunk and totals.doubted_since is None:
            self._logger.warning(
                "Master Data announces %s, but announced %s before. Until the lower number "
                "has lasted a day, each run reads changes since %s again",
                counted(totals.total or 0, f"documents of {self._reader.acronym}"),
                f"{totals.previous:,}",
                f"{standing.bookmark.changes_since:%Y-%m-%d %H:%M} UTC",
            )
        if standing.failures:
            raise standing.failures[0]
