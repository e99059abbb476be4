"""Ids and names of VTEX's in what people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters of a name that are shown. Ids of VTEX's own have up to 40, paths up to 120.
MAX_SHOWN: Final = 150
#: Names of a list that are shown.
MAX_NAMED: Final = 10


def shown(name: object) -> str:
    """A name in a form that is fit for a log: short, on one line, and without control characters.

    A store chooses some ids itself, and a line break in one could pass for another line of the log.
    """
    text = str(name)
    end = "..." if len(text) > MAX_SHOWN else ""
    return "".join(map(_printable, text[:MAX_SHOWN])) + end


def named(names: Iterable[object]) -> str:
    """The first of some names, with commas, and whether there are more."""
    every = [*names]
    more = ["..."] if len(every) > MAX_NAMED else []
    return ", ".join([*map(shown, every[:MAX_NAMED]), *more])


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]
