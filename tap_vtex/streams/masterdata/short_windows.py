"""Short windows, which returned fewer documents than counted: later runs reread them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from tap_vtex.streams.masterdata.api import incomplete
from tap_vtex.streams.masterdata.bookmark import GIVEN_UP_AFTER, Prefix
from tap_vtex.streams.masterdata.conditions import WHOLE, name_of, where_of, whole, window_named

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.streams.masterdata.rows import Row
    from tap_vtex.streams.masterdata.standing import Standing
    from tap_vtex.streams.masterdata.window_reader import WindowReader
    from tap_vtex.windows import Window


class ShortWindows:
    """The short windows of an entity. A window with skipped rows is short, too."""

    def __init__(
        self,
        reader: EntityReader,
        windows: WindowReader,
        standing: Standing,
        logger: logging.Logger,
        now: datetime,
    ) -> None:
        """Start with the short windows of earlier runs."""
        self._reader = reader
        self._windows = windows
        self._standing = standing
        self._logger = logger
        self._now = now
        self._earlier = standing.bookmark.short
        self._skipped = reader.skipped

    def note(self, kind: str, part: Window | None = None) -> None:
        """Remember the windows that were short when a part was read."""
        windows = self._windows.pop_short()
        for window in windows:
            self._fail(str(window))
        if part and self._has_skipped():
            windows.append(part)
        self._remember(name_of(kind, one) for one in windows)

    def note_whole(self, query: str) -> None:
        """Remember a query that can't be split by date, if rows of it were skipped."""
        if self._has_skipped():
            self._remember([query])

    def _has_skipped(self) -> bool:
        """Whether rows were skipped since the last call."""
        before, self._skipped = self._skipped, self._reader.skipped
        return self._skipped > before

    def _remember(self, keys: Iterable[str]) -> None:
        short = {**dict.fromkeys(keys, self._now), **self._standing.bookmark.short}
        self._standing.change(short=short)

    def _fail(self, which: str) -> None:
        failure = incomplete(self._reader.acronym, which, "fewer documents received than announced")
        self._standing.failures.append(failure)

    def read_again(self) -> Iterator[Row]:
        """Reread what was short in earlier runs."""
        for key, since in self._earlier.items():
            yield from self._documents(key)
            still_short = self._windows.pop_short()
            is_short = self._has_skipped() or bool(still_short)
            if is_short and self._now - since < GIVEN_UP_AFTER:
                if still_short:
                    self._fail(key)
                continue
            if is_short:
                self._logger.warning(
                    "%s: %s has been incomplete for days; the tap keeps what it received",
                    self._reader.acronym,
                    key,
                )
            left = {one: at for one, at in self._standing.bookmark.short.items() if one != key}
            self._standing.advance(short=left)

    def _documents(self, key: str) -> Iterator[Row]:
        """The documents of a short window or query, by its name in the state."""
        start = self._standing.bookmark.start
        if key in WHOLE:
            where = whole(key, start)
            yield from self._windows.read_whole(where, None, Prefix.empty(key), _ignore)
            return
        kind, window = window_named(key)
        if window:
            by_activity = attrgetter("last_activity")
            yield from self._windows.read(window, where_of(kind, start), None, by_activity, _ignore)


def _ignore(_done: object) -> None:
    """Write no checkpoint: a reread needs none."""
