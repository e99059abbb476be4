"""What can go wrong between the tap and VTEX.

Errors of this family end one stream and leave the others running. Anything else (a target
that is gone, a bug in the tap) ends the run. Their texts are logged, so they never hold a
header, a query string, a body or a value of a record.
"""

from __future__ import annotations

import traceback

from singer_sdk.exceptions import MapExpressionError


class VtexError(Exception):
    """VTEX can't give what a stream needs. The text says what happened and what to do."""

    def __init__(self, text: str, *, status: int = 0, vtex_message: str = "") -> None:
        """Describe an error.

        Args:
            text: For the user.
            status: The HTTP status, if a response was the reason.
            vtex_message: VTEX's own message, if it sent one. Code tells cases apart by it; it
                never reaches the log.
        """
        super().__init__(text)
        self.status = status
        self.vtex_message = vtex_message


class AccessError(VtexError):
    """VTEX refused the key (401, 403)."""


class NotFoundError(VtexError):
    """VTEX does not know what the path names (404)."""


class RefusedError(VtexError):
    """VTEX refused the request itself (400 and the other 4xx)."""


class UnavailableError(VtexError):
    """VTEX gave no usable response, however often it was asked."""


class UnreachableError(UnavailableError):
    """VTEX has answered nothing in this process, and the time to wait for that is used up."""


class IncompleteListError(VtexError):
    """A list holds fewer rows than it announces, or more than can be read."""


class StateError(VtexError):
    """The state of the last run can't be used."""


class StreamMapError(Exception):
    """A stream map failed on a record. Nothing is wrong between the tap and VTEX."""

    def __init__(self, stream: str, error: Exception) -> None:
        """Name the stream, and the expression if the SDK does."""
        # The text of any other error may quote a value of the record.
        reason = str(error).rstrip(".") if _is_safe(error) else type(error).__name__
        super().__init__(
            f"The stream map of {stream} failed on a record: {reason}. Check the names in its "
            "expressions, and allow for fields that are null, as in "
            "lastName.upper() if lastName else None."
        )


class AbandonedError(Exception):
    """Nobody waits for a request any more. This is no failure of VTEX's."""


def without_values(error: BaseException) -> str:
    """Where an unexpected error came from, without its text.

    Exception texts quote what they stumbled over, which can be a value of a record.
    """
    described = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
    if _is_safe(error):
        described += f": {error}"
    elif isinstance(error, OSError) and error.strerror:
        described += f": {error.strerror}"
    if error.__cause__ is None:
        return described
    return f"{without_values(error.__cause__)}\n\nThis led to:\n{described}"


def _is_safe(error: BaseException) -> bool:
    """Whether the text of an error quotes settings at most: the expression of a stream map."""
    return isinstance(error, MapExpressionError | StreamMapError)
