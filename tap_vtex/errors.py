"""What can go wrong between the tap and VTEX, each with a sentence for the user.

Only errors of this family are caught for one stream so that the others go on; anything
else (a dead target, a mistake in the tap) ends the run. None of them ever holds a
header, a query string, a body or a value of a record: their texts are logged.
"""

from __future__ import annotations

import traceback

from singer_sdk.exceptions import MapExpressionError


class VtexError(Exception):
    """VTEX can't give what a stream needs. The text says why and what to do.

    ``said`` is VTEX's own message where it sent one: for code to tell cases apart, not
    for the log.
    """

    def __init__(self, text: str, *, status: int = 0, said: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.said = said


class AccessError(VtexError):
    """VTEX refused the key for a path (401, 403)."""


class NotFoundError(VtexError):
    """VTEX does not know what a path names (404)."""


class RefusedError(VtexError):
    """VTEX refused a request as it was put (400 and the other 4xx)."""


class UnavailableError(VtexError):
    """VTEX did not give a usable answer, however often it was asked."""


class IncompleteListError(VtexError):
    """A list holds fewer rows than it announces, or more than can be read."""


class StateError(VtexError):
    """The state of the last run can't be used."""


class AbandonedError(Exception):
    """The work that a request belonged to has ended; not a failure of VTEX's."""


def without_values(error: BaseException) -> str:
    """Where an error that nobody foresaw came from, but not its text.

    Texts of exceptions quote what they stumbled over, which can be a value of a record.
    """
    told = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
    if isinstance(error, MapExpressionError):
        told += f": {error}"  # quotes the expression, which is a setting
    elif isinstance(error, OSError) and error.strerror:
        told += f": {error.strerror}"
    if error.__cause__ is None:
        return told
    return f"{without_values(error.__cause__)}\n\nFrom that came:\n{told}"
