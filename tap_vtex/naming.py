"""VTEX's ids and names in texts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters to show of a name. VTEX's own ids have up to 40, paths up to 120.
MAX_SHOWN: Final = 150
#: Names to show of a list.
MAX_NAMED: Final = 10


def shown(name: object) -> str:
    """A name made safe for the log: short, on one line, without control characters.

    Stores choose some ids themselves, and a line break in one could forge a log line.
    """
    text = str(name)
    end = "..." if len(text) > MAX_SHOWN else ""
    return "".join(map(_printable, text[:MAX_SHOWN])) + end


def named(names: Iterable[object]) -> str:
    """The first few names, separated by commas, with ``...`` if there are more."""
    every = [*names]
    more = ["..."] if len(every) > MAX_NAMED else []
    return ", ".join([*map(shown, every[:MAX_NAMED]), *more])


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]
