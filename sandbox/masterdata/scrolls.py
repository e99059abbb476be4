"""The cursors that scrolls leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.clock import MINUTE

if TYPE_CHECKING:
    from sandbox.masterdata.entities import Entity, Entry

#: Cursors at once, over all that use the account.
MOST = 10
#: How long a cursor outlives its last request.
LIFE = 20 * MINUTE


class TooManyScrollsError(Exception):
    """All cursors of the account are taken."""


class UnknownTokenError(Exception):
    """The token's cursor is gone, or never was."""


@dataclass
class Cursor:
    """A scroll under way: what it found when it began, and how far it is."""

    entity: Entity
    entries: list[Entry]
    fields: str
    size: int
    began: int
    used: int
    position: int = 0


@dataclass
class Scrolls:
    """All scrolls of the account."""

    #: How many the store's other systems have open.
    taken_by_others: int = 0
    #: Whether each page's token is good for that page again, so that a page whose answer
    #: was lost can be asked for once more. VTEX does not say.
    repeatable: bool = False
    #: Whether the empty page at the end frees the cursor, or time only.
    freed_at_the_end: bool = True
    cursors: dict[str, Cursor] = field(default_factory=dict)
    opened: int = 0
    most: int = 0

    def open(self, cursor: Cursor) -> str:
        """Begin a scroll; answers with its token.

        Raises:
            TooManyScrollsError: ten are open.
        """
        self._bury(cursor.began)
        if len(self.cursors) + self.taken_by_others >= MOST:
            raise TooManyScrollsError
        self.opened += 1
        name = f"scroll{self.opened:08d}"
        self.cursors[name] = cursor
        self.most = max(self.most, len(self.cursors))
        return name

    def page(self, token: str, now: int) -> tuple[Cursor, list[Entry], str]:
        """The next page of a scroll, and the token for the one after.

        Raises:
            UnknownTokenError: the cursor is gone.
        """
        self._bury(now)
        name, _, page = token.partition("-")
        cursor = self.cursors.get(name)
        if cursor is None:
            raise UnknownTokenError(token)
        cursor.used = now
        if self.repeatable:
            cursor.position = int(page or "0") * cursor.size
        entries = cursor.entries[cursor.position : cursor.position + cursor.size]
        cursor.position += cursor.size
        if not entries and self.freed_at_the_end:
            del self.cursors[name]
        following = f"{name}-{cursor.position // cursor.size}" if self.repeatable else name
        return cursor, entries, following

    def _bury(self, now: int) -> None:
        """Forget the cursors that nobody has used for too long."""
        for name in [name for name, cursor in self.cursors.items() if now - cursor.used > LIFE]:
            del self.cursors[name]
