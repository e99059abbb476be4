"""Records that fit their schema, whatever VTEX sent.

A value that does not fit its column would break the pipeline in the target, and a field missing
from the schema would silently be lost. So each value, however nested, is converted to its
declared type if possible. Everything else goes unchanged into one top-level column of extras.
"""

from __future__ import annotations

import math
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from tap_vtex import dates
from tap_vtex.selection import without
from tap_vtex.shape import fits, kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_vtex.selection import Fields

#: Stands for a value that can't be converted to the declared type.
MISFIT: Final = object()
#: Maximum number of fields without a column to remember.
MAX_REMEMBERED: Final = 100


class Conformer:
    """Makes documents conform to one schema."""

    def __init__(
        self, schema: Mapping[str, Any], extras: str, deselected: Fields | None = None
    ) -> None:
        """Prepare for a schema.

        Args:
            schema: The columns and their nested fields.
            extras: The column for values that have no column or do not fit theirs.
            deselected: Fields to remove.
        """
        self._extras = extras
        self._deselected = deselected or {}
        columns = {n: declared for n, declared in schema["properties"].items() if n != extras}
        self._dates = [name for name, declared in columns.items() if _is_date(declared)]
        self._others = {n: declared for n, declared in columns.items() if n not in self._dates}
        self._columns = frozenset(columns)
        self._fits = fits({"type": "object", "properties": self._others})
        #: Columns with a misfit in an earlier document, and the types that could fit: a column
        #: that once had a misfit usually has more.
        self._misfits: dict[str, tuple[Mapping[str, Any], frozenset[type]]] = {}
        #: Fields without a column in earlier documents: later documents usually have them, too.
        self._without_column: list[str] = []

    def __call__(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Turn a document into a record, without changing the document.

        Deselected fields are removed first, so that none of them ends up in the extras.
        """
        record = dict(without(document, self._deselected) if self._deselected else document)
        extras = {name: record.pop(name) for name in self._without_column if name in record}
        if not self._columns.issuperset(record):
            more = {name: record.pop(name) for name in [*record] if name not in self._columns}
            extras |= more
            if len(self._without_column) < MAX_REMEMBERED:
                self._without_column += more
        for name in self._dates:
            if (value := record.get(name)) is not None:
                text = dates.normalized(value)
                record[name] = text or _or_extra(_empty_or_misfit(value), value, name, extras)
        for name, (declared, types) in self._misfits.items():
            if (value := record.get(name)) is not None and type(value) not in types:
                record[name] = _coerce(value, declared, name, extras)
        if not self._fits(record):
            self._coerce_misfits(record, extras)
        if self._extras not in self._deselected:
            record[self._extras] = extras or None
        return record

    def _coerce_misfits(self, record: dict[str, Any], extras: dict[str, Any]) -> None:
        """Coerce the values that do not fit, starting with columns known for misfits."""
        for _ in range(2):
            for name, (declared, _) in self._misfits.items():
                if name in record:
                    record[name] = _coerce(record[name], declared, name, extras)
            if self._fits(record):
                return
            self._misfits |= {
                name: (self._others[name], _types_of(self._others[name]))
                for name, fit in self._fits_alone.items()
                if name in record and not fit(record[name])
            }

    @cached_property
    def _fits_alone(self) -> dict[str, Callable[[object], bool]]:
        return {name: fits(declared) for name, declared in self._others.items()}


def _types_of(declared: Mapping[str, Any]) -> frozenset[type]:
    """The types whose values can fit a declaration."""
    return frozenset(one for kind in kinds_of(declared) for one in _TYPES.get(kind, ()))


def _coerce(
    value: Any,  # noqa: ANN401 - JSON can be anything
    declared: Mapping[str, Any],
    path: str,
    extras: dict[str, Any],
) -> Any:  # noqa: ANN401 - the same
    """Coerce a value to its declared type; move what can't be coerced to the extras.

    ``path`` is the value's place in the record, such as ``items[0].price``, and its key in the
    extras.
    """
    kinds = kinds_of(declared)
    if value is None or not kinds:
        return value
    if isinstance(value, dict) and "object" in kinds:
        fields = declared.get("properties", {})
        return {
            name: _coerce(one, fields.get(name, {}), f"{path}.{name}", extras)
            for name, one in value.items()
        }
    if isinstance(value, list) and "array" in kinds:
        items = declared.get("items", {})
        return [_coerce(one, items, f"{path}[{n}]", extras) for n, one in enumerate(value)]
    readings = (_SCALARS[kind](value) for kind in kinds if kind in _SCALARS)
    reading = next((one for one in readings if one is not MISFIT), MISFIT)
    return _or_extra(reading, value, path, extras)


def _or_extra(reading: object, value: object, path: str, extras: dict[str, Any]) -> object:
    """The reading of a value, or None if it is a misfit; then the value goes to the extras."""
    if reading is MISFIT:
        extras[path] = value
        return None
    return reading


def _is_date(declared: Mapping[str, Any]) -> bool:
    return declared.get("format") == "date-time" and "string" in kinds_of(declared)


def _empty_or_misfit(value: object) -> object:
    return None if value == "" else MISFIT


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else MISFIT


def _integer(value: object) -> object:
    number = _number(value)
    if isinstance(number, int):
        # Targets store integers of up to 64 bits.
        return number if abs(number) < 2**63 else MISFIT
    if isinstance(number, float) and number.is_integer():
        return _integer(int(number))
    return None if number is None else MISFIT


def _number(value: object) -> object:
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, int):
        # Targets store numbers up to the range of a double.
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


_SCALARS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
