"""Concurrent fetching of many items, and what to do about those that fail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from tap_vtex.errors import (
    AccessError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnreachableError,
    VtexError,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.endpoint import Endpoint

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Errors that may concern only the one item that was requested.
FAILURES_OF_ONE: Final = (AccessError, NotFoundError, RefusedError, UnavailableError)
#: After this many failures without a success, check the endpoint itself.
MAX_FAILURES: Final = 3


class Outcome(NamedTuple, Generic[Item, Result]):
    """The outcome for one item: a result or an error."""

    item: Item
    result: Result | None = None
    error: VtexError | None = None
    #: When the item was first requested, by the monotonic clock.
    began: float = 0.0

    @property
    def is_unknown(self) -> bool:
        """Whether VTEX says that the item does not exist (404)."""
        return isinstance(self.error, NotFoundError)


def fetch_each(
    client: VtexClient,
    endpoint: Endpoint[Any],
    fetch: Callable[[Item, threading.Event], Result],
    items: Iterable[Item],
    *,
    max_unknown: int | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Fetch all items concurrently; one that fails does not stop the others.

    As long as the endpoint succeeds for some items, failures of others concern only those,
    however many there are. After a streak of failures, the endpoint's last successful request is
    repeated. If that fails, too, or there was none, this is an outage or a missing permission.

    Args:
        client: The client.
        endpoint: The endpoint that ``fetch`` depends on.
        fetch: Fetches one item; has to stop when the event is set.
        items: The items to fetch.
        max_unknown: This many 404s without a success also count as a streak of failures. For
            items that VTEX itself has listed.

    Yields:
        The outcome for each item, in order of completion.

    Raises:
        VtexError: An item's error turned out to be an outage or a missing permission.
    """

    def attempt(item: Item, stop: threading.Event) -> Outcome[Item, Result]:
        began = time.monotonic()
        try:
            return Outcome(item, fetch(item, stop))
        except UnreachableError:
            raise
        except FAILURES_OF_ONE as error:
            return Outcome(item, error=error, began=began)

    streak = _Streak()
    # Until the endpoint has succeeded, a refusal is more likely about the role than the item.
    held: list[Outcome[Item, Result]] = []
    for _, outcome in client.workers.each(attempt, items):
        if outcome.error is None or client.has_answered_since(endpoint, outcome.began):
            streak = _Streak()
        elif streak.is_too_long(outcome, max_unknown, _max_failures(client, endpoint, outcome)):
            if not client.still_answers(endpoint):
                raise streak.error(outcome.error)
            streak = _Streak()
        if isinstance(outcome.error, AccessError) and not client.has_answered_since(endpoint, 0):
            held.append(outcome)
            continue
        yield from held
        held.clear()
        yield outcome
    if held and held[0].error:
        raise held[0].error


def _max_failures(client: VtexClient, endpoint: Endpoint[Any], outcome: Outcome[Any, Any]) -> int:
    """The number of failures in a row after which to check the endpoint itself.

    If it has not succeeded in this run, there is no request to repeat, and the first items may
    just happen to be bad ones: allow for more failures, unless VTEX refuses the key.
    """
    is_proven = client.has_answered_since(endpoint, 0)
    if is_proven or isinstance(outcome.error, AccessError):
        return MAX_FAILURES
    return MAX_FAILURES + 2 * client.workers.count


class _Streak:
    """Failures of an endpoint since its last success."""

    def __init__(self) -> None:
        self._unknown = 0
        self._failures = 0

    def is_too_long(
        self, outcome: Outcome[Any, Any], max_unknown: int | None, max_failures: int
    ) -> bool:
        """Count a failure; return whether the endpoint has to be checked now."""
        if outcome.is_unknown:
            self._unknown += 1
        else:
            self._failures += 1
        too_many_unknown = max_unknown is not None and self._unknown >= max_unknown
        return too_many_unknown or self._failures >= max_failures

    def error(self, last: VtexError) -> VtexError:
        """The error that ends the fetching, given the last failure."""
        if not isinstance(last, NotFoundError):
            return last
        return UnavailableError(
            f"VTEX lists {self._unknown} things in a row that it then does not know (status 404). "
            "Check whether a proxy or a firewall swallows requests."
        )
