"""Records that fit their schema, whatever VTEX sent.

A value that does not fit its column would end the pipeline in the target, and a field
that the schema does not know would be lost without a word. So what can be read as the
declared type is, and all else goes, as it came, into one root field of the record that
holds whatever has no column.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Final

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Says that a value can't be read as the declared type.
MISFIT: Final = object()


class Conformer:
    """Makes records of one schema."""

    def __init__(self, schema: Mapping[str, Any], leftovers: str) -> None:
        """Prepare for a schema; ``leftovers`` is its field for what has no column."""
        self._leftovers = leftovers
        self._readers = {
            name: _reader(declared)
            for name, declared in schema["properties"].items()
            if name != leftovers
        }

    def __call__(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Make a record of a document; the document stays as it is."""
        record: dict[str, Any] = {}
        leftovers: dict[str, Any] = {}
        for name, value in document.items():
            read = self._readers.get(name)
            if value is None and read:
                record[name] = None
                continue
            fitting = read(value) if read else MISFIT
            if fitting is MISFIT:
                leftovers[name] = value
                if read:
                    record[name] = None
            else:
                record[name] = fitting
        record[self._leftovers] = leftovers or None
        return record


def _reader(declared: Mapping[str, Any]) -> Callable[[Any], Any]:
    types = declared.get("type", "string")
    kind = next(t for t in (types if isinstance(types, list) else [types]) if t != "null")
    if kind == "string" and declared.get("format") == "date-time":
        return _date_time
    return _READERS[kind]


def _date_time(value: object) -> object:
    if value == "":
        return None
    moment = dates.parse(value)
    return MISFIT if moment is None else dates.text(moment)


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else MISFIT


def _integer(value: object) -> object:
    number = _number(value)
    if isinstance(number, int):
        # More than 64 bits fit no target's integer.
        return number if abs(number) < 2**63 else MISFIT
    if isinstance(number, float) and number.is_integer():
        return _integer(int(number))
    return None if number is None else MISFIT


def _number(value: object) -> object:
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, int):
        # More than a double holds fits no target's number.
        return value if abs(value) <= sys.float_info.max else MISFIT
    if isinstance(value, float):
        return value if math.isfinite(value) else MISFIT
    if isinstance(value, str):
        return _number_in(value.strip())
    return MISFIT


def _number_in(text: str) -> object:
    if not text:
        return None
    try:
        return _number(int(text))
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return MISFIT
    return number if math.isfinite(number) else MISFIT


def _boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False, "": None}.get(value.strip().lower(), MISFIT)
    return MISFIT


def _object(value: object) -> object:
    return value if isinstance(value, dict) else MISFIT


def _array(value: object) -> object:
    return value if isinstance(value, list) else MISFIT


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "object": _object,
    "array": _array,
}
