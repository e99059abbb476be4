"""A list response whose rows and total can be changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from sandbox.tampering.shapes import Shape


#: The distance between the id of a made-up row and that of its original.
NEXT_IDS = 1_000_000


def json_in(response: web.StreamResponse) -> bytes | None:
    """The body of a response with status 200 and JSON; None for any other response."""
    if not isinstance(response, web.Response) or response.status != 200:
        return None
    is_json = response.content_type == "application/json"
    return response.body if is_json and isinstance(response.body, bytes) else None


class Listing:
    """A page of a list, decoded; `save` puts it back into the response."""

    def __init__(self, shape: Shape, response: web.Response, body: Any) -> None:  # noqa: ANN401
        self._shape = shape
        self._response = response
        self._body: Any = body

    @classmethod
    def of(cls, shape: Shape, response: web.StreamResponse) -> Listing | None:
        """The page in a response; None if it is an error or not a page."""
        encoded = json_in(response)
        if not encoded or not isinstance(response, web.Response):
            return None
        try:
            body: Any = msgspec.json.decode(encoded)
        except (msgspec.DecodeError, RecursionError):
            return None
        rows = body.get(shape.rows) if shape.rows and isinstance(body, dict) else body
        return cls(shape, response, body) if isinstance(rows, list | dict) else None

    @property
    def rows(self) -> list[Any]:
        """The rows; pairs of key and value if they are the fields of an object."""
        rows = self._body[self._shape.rows] if self._shape.rows else self._body
        return list(rows.items()) if isinstance(rows, dict) else rows

    @rows.setter
    def rows(self, rows: list[Any]) -> None:
        if not self._shape.rows:
            self._body = rows
        elif isinstance(self._body[self._shape.rows], dict):
            self._body[self._shape.rows] = dict(rows)
        else:
            self._body[self._shape.rows] = rows

    @property
    def total(self) -> int | None:
        """The announced total; None if there is none."""
        if self._shape.total is None:
            return None
        if self._shape.has_header_total:
            numbers = re.findall(r"\d+", self._response.headers.get(self._shape.total, ""))
            return int(numbers[-1]) if numbers else None
        section, field = self._shape.total.split(".")
        total: int | None = self._body.get(section, {}).get(field)
        return total

    def announce(self, total: int | None) -> None:
        """Change the total and values derived from it; None removes it."""
        if self._shape.total is None or self.total is None:
            return
        if self._shape.has_header_total:
            self._announce_in_header(self._shape.total, total)
            return
        section, field = self._shape.total.split(".")
        if total is None:
            del self._body[section][field]
            return
        self._body[section][field] = total
        if "perPage" in self._body[section]:
            self._body[section]["pages"] = -(-total // self._body[section]["perPage"])

    def _announce_in_header(self, name: str, total: int | None) -> None:
        text = self._response.headers.pop(name)
        if total is None:
            return
        # ``98``, or ``resources=0-10/98``.
        text = re.sub(r"\d+$", str(total), text)
        self._response.headers[name] = re.sub(
            r"-(\d+)/", lambda end: f"-{min(int(end[1]), total)}/", text
        )

    def place(self, row_id: str) -> int | None:
        """The position of the row with an id; None if it is not on this page."""
        ids = [str(self._id(row)) for row in self.rows]
        return ids.index(row_id) if row_id in ids else None

    def _id(self, row: Any) -> object:  # noqa: ANN401 - of any route
        if isinstance(row, tuple):
            return row[0]
        return row.get(self._shape.key) if isinstance(row, dict) else row

    def without_id(self, row: Any) -> object:  # noqa: ANN401 - of any route
        """A row without its id."""
        if isinstance(row, tuple):
            return ("", row[1])
        if isinstance(row, dict):
            return {name: value for name, value in row.items() if name != self._shape.key}
        return None

    def with_id(self, row: Any, value: object) -> object:  # noqa: ANN401 - of any route
        """A row with another id, of any type."""
        if isinstance(row, tuple):
            return (str(value), row[1])
        return row | {self._shape.key: value} if isinstance(row, dict) else value

    def another_id(self, row: Any, salt: int) -> object:  # noqa: ANN401 - of any route
        """An id in the style of a row's, different for each ``salt``."""
        own = self._id(row)
        is_number = isinstance(own, int) or (isinstance(row, tuple) and str(own).isdecimal())
        return int(str(own)) + salt * NEXT_IDS if is_number else f"{own}-{salt}"

    @staticmethod
    def nulled(row: Any) -> object:  # noqa: ANN401 - of any route
        """Null in place of a row."""
        return (row[0], None) if isinstance(row, tuple) else None

    def save(self) -> None:
        """Put the changed page into the response."""
        self._response.body = msgspec.json.encode(self._body)
