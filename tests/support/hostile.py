"""Documents that hold whatever breaks one target or another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tap_vtex.http.bodies import documents_in
from tests.support.mischief import Altered

if TYPE_CHECKING:
    from collections.abc import Collection

Json = dict[str, Any]

LONG_TEXT: Final = "já é " * 400_000  # 2 MB, and more in UTF-8

#: Each field of a document gets each of these in one document or another.
VALUES: Final[tuple[Any, ...]] = (
    "NUL\0in it",
    "half a pair \ud83d",
    "\udc00\0",
    "quotes \" ' ` and \\ \\n \\. \\N",
    "lines\r\nand\ttabs\u2028\x01\x7f",
    "",
    " ",
    "NULL",
    "nan",
    "1e400",
    "9" * 400,
    *(2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30, 10**300, 10**400),
    *(float("nan"), float("inf"), float("-inf"), -0.0, 1e300, 5e-324, 0.1 + 0.2),
    *("0001-01-01T00:00:00", "1752-02-30T00:00:00Z", "1899-12-30T00:00:00.0000000Z"),
    *("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-03:00", "10000-01-01T00:00:00Z"),
    *("0001-01-01T00:00:00+03:00", "0000-00-00T00:00:00", "31/02/2024", "infinity"),
    *(True, False, [], {}, [[1], ["a"], {}], ["\0", None, 1.5, 10**30]),
    {"\0": {"Ab": 1, "aB": 2}, "": [], "\ud83d": float("nan"), "long " * 20: None},
)


@dataclass
class Hostile(Altered):
    """Gives answers in which every field holds something else, except for the ids."""

    #: Fields that stay as they are.
    keep: frozenset[str] = field(default_factory=frozenset)
    #: A field of text that is very long in the first document.
    long: str = ""
    #: A field with documents that are spoilt as well.
    inside: str = ""
    given: int = 0

    def alter(self, content: Any, status: int) -> Any:
        """Spoil the documents of an answer."""
        if status == 200:
            for document in documents_in(content if isinstance(content, list) else [content]):
                self._spoil_document(document)
        return content

    def _spoil_document(self, document: Json) -> None:
        for one in documents_in(document.get(self.inside, [])):
            self._replace_values(one)
        # Of what is inside little would be seen, were it replaced each time.
        whole = {self.inside} if self.given % 6 else set()
        self._replace_values(document, whole)
        document["unknown \0 field"] = list(VALUES)
        document["ACCOUNT_NAME"] = "not the account's"
        if not self.given:
            document[self.long] = LONG_TEXT
        self.given += 1

    def _replace_values(self, document: Json, whole: Collection[str] = ()) -> None:
        for position, name in enumerate(document):
            if name not in self.keep and name not in whole:
                document[name] = VALUES[(self.given + position) % len(VALUES)]
