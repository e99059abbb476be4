"""What can go wrong between the tap and VTEX.

A `VtexError` fails one stream and leaves the others running. Anything else (the target closed
the pipe, a bug in the tap) ends the run. Error texts are logged, so they never contain a header,
a query string, a body or a record's value.
"""

from __future__ import annotations

import traceback

from singer_sdk.exceptions import MapExpressionError


class VtexError(Exception):
    """A stream can't get what it needs from VTEX. The text says what happened and what to do."""

    def __init__(self, text: str, *, status: int = 0, vtex_message: str = "") -> None:
        """Describe an error.

        Args:
            text: The message for the user.
            status: The HTTP status; 0 if the error did not come from a response.
            vtex_message: VTEX's own message, if any. Only for telling cases apart in code; it
                is never logged.
        """
        super().__init__(text)
        self.status = status
        self.vtex_message = vtex_message


class AccessError(VtexError):
    """VTEX refused the key (401, 403)."""


class NotFoundError(VtexError):
    """VTEX found nothing at this path (404)."""


class RefusedError(VtexError):
    """VTEX refused the request itself (400 and the other 4xx)."""


class UnavailableError(VtexError):
    """VTEX sent no usable response, despite retries."""


class UnreachableError(UnavailableError):
    """VTEX has not answered once in this process, and the time to wait for it is up."""


class IncompleteListError(VtexError):
    """A list has fewer rows than announced, or more than can be read."""


class StateError(VtexError):
    """The last run's state can't be used."""


class StreamMapError(Exception):
    """A stream map failed on a record. VTEX is not involved."""

    def __init__(self, stream: str, error: Exception) -> None:
        """Name the stream, and the expression if the SDK names it."""
        # Any other error's text may quote a value of the record.
        reason = str(error).rstrip(".") if _is_safe(error) else type(error).__name__
        super().__init__(
            f"The stream map of {stream} failed on a record: {reason}. Check the names in its "
            "expressions, and allow for fields that are null, as in "
            "lastName.upper() if lastName else None."
        )


class AbandonedError(Exception):
    """A request's result is no longer wanted. This is not a failure of VTEX."""


def safe_traceback(error: BaseException) -> str:
    """The traceback of an unexpected error, without texts that may quote a record's value."""
    described = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
    if _is_safe(error):
        described += f": {error}"
    elif isinstance(error, OSError) and error.strerror:
        described += f": {error.strerror}"
    if error.__cause__ is None:
        return described
    return f"{safe_traceback(error.__cause__)}\n\nThis led to:\n{described}"


def _is_safe(error: BaseException) -> bool:
    """Whether an error's text quotes nothing but settings, such as a stream map's expression."""
    return isinstance(error, MapExpressionError | StreamMapError)
