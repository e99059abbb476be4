"""The open cursors of scrolls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.clock import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.masterdata.entities import Entity, Entry

#: Open cursors at a time, shared by everything that uses the account.
MAX_OPEN = 10
#: How long a cursor stays open after its last request.
LIFE = 20 * MINUTE

#: The number of a scroll's first page, by the quirk `scroll_pages`.
FIRST_NUMBERS = {"from_0": 0, "from_1": 1, "overlapping": 0, "live": 1}
#: Rows that overlapping pages share.
OVERLAP = 10


class TooManyScrollsError(Exception):
    """The account's limit of open cursors is reached."""


class UnknownTokenError(Exception):
    """The token's cursor has expired or never existed."""


@dataclass
class Cursor:
    """An open scroll: what it found when it began, and its position."""

    entity: Entity
    entries: list[Entry]
    fields: str
    size: int
    began: int
    used: int
    #: Returns what the scroll would find if it began at a given time.
    find: Callable[[int], list[Entry]]
    position: int = 0

    def start_of(self, number: int, mode: str) -> int:
        """The position of the first row of a numbered page."""
        if mode == "overlapping":
            return max(0, number * (self.size - OVERLAP))
        return max(0, number - FIRST_NUMBERS[mode]) * self.size


@dataclass
class Scrolls:
    """All scrolls of the account."""

    #: Cursors that the store's other systems hold open.
    taken_by_others: int = 0
    #: Whether a page's token returns that page again, so that a client can retry a page whose
    #: response was lost. VTEX does not say.
    repeatable: bool = False
    #: Whether the empty page at the end closes the cursor, or only its expiry does.
    freed_at_the_end: bool = True
    cursors: dict[str, Cursor] = field(default_factory=dict)
    opened: int = 0
    peak: int = 0

    def open(self, cursor: Cursor) -> str:
        """Open a scroll and return its token.

        Raises:
            TooManyScrollsError: The limit of open cursors is reached.
        """
        self._expire(cursor.used)
        if len(self.cursors) + self.taken_by_others >= MAX_OPEN:
            raise TooManyScrollsError
        self.opened += 1
        name = f"scroll{self.opened:08d}"
        self.cursors[name] = cursor
        self.peak = max(self.peak, len(self.cursors))
        return name

    def numbered(self, token: str, number: int, now: int, mode: str) -> tuple[Cursor, list[Entry]]:
        """A page of a scroll by number; the scroll's position does not change.

        Raises:
            UnknownTokenError: The cursor has expired.
        """
        cursor = self._cursor(token, now)
        if mode == "live":
            cursor.entries, cursor.began = cursor.find(now), now
        start = cursor.start_of(number, mode)
        entries = cursor.entries[start : start + cursor.size]
        if not entries and self.freed_at_the_end:
            del self.cursors[token.partition("-")[0]]
        return cursor, entries

    def _cursor(self, token: str, now: int) -> Cursor:
        self._expire(now)
        cursor = self.cursors.get(token.partition("-")[0])
        if cursor is None:
            raise UnknownTokenError(token)
        cursor.used = now
        return cursor

    def page(self, token: str, now: int) -> tuple[Cursor, list[Entry], str]:
        """The next page of a scroll, and the token for the page after it.

        Raises:
            UnknownTokenError: The cursor has expired.
        """
        cursor = self._cursor(token, now)
        name, _, page = token.partition("-")
        if self.repeatable:
            cursor.position = int(page or "0") * cursor.size
        entries = cursor.entries[cursor.position : cursor.position + cursor.size]
        cursor.position += cursor.size
        if not entries and self.freed_at_the_end:
            del self.cursors[name]
        following = f"{name}-{cursor.position // cursor.size}" if self.repeatable else name
        return cursor, entries, following

    def position(self, token: str) -> tuple[int, int]:
        """The position of a scroll's next document and the page size; (0, 1) if it is closed."""
        name, _, page = token.partition("-")
        cursor = self.cursors.get(name)
        if cursor is None:
            return 0, 1
        return int(page) * cursor.size if page else cursor.position, cursor.size

    def is_end(self, token: str, position: int) -> bool:
        """Whether a position is past the last document of a scroll."""
        cursor = self.cursors.get(token.partition("-")[0])
        return cursor is not None and position >= len(cursor.entries)

    def move(self, token: str, position: int) -> str:
        """Move a scroll to a position, and return the token for it."""
        name = token.partition("-")[0]
        if name not in self.cursors:
            return token
        self.cursors[name].position = position
        return f"{name}-{position // self.cursors[name].size}" if self.repeatable else token

    def shorten(self, token: str, left: int) -> None:
        """Truncate a scroll to its first documents; without any, it is at its end."""
        name = token.partition("-")[0]
        if name not in self.cursors:
            return
        self.cursors[name].entries = self.cursors[name].entries[:left]
        if not self.cursors[name].entries and self.freed_at_the_end:
            del self.cursors[name]

    def _expire(self, now: int) -> None:
        """Close cursors that have been idle for too long."""
        for name in [name for name, cursor in self.cursors.items() if now - cursor.used > LIFE]:
            del self.cursors[name]
