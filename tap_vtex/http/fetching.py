"""Many things fetched side by side: what to do about those that fail."""

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

#: What may be about the one thing that was asked for.
FAILURES_OF_ONE: Final = (AccessError, NotFoundError, RefusedError, UnavailableError)
#: After this many failures without a success, the endpoint itself is looked at.
MAX_FAILURES: Final = 3


class Outcome(NamedTuple, Generic[Item, Result]):
    """What came of one item: a result, or the error instead of one."""

    item: Item
    result: Result | None = None
    error: VtexError | None = None
    #: When the item was first asked for, by the monotonic clock.
    began: float = 0.0

    @property
    def is_unknown(self) -> bool:
        """Whether VTEX says that there is no such thing (404)."""
        return isinstance(self.error, NotFoundError)


def fetch_each(
    client: VtexClient,
    endpoint: Endpoint[Any],
    fetch: Callable[[Item, threading.Event], Result],
    items: Iterable[Item],
    *,
    max_unknown: int | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Fetch each item, side by side; one that fails does not stop the others.

    Failures say nothing about the others as long as the endpoint succeeds meanwhile, however
    many they are. If it does not, it is asked for what it gave last. If it gives even that no
    more, or never gave anything, the failures are an outage or a lack of permission.

    Args:
        client: The client.
        endpoint: The endpoint that ``fetch`` depends on.
        fetch: Fetches one item, until the event is set.
        items: What to fetch.
        max_unknown: This many 404s without a success are suspicious, too, because VTEX lists
            the items itself.

    Yields:
        The outcome of each item, in the order of completion.

    Raises:
        VtexError: The error of an item that is an outage or a lack of permission.
    """

    def attempt(item: Item, stop: threading.Event) -> Outcome[Item, Result]:
        began = time.monotonic()
        try:
            return Outcome(item, fetch(item, stop))
        except UnreachableError:
            raise
        except FAILURES_OF_ONE as error:
            return Outcome(item, error=error, began=began)

    #: Failures and 404s since the last success.
    streak = _Streak()
    # A refusal by an endpoint that has never answered is more likely about the role.
    held: list[Outcome[Item, Result]] = []
    for _, outcome in client.workers.each(attempt, items):
        if outcome.error is None or client.has_answered_since(endpoint, outcome.began):
            streak = _Streak()
        elif streak.grows_too_long(outcome, max_unknown, _max_failures(client, endpoint, outcome)):
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
    """How many failures in a row are worth a look at the endpoint itself.

    If it has not succeeded in this run yet, there is nothing to look at. Then the things that
    happen to be asked for first may be the bad ones, unless the key is refused.
    """
    is_proven = client.has_answered_since(endpoint, 0)
    if is_proven or isinstance(outcome.error, AccessError):
        return MAX_FAILURES
    return MAX_FAILURES + 2 * client.workers.count


class _Streak:
    """Failures during which an endpoint did not succeed."""

    def __init__(self) -> None:
        self._unknown = 0
        self._failures = 0

    def grows_too_long(
        self, outcome: Outcome[Any, Any], max_unknown: int | None, max_failures: int
    ) -> bool:
        """Count a failure; say whether there are too many to go on without a look."""
        if outcome.is_unknown:
            self._unknown += 1
        else:
            self._failures += 1
        is_missing = max_unknown is not None and self._unknown >= max_unknown
        return is_missing or self._failures >= max_failures

    def error(self, last: VtexError) -> VtexError:
        """What the failures come to."""
        if not isinstance(last, NotFoundError):
            return last
        return UnavailableError(
            f"VTEX lists {self._unknown} things in a row that it then does not know (status 404). "
            "Check whether a proxy or a firewall swallows requests."
        )
