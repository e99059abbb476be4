"""Requests for single documents by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tap_vtex.errors import NotFoundError

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.types import Document


class RetryBudget(NamedTuple):
    """How long to retry the request for one document."""

    #: Set when the document is no longer wanted.
    stop: threading.Event
    #: Seconds to retry, overriding the policy.
    retry_for: float | None = None


def get_by_id(
    client: VtexClient,
    endpoint: Endpoint[Document | None],
    key: object,
    budget: RetryBudget,
    params: Mapping[str, str] | None = None,
) -> Document | None:
    """Request one document by its id.

    Returns:
        The document; None if it does not exist (404), or VTEX keeps sending ``null`` or ``{}``.
    """
    try:
        # An empty response may be a hiccup.
        for _ in range(client.policy.max_empty_responses):
            body = client.get(endpoint, key, params=params, **budget._asdict()).body
            if body:
                return body
    except NotFoundError:
        pass
    return None
