"""Windows of time, for lists that end without saying so.

VTEX's lists stop at a limit (3,000 orders, 10,000 documents) without an error. But they
announce a total, and they can be narrowed by time. So the tap requests a window, reads the
total, and halves the window until its rows can be read to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time in whole seconds, including its first and its last second.

    Neighbouring windows share the second where they meet. VTEX does not say whether a range
    includes its ends, nor whether its index keeps fractions of a second. With a shared second
    there is no gap either way. A reader of two neighbours recognises the records of both by
    their ids.
    """

    start: datetime
    end: datetime

    @classmethod
    def never(cls) -> Window:
        """A window that nothing lies in."""
        moment = datetime.min.replace(tzinfo=UTC)
        return cls(moment, moment)

    @property
    def seconds(self) -> int:
        """The seconds between the first and the last."""
        return round((self.end - self.start) / SECOND)

    def halves(self) -> tuple[Window, Window]:
        """Split the window in two, the earlier half first.

        Two seconds are split into one and one: only there do neighbours share nothing.

        Raises:
            ValueError: The window is a single second.
        """
        if not self.seconds:
            raise ValueError("a window of one second has no halves")
        if self.seconds == 1:
            return Window(self.start, self.start), Window(self.end, self.end)
        middle = self.start + (self.seconds // 2) * SECOND
        return Window(self.start, middle), Window(middle, self.end)

    def parts(self, longest: timedelta) -> Iterator[Window]:
        """Cut the window into parts that are not longer than ``longest``, the earliest first."""
        start = self.start
        while self.end - start > longest:
            yield Window(start, start + longest)
            start += longest
        yield Window(start, self.end)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M:%S} to {self.end:%Y-%m-%d %H:%M:%S} UTC"


def walk(
    window: Window,
    read: Callable[[Window], Found | None],
    *,
    newest_first: bool = False,
) -> Iterator[tuple[Window, Found]]:
    """Read a window in as many parts as it takes.

    Args:
        window: The window.
        read: Reads a part, or returns None if the part holds too much; it is then called for
            the two halves. For a window of one second it has to read or raise.
        newest_first: Go backwards in time.

    Yields:
        Each part with what ``read`` returned, in the order of time.
    """
    waiting = [window]
    while waiting:
        part = waiting.pop()
        found = read(part)
        if found is None:
            halves = part.halves()
            waiting.extend(halves if newest_first else reversed(halves))
        else:
            yield part, found


def whole_second(moment: datetime) -> datetime:
    """The second that contains a moment."""
    return moment.replace(microsecond=0)
