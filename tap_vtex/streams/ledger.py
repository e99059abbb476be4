"""The retry ledger: what VTEX lists but did not return, kept in the state.

One failed request never stops the others. What it asked for goes into the ledger, and later runs
retry it.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.errors import AbandonedError, UnavailableError
from tap_vtex.http.fetching import FAILURES_OF_ONE, Outcome
from tap_vtex.naming import named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from tap_vtex.http.client import VtexClient

#: The most ids to keep for a retry. More mean an outage.
MAX_MISSING: Final = 1000
#: How long to retry ids whose requests fail.
RETRY_FOR: Final = timedelta(days=30)
#: How long to retry ids that VTEX does not know (404).
UNKNOWN_FOR: Final = timedelta(days=3)

Result = TypeVar("Result")


class RetryLedger:
    """The ids that VTEX lists but did not return. Later runs retry them."""

    def __init__(self, missing: Mapping[str, datetime]) -> None:
        """Begin with the ids that earlier runs left, with the day of the first failure."""
        self.missing = dict(missing)
        #: The ids that earlier runs left.
        self.earlier = frozenset(missing)
        #: The ids whose requests failed in this run.
        self.failed: set[str] = set()
        #: The ids that VTEX did not know (404) in this run.
        self.unknown: set[str] = set()

    def __contains__(self, key: object) -> bool:
        return str(key) in self.missing

    def __len__(self) -> int:
        return len(self.missing)

    @property
    def is_full(self) -> bool:
        """Whether so much is missing that it must be an outage."""
        return len(self.missing) > MAX_MISSING

    def add(self, key: object, now: datetime, *, is_unknown: bool = False) -> None:
        """Add an id whose request failed, or that VTEX does not know."""
        (self.unknown if is_unknown else self.failed).add(str(key))
        self.missing.setdefault(str(key), dates.start_of_day(now))

    def discard(self, keys: Iterable[object]) -> None:
        """Remove ids that have arrived."""
        for key in map(str, keys):
            self.missing.pop(key, None)
            self.failed.discard(key)
            self.unknown.discard(key)

    def drop_expired(self, now: datetime) -> list[str]:
        """Remove and return the ids that are no longer worth a retry.

        VTEX lists some things before it knows them, but by minutes, not days.
        """
        expired = [
            key
            for key, since in self.missing.items()
            if now - since > (UNKNOWN_FOR if key in self.unknown else RETRY_FOR)
        ]
        self.discard(expired)
        return expired

    def keep_newest(self) -> None:
        """Forget the lowest ids beyond the limit. The highest ones are the newest."""
        for key in sorted(self.missing, key=int)[:-MAX_MISSING]:
            self.discard([key])

    def failure(self, what: str, *, may_be_gone: bool = False) -> UnavailableError | None:
        """The error to raise at the end of a run; None if nothing is missing.

        Args:
            what: What the ids stand for, in the plural, such as ``orders``.
            may_be_gone: Count only failures of this run. What VTEX does not know (404) may just be
                gone, and so may what this run has not retried.
        """
        missing = self.failed & self.missing.keys() if may_be_gone else self.missing.keys()
        if not missing:
            return None
        verb, them = ("is", "it") if len(missing) == 1 else ("are", "them")
        return UnavailableError(
            f"{counted(len(missing), what)} {verb} missing ({named(sorted(missing))}): VTEX lists "
            f"{them} but did not return {them}. The run continued without {them}; the next one "
            f"retries {them}."
        )


def missing_from_list(state: dict[str, Any], since: datetime | None) -> dict[str, Any]:
    """Upgrade a state of version 1, which listed ids under ``owed`` without dates."""
    if "owed" not in state:
        return state
    owed = state.pop("owed")
    if isinstance(owed, list):
        owed = {str(int(key)): since for key in owed}
    return {**state, "missing": owed}


def retry_missing(
    client: VtexClient,
    keys: Collection[str],
    fetch: Callable[[str, float, threading.Event], Result],
) -> Iterator[Outcome[str, Result]]:
    """Retry, concurrently, what earlier runs did not get.

    All keys share one time limit, `RetryPolicy.retry_missing_for`, even if VTEX asks for a longer
    pause meanwhile. Keys not reached in that time wait for the next run.

    Args:
        client: The client.
        keys: The keys to retry.
        fetch: Fetches one key. Takes the key, how long to retry in seconds, and an event that is
            set when the time limit ends.

    Yields:
        The outcomes of the keys reached, in order of completion.
    """
    if not keys:
        return
    deadline = time.monotonic() + client.policy.retry_missing_for
    few = len(keys) <= client.workers.count
    # Wakes workers that sit out a pause, which can last minutes.
    over = threading.Event()
    timer = threading.Timer(client.policy.retry_missing_for, over.set)
    timer.daemon = True

    def attempt(key: str, _stop: threading.Event) -> Outcome[str, Result] | None:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        try:
            return Outcome(key, fetch(key, left if few else 0.0, over))
        except AbandonedError:
            return None
        except FAILURES_OF_ONE as error:
            return Outcome(key, error=error)

    timer.start()
    try:
        for _, outcome in client.workers.each(attempt, keys):
            if outcome is not None:
                yield outcome
    finally:
        timer.cancel()
        over.set()
