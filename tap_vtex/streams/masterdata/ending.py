"""The end of a run over an entity: the last bookmark, and what is said of what is missing."""

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
    """Ends a run, whatever it has come to."""

    def __init__(
        self, reader: EntityReader, standing: Standing, totals: Totals, logger: logging.Logger
    ) -> None:
        """Prepare for the end of a run that has just begun."""
        self._reader = reader
        self._standing = standing
        self._totals = totals
        self._logger = logger
        self._left_out_before = reader.left_out

    def end(self, *, is_explained: bool) -> None:
        """Write the last bookmark, and say what is missing.

        Args:
            is_explained: Whether the run has seen all documents that there are by now.

        Raises:
            IncompleteListError: A part was not read to its end; the text names it.
        """
        standing, totals = self._standing, self._totals
        if self._reader.refuses_interaction:
            self._logger.info(
                "%s can't be filtered by lastInteractionIn, so the run has looked for what was "
                "created or updated",
                self._reader.acronym,
            )
        if left_out := self._reader.left_out - self._left_out_before:
            self._logger.warning(
                "Skipped %s without an id", counted(left_out, f"rows of {self._reader.acronym}")
            )
        if standing.is_withheld and not standing.failures:
            self._end_without_documents()
        if standing.failures or totals.are_fewer:
            self._end_in_doubt()
        elif not standing.is_withheld:
            is_known = totals.total is not None and is_explained
            total = totals.total if is_known else standing.bookmark.total
            standing.advance(total=total, doubted_since=None)

    def _end_without_documents(self) -> None:
        """Nothing was ever seen of the entity. That counts after a day."""
        standing, totals = self._standing, self._totals
        if totals.total:
            # A start date has left out all that there is.
            if not self._reader.finds_by_date():
                standing.withhold(
                    incomplete(self._reader.acronym, "by date", "search finds nothing")
                )
                return
        elif not totals.is_old:
            if totals.doubted_since is None:
                self._logger.warning(
                    "Master Data has no documents of %s, as far as it says. The next runs look "
                    "again from the beginning; after a day, that counts",
                    self._reader.acronym,
                )
            standing.checkpoint(
                msgspec.structs.replace(standing.kept, total=0, doubted_since=totals.doubt())
            )
            return
        standing.is_withheld = False

    def _end_in_doubt(self) -> None:
        """Leave what was not read to the end to the next run."""
        standing, totals = self._standing, self._totals
        at = standing.kept if standing.is_withheld else standing.bookmark
        if standing.is_withheld or totals.are_fewer:
            at = msgspec.structs.replace(at, doubted_since=totals.doubt())
        standing.checkpoint(at)
        if totals.is_collapsed:
            standing.failures.append(
                incomplete(
                    self._reader.acronym,
                    "since the last run",
                    f"Master Data announces {counted(totals.total or 0, 'documents')}, and "
                    f"announced {totals.before:,} before",
                )
            )
        elif totals.are_fewer and totals.doubted_since is None:
            self._logger.warning(
                "Master Data announces %s, and announced %s before. Until that has "
                "stayed so for a day, each run reads again what has changed since %s",
                counted(totals.total or 0, f"documents of {self._reader.acronym}"),
                f"{totals.before:,}",
                f"{standing.bookmark.changes_since:%Y-%m-%d %H:%M} UTC",
            )
        if standing.failures:
            raise standing.failures[0]
