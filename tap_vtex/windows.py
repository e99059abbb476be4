"""Time windows, for lists that are silently truncated.

VTEX's lists stop at a limit (3,000 orders, 10,000 documents) without an error. But they
announce a total and can be filtered by time. So the tap requests a window, reads the total, and
halves the window until all its rows are within reach.
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
    """A time span in whole seconds, including the first and the last.

    Adjacent windows share the second where they meet: VTEX does not say whether ranges include
    their ends, or whether its index keeps fractions of a second, and sharing leaves no gap either
    way. Readers deduplicate the shared records by id.
    """

    start: datetime
    end: datetime

    @classmethod
    def never(cls) -> Window:
        """A window that contains nothing."""
        moment = datetime.min.replace(tzinfo=UTC)
        return cls(moment, moment)

    @property
    def seconds(self) -> int:
        """The seconds between the first and the last."""
        return round((self.end - self.start) / SECOND)

    def halves(self) -> tuple[Window, Window]:
        """Split the window in two, the earlier half first.

        A window of two seconds splits into one and one; only these halves share no second.

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
        """Split the window into parts of at most ``longest``, the earliest first."""
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
    """Read a window, halving it as often as necessary.

    Args:
        window: The window.
        read: Reads a part, or returns None if it holds too much to read; then it is called for
            both halves. It must not return None for a window of one second.
        newest_first: Go backwards in time.

    Yields:
        Each part and what ``read`` returned for it, in chronological order, or in reverse.
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
    """The moment, truncated to the second."""
    return moment.replace(microsecond=0)
