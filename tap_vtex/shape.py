"""Checks whether a document fits a schema, nested values included.

Nearly every document from VTEX does. Checking each nested value in Python would cost more than
everything else the tap does with an order, so msgspec checks them in C.
"""

from __future__ import annotations

import sys
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Final, Union

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]

#: What targets can store: no infinity, and no integer above 64 bits.
NUMBER: Final = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
INTEGER: Final = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def fits(schema: Mapping[str, Any]) -> Callable[[object], bool]:
    """Compile a schema into a function that checks whether a value fits it.

    If the function can't tell, it returns False. It ignores string formats and undeclared
    fields.
    """
    shape = _type(schema)

    def fit(value: object) -> bool:
        try:
            msgspec.convert(value, shape)
        except msgspec.ValidationError:
            return False
        return True

    return fit


def kinds_of(schema: Mapping[str, Any]) -> list[str]:
    """The JSON types that a schema allows; empty if it declares none."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _type(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type of any kind
    kinds = [_TYPES[kind](schema) for kind in kinds_of(schema)]
    return Union[tuple(kinds)] if kinds else Any  # noqa: UP007 - built from a list


def _object(schema: Mapping[str, Any]) -> type[msgspec.Struct]:
    """A struct of the declared fields. msgspec skips all others and copies nothing."""
    fields = [
        (f"field_{number}", _type(declared), msgspec.field(name=name, default=None))
        for number, (name, declared) in enumerate(schema.get("properties", {}).items())
    ]
    return msgspec.defstruct("Object", fields, gc=False)


def _array(schema: Mapping[str, Any]) -> GenericAlias:
    return GenericAlias(list, (_type(schema.get("items", {})),))


_TYPES: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "string": lambda _: str,
    "integer": lambda _: INTEGER,
    "number": lambda _: NUMBER,
    "boolean": lambda _: bool,
    "null": lambda _: None,
    "object": _object,
    "array": _array,
}
