"""The fields of an entity: their columns, and which of them the key may read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_vtex.naming import shown

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence

Schema = dict[str, Any]


class Field(NamedTuple):
    """A field that the store has added."""

    name: str
    #: Its type, as VTEX names it.
    kind: str
    #: The JSON Schema of its column; None if the type is unknown.
    column: Schema | None


#: PostgreSQL truncates longer column names, which can make two the same.
MAX_NAME_BYTES: Final = 62
#: Requests to find the readable fields: enough for a dozen refused ones among 300.
MAX_REQUESTS: Final = 150

#: The store's name in each document. It gets no column because `account_name` has it already.
ACCOUNT_NAME: Final = "accountName"

TEXT: Final[Schema] = {"type": ["null", "string"]}
BOOLEAN: Final[Schema] = {"type": ["null", "boolean"]}
INTEGER: Final[Schema] = {"type": ["null", "integer"]}
NUMBER: Final[Schema] = {"type": ["null", "number"]}
DATE: Final[Schema] = {"type": ["null", "string"], "format": "date-time"}
OBJECT: Final[Schema] = {"type": ["null", "object"], "additionalProperties": True}

#: Columns of version 1 types other than text. The type Date is text: its formats vary.
TYPES: Final[Mapping[str, Schema]] = {
    "Auto Increment": INTEGER,
    "Boolean": BOOLEAN,
    "Currency": NUMBER,
    "Date and Time": DATE,
    "Decimal": NUMBER,
    "Integer": INTEGER,
    "Long": INTEGER,
    "Percent": NUMBER,
    "Score2": OBJECT,
}
#: Version 1 types that are text. VTEX may have added types that are in neither list.
TEXTS: Final = frozenset(
    {
        "CEP",
        "CPF / CNPJ",
        "Date",
        "Email",
        "File",
        "Phone",
        "Relationship",
        "Text",
        "Time",
        "URL",
        "User Login",
        "Varchar 10",
        "Varchar 50",
        "Varchar 100",
        "Varchar 750",
    }
)


def field_of(name: str, kind: str) -> Field:
    """A version 1 field, with a type from the entity's structure."""
    return Field(name, kind, TYPES.get(kind) or (TEXT if kind in TEXTS else None))


def extended(
    schema: Schema, fields: Iterable[Field], extras: str, logger: logging.Logger
) -> Schema:
    """Add a column to a schema for each field that it lacks.

    A field whose name is not a valid column, or clashes with another one, stays in ``extras``.
    """
    properties = dict(schema["properties"])
    taken = {_folded(name) for name in properties}
    for name, kind, column in fields:
        if name in properties or name == ACCOUNT_NAME:
            continue
        if _folded(name) in taken or not _is_column(name):
            logger.warning(
                "The field '%s' gets no column of its own, because its name differs from another "
                "one only in letter case or underscores, is too long, or has characters other "
                "than letters, digits and underscores. Its values are in %s",
                shown(name),
                extras,
            )
            continue
        if column is None:
            logger.info(
                "The field '%s' has the unknown type '%s' and is read as text", name, shown(kind)
            )
        taken.add(_folded(name))
        description = f"Custom field of the store, of type {kind}."
        properties[name] = {**(column or TEXT), "description": description}
    return {**schema, "properties": properties}


def _is_column(name: str) -> bool:
    """Whether a name is a valid column name."""
    return bool(re.fullmatch(r"[^\W\d_]\w*", name)) and len(name.encode()) <= MAX_NAME_BYTES


def _folded(name: str) -> str:
    """Fold a name: targets that convert to lower case or snake_case merge equal results."""
    return name.replace("_", "").lower()


def readable(names: Sequence[str], may_read: Callable[[Sequence[str]], bool]) -> list[str]:
    """The names that the key may read.

    VTEX does not say which field caused a refusal. So refused lists are halved down to single
    names. If there are too many refusals, some readable names are left out, too.
    """
    accepted: set[str] = set()
    waiting = [names]
    requests = 0
    while waiting and requests < MAX_REQUESTS:
        part = waiting.pop()
        requests += 1
        if may_read(part):
            accepted.update(part)
        elif len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
    return [name for name in names if name in accepted]
