"""Windows of time, made small enough for a list that ends silently.

VTEX's lists stop at a cap (3,000 orders, 10,000 documents) without a word. They announce
a total, though, and they can be cut by time: so the tap asks for a window, reads the
total, and halves the window until what is in it can be read to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = timedelta(seconds=1)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in whole seconds, its first and its last second included.

    Neighbouring windows share the second where they meet. VTEX does not say whether the
    ends of a range belong to it, nor whether its index keeps fractions of a second; with
    the second shared, each answer to that leaves no gap. Who reads two neighbours
    recognises by their ids the records that both hold.
    """

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """How many seconds lie between the first and the last."""
        return round((self.end - self.start) / SECOND)

    def halves(self) -> tuple[Window, Window]:
        """Cut in two, the earlier first. A window of one second can't be cut.

        Two seconds are cut into one and one: only there do neighbours share nothing.
        """
        if not self.seconds:
            raise ValueError("a window of one second has no halves")
        if self.seconds == 1:
            return Window(self.start, self.start), Window(self.end, self.end)
        middle = self.start + (self.seconds // 2) * SECOND
        return Window(self.start, middle), Window(middle, self.end)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M:%S} to {self.end:%Y-%m-%d %H:%M:%S} UTC"


def walk(
    window: Window,
    read: Callable[[Window], Found | None],
    *,
    newest_first: bool = False,
) -> Iterator[tuple[Window, Found]]:
    """Read a window, in as many parts as it takes, in the order of time.

    ``read`` answers None for a window that holds too much; it is then asked for the two
    halves. For a window of one second it has to answer or raise.
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
    """The second that a moment lies in."""
    return moment.replace(microsecond=0)
