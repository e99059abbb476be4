"""Conditions in ``_where``, in the grammar that VTEX documents."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.clock import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    #: Returns a document's value of a field.
    Getter = Callable[[str], object]

TOKEN = re.compile(r'\s*(\(|\)|<>|[=<>]|"[^"]*"|[^\s()=<>"]+)')


class WhereError(ValueError):
    """A condition outside the documented grammar."""


class Condition(NamedTuple):
    """A field, an operator, and the values to compare the field with."""

    field: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, get: Getter) -> bool:
        """Whether a document meets the condition."""
        value = get(self.field)
        if self.operator == "null":
            return value is None
        if self.operator == "not null":
            return value is not None
        if value is None:
            return self.operator == "<>"
        left = _comparable(value)
        right = [_like(left, text) for text in self.values]
        if self.operator == "between":
            return bool(right[0] <= left <= right[1])
        outcomes: dict[str, bool] = {
            "=": left == right[0],
            "<>": left != right[0],
            ">": left > right[0],
            "<": left < right[0],
        }
        return outcomes[self.operator]

    def fields(self) -> set[str]:
        """The fields that the condition uses."""
        return {self.field}


class Both(NamedTuple):
    """Two conditions joined by AND or OR."""

    operator: str
    left: Where
    right: Where

    def holds(self, get: Getter) -> bool:
        """Whether a document meets the condition."""
        if self.operator == "AND":
            return self.left.holds(get) and self.right.holds(get)
        return self.left.holds(get) or self.right.holds(get)

    def fields(self) -> set[str]:
        """The fields that the condition uses."""
        return self.left.fields() | self.right.fields()


Where = Condition | Both


def parse(text: str) -> Where:
    """Parse a condition.

    Raises:
        WhereError: It is outside the grammar that VTEX documents, such as ``>=``.
    """
    tokens = TOKEN.findall(text)
    if TOKEN.sub("", text).strip():
        raise WhereError(text)
    try:
        where = _either(tokens)
    except IndexError:
        raise WhereError(text) from None
    if tokens:
        raise WhereError(text)
    return where


def created_between(where: Where) -> tuple[int, int] | None:
    """The range of creation dates, in ticks, to which a condition limits a search."""
    if isinstance(where, Both):
        if where.operator == "OR":
            return None
        return created_between(where.left) or created_between(where.right)
    if where.field != "createdIn" or where.operator != "between":
        return None
    start, end = (_moment(value) for value in where.values)
    return start, end


def _either(tokens: list[str]) -> Where:
    left = _all(tokens)
    while tokens and tokens[0].upper() == "OR":
        tokens.pop(0)
        left = Both("OR", left, _all(tokens))
    return left


def _all(tokens: list[str]) -> Where:
    left = _one(tokens)
    while tokens and tokens[0].upper() == "AND":
        tokens.pop(0)
        left = Both("AND", left, _one(tokens))
    return left


def _one(tokens: list[str]) -> Where:
    first = tokens.pop(0)
    if first == "(":
        inner = _either(tokens)
        if tokens.pop(0) != ")":
            raise WhereError
        return inner
    operator = tokens.pop(0).lower()
    if operator == "between":
        low, joint, high = tokens.pop(0), tokens.pop(0), tokens.pop(0)
        if joint.upper() != "AND":
            raise WhereError
        return Condition(first, "between", (_bare(low), _bare(high)))
    if operator == "is":
        word = tokens.pop(0).lower()
        negated = word == "not"
        if (tokens.pop(0).lower() if negated else word) != "null":
            raise WhereError
        return Condition(first, "not null" if negated else "null")
    if operator not in {"=", "<>", "<", ">"}:
        raise WhereError
    value = tokens.pop(0)
    if value in {"=", "<", ">", "(", ")"}:  # as in >=
        raise WhereError
    return Condition(first, operator, (_bare(value),))


def _bare(token: str) -> str:
    return token.strip('"')


def _comparable(value: object) -> Any:  # noqa: ANN401 - a number or a text
    """Leave numbers, including dates in ticks, as they are; convert everything else to text."""
    return value if isinstance(value, int | float) else str(value)


def _like(value: object, text: str) -> Any:  # noqa: ANN401 - of the same kind
    """Convert a literal to the type of a value, to compare the two."""
    if isinstance(value, bool):
        return text.lower() == "true"
    if isinstance(value, int) and re.match(r"\d{4}-\d\d-\d\d", text):
        return _moment(text)
    if isinstance(value, int | float):
        return float(text)
    return text


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WhereError(text) from None
    return ticks(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
