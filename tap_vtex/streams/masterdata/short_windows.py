"""Windows that came short of their counts: remembered, and read again by the next runs."""

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
    """What of an entity has come short. A window with rows without an id has, too."""

    def __init__(
        self,
        reader: EntityReader,
        windows: WindowReader,
        standing: Standing,
        logger: logging.Logger,
        now: datetime,
    ) -> None:
        """Begin with those that earlier runs have remembered."""
        self._reader = reader
        self._windows = windows
        self._standing = standing
        self._logger = logger
        self._now = now
        self._earlier = standing.bookmark.short
        self._left_out = reader.left_out

    def note(self, kind: str, part: Window | None = None) -> None:
        """Remember the windows that the reading of a part has found short."""
        windows = self._windows.take_short()
        for window in windows:
            self._fail(str(window))
        if part and self._has_left_out():
            windows.append(part)
        self._remember(name_of(kind, one) for one in windows)

    def note_whole(self, query: str) -> None:
        """Remember a query that no date divides, if rows of it had no id."""
        if self._has_left_out():
            self._remember([query])

    def _has_left_out(self) -> bool:
        """Whether rows were left out since this was last asked."""
        before, self._left_out = self._left_out, self._reader.left_out
        return self._left_out > before

    def _remember(self, keys: Iterable[str]) -> None:
        short = {**dict.fromkeys(keys, self._now), **self._standing.bookmark.short}
        self._standing.change(short=short)

    def _fail(self, which: str) -> None:
        failure = incomplete(self._reader.acronym, which, "fewer came than announced")
        self._standing.failures.append(failure)

    def read_again(self) -> Iterator[Row]:
        """Read what came short in earlier runs."""
        for key, since in self._earlier.items():
            yield from self._documents(key)
            lost = self._windows.take_short()
            is_short = self._has_left_out() or bool(lost)
            if is_short and self._now - since < GIVEN_UP_AFTER:
                for _ in lost:
                    self._fail(key)
                continue
            if is_short:
                self._logger.warning(
                    "%s: %s has come short for days; what came of it counts now",
                    self._reader.acronym,
                    key,
                )
            left = {one: at for one, at in self._standing.bookmark.short.items() if one != key}
            self._standing.advance(short=left)

    def _documents(self, key: str) -> Iterator[Row]:
        """The documents of what came short, by its name in the state."""
        start = self._standing.bookmark.start
        if key in WHOLE:
            nothing = Prefix(query=key, documents=0, checksum=0)
            yield from self._windows.read_whole(whole(key, start), None, nothing, _ignore)
            return
        kind, window = window_named(key)
        if window:
            where = where_of(kind, start)
            yield from self._windows.read(window, where, None, attrgetter("last_activity"), _ignore)


def _ignore(_done: object) -> None:
    """What is read once more needs no checkpoints."""
