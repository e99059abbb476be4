"""What unsuccessful responses mean: another attempt or a final error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_vtex.errors import AccessError, NotFoundError, RefusedError
from tap_vtex.http import responses
from tap_vtex.http.transport import REDIRECTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.http.transport import NoResponseError, RawResponse

#: Transient failures: VTEX asks for a retry, or is briefly broken.
RETRYABLE_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})
FIRST_ERROR_STATUS: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
TOO_MANY_REQUESTS: Final = 429


class RetryableError(Exception):
    """A failed attempt that is worth a retry. The text is safe to log."""

    def __init__(
        self,
        what: str,
        *,
        status: int = 0,
        retry_after: float = 0.0,
        is_unusable: bool = False,
        no_response: NoResponseError | None = None,
    ) -> None:
        super().__init__(what)
        self.status = status
        self.retry_after = retry_after
        #: The response is JSON, but not what was requested.
        self.is_unusable = is_unusable
        self.no_response = no_response


def raise_for_status(
    response: RawResponse,
    request: str,
    endpoint: Endpoint[Any],
    *,
    is_proven: bool,
    no_retry: Collection[int],
) -> None:
    """Raise the error of a response whose status is not a success.

    Args:
        response: The response.
        request: The request's method and path, for the error text.
        endpoint: The requested endpoint.
        is_proven: Whether the endpoint has succeeded in this run.
        no_retry: Retryable statuses that are final for this request.

    Raises:
        RetryableError: Another attempt may succeed.
        AccessError: The key may not read this.
        NotFoundError: VTEX found nothing at this path.
        RefusedError: VTEX refused the request itself.
    """
    status = response.status
    if status in REDIRECTS:
        raise RetryableError(f"a redirect (status {status}), which the tap does not follow")
    if status < FIRST_ERROR_STATUS:
        return
    # VTEX has been seen to send a transient 401.
    is_transient = status in RETRYABLE_STATUSES or (status == UNAUTHORIZED and is_proven)
    if is_transient and status not in no_retry:
        raise RetryableError(
            f"status {status}", status=status, retry_after=responses.retry_after(response)
        )
    message = responses.vtex_message(response)
    if status in {UNAUTHORIZED, FORBIDDEN}:
        raise no_access(request, endpoint, status, message)
    if status == NOT_FOUND:
        raise NotFoundError(
            f"VTEX does not know {request} (status 404). If no stream works, check account_name.",
            status=status,
            vtex_message=message,
        )
    raise RefusedError(
        f"VTEX refused {request} (status {status}).", status=status, vtex_message=message
    )


def no_access(request: str, endpoint: Endpoint[Any], status: int, message: str = "") -> AccessError:
    """The error for a key that VTEX refused."""
    return AccessError(
        f"VTEX refused the key for {request} (status {status}). {endpoint.how_to_grant}",
        status=status,
        vtex_message=message,
    )
