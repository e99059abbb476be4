"""Requests for one thing by its id."""

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
    """How long to retry one thing."""

    #: Set when the thing is no longer wanted.
    stop: threading.Event
    #: Seconds to retry, overriding the policy.
    retry_for: float | None = None


def get_thing(
    client: VtexClient,
    endpoint: Endpoint[Document | None],
    thing: object,
    budget: RetryBudget,
    params: Mapping[str, str] | None = None,
) -> Document | None:
    """Request one thing by its id.

    Returns:
        The thing; None if it does not exist (404), or VTEX keeps sending ``null`` or ``{}``.
    """
    try:
        # An empty response may be a hiccup.
        for _ in range(client.policy.empty_answers):
            body = client.get(endpoint, thing, params=params, **budget._asdict()).body
            if body:
                return body
    except NotFoundError:
        pass
    return None
