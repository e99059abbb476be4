"""The retry ledger: what VTEX lists and failed to give, kept in the state.

One thing that can't be had never stops the others. It goes into the ledger, and later runs ask
for it again.
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

#: At most this many things are kept to be retried. More are an outage.
MAX_MISSING: Final = 1000
#: Something that VTEX fails to give is retried for this long ...
RETRY_FOR: Final = timedelta(days=30)
#: ... and something that it does not know (404) for this long.
UNKNOWN_FOR: Final = timedelta(days=3)

Result = TypeVar("Result")


class RetryLedger:
    """Things that VTEX lists but failed to give. Later runs ask for them again."""

    def __init__(self, missing: Mapping[str, datetime]) -> None:
        """Begin with what earlier runs left: ids, with the day of the first failure."""
        self.missing = dict(missing)
        #: What earlier runs left.
        self.earlier = frozenset(missing)
        #: What failed in this run, and what VTEX does not know (404).
        self.failed: set[str] = set()
        self.unknown: set[str] = set()

    def __contains__(self, key: object) -> bool:
        return str(key) in self.missing

    def __len__(self) -> int:
        return len(self.missing)

    @property
    def is_full(self) -> bool:
        """Whether so much is missing that it is an outage."""
        return len(self.missing) > MAX_MISSING

    def add(self, key: object, now: datetime, *, is_unknown: bool = False) -> None:
        """Add what VTEX did not give, or does not know."""
        (self.unknown if is_unknown else self.failed).add(str(key))
        self.missing.setdefault(str(key), dates.start_of_day(now))

    def discard(self, keys: Iterable[object]) -> None:
        """Remove what has arrived."""
        for key in map(str, keys):
            self.missing.pop(key, None)
            self.failed.discard(key)
            self.unknown.discard(key)

    def drop_expired(self, now: datetime) -> list[str]:
        """Remove what is not worth asking for any more; return it.

        Something that VTEX does not know may have been listed before it could be read, but
        not for days.
        """
        expired = [
            key
            for key, since in self.missing.items()
            if now - since > (UNKNOWN_FOR if key in self.unknown else RETRY_FOR)
        ]
        self.discard(expired)
        return expired

    def keep_newest(self) -> None:
        """Forget the lowest ids beyond the limit. The highest ones are the latest."""
        for key in sorted(self.missing, key=int)[:-MAX_MISSING]:
            self.discard([key])

    def failure(self, what: str, *, may_be_gone: bool = False) -> UnavailableError | None:
        """What to say at the end of a run about ``what`` is missing; None if nothing is.

        Args:
            what: In words for the user, such as ``orders``.
            may_be_gone: Something that VTEX lists and does not know (404) may just be gone,
                so it is no error; nor is what this run has not asked for, which may be of that
                kind.
        """
        missing = self.failed & self.missing.keys() if may_be_gone else self.missing.keys()
        if not missing:
            return None
        verb, them = ("is", "it") if len(missing) == 1 else ("are", "them")
        return UnavailableError(
            f"{counted(len(missing), what)} {verb} missing ({named(sorted(missing))}): VTEX lists "
            f"{them} and failed to give {them}. The run went on without {them}, and the next one "
            f"asks for {them} again."
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
    """Ask again, side by side, for what earlier runs did not get.

    All of it together gets `RetryPolicy.retry_missing_for`, also if VTEX asks for a longer pause
    meanwhile. What is not reached in that time waits for the next run.

    Args:
        client: The client.
        keys: What to ask for.
        fetch: Fetches one thing, given its key, for how many seconds to retry, and an event
            that is set once nobody waits any more.

    Yields:
        The outcomes of what was asked for, in the order of completion.
    """
    if not keys:
        return
    deadline = time.monotonic() + client.policy.retry_missing_for
    few = len(keys) <= client.workers.count
    # Wakes those who wait for a pause to end, which VTEX may ask for minutes of.
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
