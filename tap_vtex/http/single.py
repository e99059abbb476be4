"""Single things: what VTEX knows of one id."""

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
    """How long to ask for one thing."""

    #: Set by whoever no longer waits for it.
    stop: threading.Event
    #: For how many seconds to retry, instead of what the policy says.
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
        The thing; None if VTEX does not know it (404), or keeps sending ``null`` or ``{}``.
    """
    try:
        # An empty response that was a hiccup of VTEX's is another one the next time.
        for _ in range(client.policy.empty_answers):
            body = client.get(endpoint, thing, params=params, **budget._asdict()).body
            if body:
                return body
    except NotFoundError:
        pass
    return None
