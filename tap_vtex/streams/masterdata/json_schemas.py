"""Derive the columns of a Master Data version 2 entity from its JSON Schemas.

An entity can have any number of schemas, and a document may comply with several or none. So a
column's type has to fit all of them. Undeclared types become text; if a list or object arrives for
a text column, it goes to ``custom_fields``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_vtex.streams.masterdata.fields import BOOLEAN, DATE, INTEGER, NUMBER, OBJECT, TEXT, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_vtex.streams.masterdata.fields import Schema

#: How deeply lists may be nested.
MAX_DEPTH: Final = 5
#: The types of JSON Schema; any other becomes `ANY`.
KINDS: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
ANY: Final = "any"
#: Columns by kind of value.
COLUMNS: Final[Mapping[str, Schema]] = {
    "boolean": BOOLEAN,
    "date-time": DATE,
    "integer": INTEGER,
    "number": NUMBER,
    "object": OBJECT,
    "string": TEXT,
}
#: The same for list elements: numbers get the widest type, and dates stay text.
INSIDE: Final[Mapping[str, Schema]] = {**COLUMNS, "date-time": TEXT, "integer": NUMBER}
#: List elements of undeclared type.
ANYTHING: Final[Schema] = {"type": ["null", "object", "string"], "additionalProperties": True}


class _Part(NamedTuple):
    """A part of a JSON Schema, and the whole schema to resolve references in."""

    declared: Any
    whole: Mapping[str, Any]


def fields_in(schemas: Iterable[Mapping[str, Any]]) -> list[Field]:
    """The fields declared in an entity's schemas, each once."""
    found: dict[str, list[_Part]] = {}
    for schema in schemas:
        properties = schema.get("properties")
        if isinstance(properties, dict):
            for name, declared in properties.items():
                found.setdefault(name, []).append(_Part(declared, schema))
    return [_field(name, parts) for name, parts in found.items()]


def _field(name: str, parts: list[_Part]) -> Field:
    alternatives = _alternatives(parts)
    kinds = _kinds(alternatives)
    kind = " or ".join(sorted(kinds))
    if "array" in kinds and kinds <= {"array", "object"}:
        return Field(name, kind, {"type": ["null", "array", "object"], **_items(alternatives)})
    return Field(name, kind, _common(kinds, COLUMNS))


def _items(alternatives: Iterable[_Part], depth: int = 0) -> Schema:
    """The declaration of list elements."""
    elements = _alternatives(
        _Part(one.declared.get("items"), one.whole)
        for one in alternatives
        if "array" in _kinds([one])
    )
    kinds = _kinds(elements)
    if kinds == {"array"} and depth < MAX_DEPTH:
        return {"items": {"type": ["null", "array"], **_items(elements, depth + 1)}}
    return {"items": _common(kinds, INSIDE) or ANYTHING}


def _alternatives(parts: Iterable[_Part]) -> list[_Part]:
    """Resolve references and choices to the parts that declare a type.

    Each part is visited once, since references can be circular.
    """
    waiting, found = [*parts], []
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        declared, whole = part
        if id(declared) in seen:
            continue
        seen.add(id(declared))
        if not isinstance(declared, dict):
            found.append(_Part({}, whole))
        elif "$ref" in declared:
            waiting.append(_Part(_target(part), whole))
        elif choices := declared.get("anyOf") or declared.get("oneOf"):
            several = choices if isinstance(choices, list) else [None]
            waiting += [_Part(choice, whole) for choice in several]
        else:
            found.append(part)
    return found


def _target(part: _Part) -> object:
    """The target of a reference within the same schema; None if it does not exist."""
    found: Any = part.whole
    place, *names = str(part.declared["$ref"]).split("/")
    for name in names if place == "#" else [None]:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _kinds(alternatives: Iterable[_Part]) -> set[str]:
    """The kinds of value that the alternatives allow, except null."""
    found = {kind for one in alternatives for kind in _kinds_of(one.declared)} - {"null"}
    return found or {ANY}


def _kinds_of(declared: Mapping[str, Any]) -> Iterator[str]:
    kinds = declared.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind == "string" and declared.get("format") == "date-time":
            yield "date-time"
        else:
            yield kind if kind in KINDS else ANY


def _common(kinds: set[str], columns: Mapping[str, Schema]) -> Schema | None:
    """The column that fits all kinds; None if there is none."""
    if kinds == {"integer", "number"}:
        return NUMBER
    if len(kinds) == 1:
        return columns.get(*kinds)
    return None if kinds & {ANY, "array", "object"} else TEXT
