"""Records that fit their schema, whatever VTEX sent.

A value that does not fit its column would end the pipeline in the target, and a field that is
not in the schema would silently be lost. So each value is read as the declared type if
possible. Everything else goes, as it came, into one root field for extras.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Final

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_vtex.types import Document

#: Stands for a value that can't be read as the declared type.
MISFIT: Final = object()


class Conformer:
    """Makes records of one schema."""

    def __init__(self, schema: Mapping[str, Any], extras: str) -> None:
        """Prepare for a schema; ``extras`` names its field for what has no column."""
        self._extras = extras
        self._coercers = {
            name: _coercer(declared)
            for name, declared in schema["properties"].items()
            if name != extras
        }

    def __call__(self, document: Document) -> Document:
        """Make a record of a document; the document stays as it is."""
        record: Document = {}
        extras: Document = {}
        for name, value in document.items():
            coerce = self._coercers.get(name)
            if value is None and coerce:
                record[name] = None
                continue
            fitting = coerce(value) if coerce else MISFIT
            if fitting is MISFIT:
                extras[name] = value
                if coerce:
                    record[name] = None
            else:
                record[name] = fitting
        record[self._extras] = extras or None
        return record


def _coercer(declared: Mapping[str, Any]) -> Callable[[Any], Any]:
    types = declared.get("type", "string")
    kind = next(t for t in (types if isinstance(types, list) else [types]) if t != "null")
    if kind == "string" and declared.get("format") == "date-time":
        return _date_time
    return _COERCERS[kind]


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
        # No target's integer has more than 64 bits.
        return number if abs(number) < 2**63 else MISFIT
    if isinstance(number, float) and number.is_integer():
        return _integer(int(number))
    return None if number is None else MISFIT


def _number(value: object) -> object:
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, int):
        # No target's number holds more than a double.
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


_COERCERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "object": _object,
    "array": _array,
}
