"""The fields of an entity: the columns that they get, and which of them the key may read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_vtex.naming import shown

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence

Schema = dict[str, Any]


class Field(NamedTuple):
    """A field of the store's own."""

    name: str
    #: Its type in VTEX's words.
    kind: str
    #: What its column is declared as; None if the type is unknown.
    column: Schema | None


#: PostgreSQL cuts off longer column names, and then takes two for one.
MAX_NAME_BYTES: Final = 62
#: Requests to find out which fields can be read: enough for a dozen refused ones in 300.
MAX_REQUESTS: Final = 150

#: VTEX's name of the store in each document. `account_name` says the same, so it gets no column.
ACCOUNT_NAME: Final = "accountName"

TEXT: Final[Schema] = {"type": ["null", "string"]}
BOOLEAN: Final[Schema] = {"type": ["null", "boolean"]}
INTEGER: Final[Schema] = {"type": ["null", "integer"]}
NUMBER: Final[Schema] = {"type": ["null", "number"]}
DATE: Final[Schema] = {"type": ["null", "string"], "format": "date-time"}
OBJECT: Final[Schema] = {"type": ["null", "object"], "additionalProperties": True}

#: Columns for the types of version 1 that are not text. Dates without a time arrive in many forms.
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
#: Types of version 1 that are text. A type in neither list is one that VTEX has added since.
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
    """A field of version 1, of a type that the entity's structure names."""
    return Field(name, kind, TYPES.get(kind) or (TEXT if kind in TEXTS else None))


def extended(
    schema: Schema, fields: Iterable[Field], extras: str, logger: logging.Logger
) -> Schema:
    """A schema with a further column for each field that it lacks.

    A field whose name can't be a column beside the others stays in ``extras``.
    """
    properties = dict(schema["properties"])
    taken = {_bare(name) for name in properties}
    for name, kind, column in fields:
        if name in properties or name == ACCOUNT_NAME:
            continue
        if _bare(name) in taken or not _is_column(name):
            logger.warning(
                "The field '%s' gets no column of its own, because it differs from another one "
                "only by letter case or underscores, is too long, or has other characters than "
                "letters, digits and underscores. Its values are in %s",
                shown(name),
                extras,
            )
            continue
        if column is None:
            logger.info(
                "The field '%s' has the unknown type '%s' and is read as text", name, shown(kind)
            )
        taken.add(_bare(name))
        description = f"Field of the store's own, of the type {kind}."
        properties[name] = {**(column or TEXT), "description": description}
    return {**schema, "properties": properties}


def _is_column(name: str) -> bool:
    """Whether a name is fit for a column."""
    return bool(re.fullmatch(r"[^\W\d_]\w*", name)) and len(name.encode()) <= MAX_NAME_BYTES


def _bare(name: str) -> str:
    """A name as targets see it that write names in lower case or in snake_case."""
    return name.replace("_", "").lower()


def readable(names: Sequence[str], may_read: Callable[[Sequence[str]], bool]) -> list[str]:
    """The names that can be requested.

    VTEX does not say which field it refused a request for. So the list is halved until the
    rest is accepted, or is a single name. With too many refusals, readable names are left out
    as well.
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
