"""Whether VTEX is up, judging by the run's requests, and how long to retry accordingly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_vtex.http.failures import (
    RETRYABLE_STATUSES,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    RetryableError,
)

if TYPE_CHECKING:
    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.http.request import Request
    from tap_vtex.http.retry import RetryPolicy


class Success(NamedTuple):
    """The latest successful request of an endpoint, and when, by the monotonic clock."""

    request: Request[Any]
    at: float


class Health:
    """What a run's requests say about VTEX. All times are by the monotonic clock."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        #: The latest success of each endpoint in this run.
        self._successes: dict[Endpoint[Any], Success] = {}
        #: Time of the first failure since the latest success.
        self._failing_since: float | None = None
        #: Seconds of failures like the latest one after which VTEX counts as down.
        self._outage_after = policy.retry_for

    def note_success(self, request: Request[Any]) -> None:
        """Record that a request succeeded."""
        self._successes[request.endpoint] = Success(request, time.monotonic())
        self._failing_since = None

    def note_failure(self, failure: RetryableError) -> None:
        """Record that a request failed."""
        self._failing_since = self._failing_since or time.monotonic()
        is_throttled = failure.status == TOO_MANY_REQUESTS
        policy = self._policy
        self._outage_after = policy.retry_throttled_for if is_throttled else policy.retry_for

    @property
    def has_answered(self) -> bool:
        """Whether any request has succeeded in this run."""
        return bool(self._successes)

    def latest(self, endpoint: Endpoint[Any]) -> Success | None:
        """The latest success of an endpoint; None if there is none."""
        return self._successes.get(endpoint)

    def deadline(self, began: float, retry_for: float | None) -> float | None:
        """The deadline of a request, which also cuts a slow response short; None without one.

        Args:
            began: When the request began.
            retry_for: Seconds it may take; None to follow the policy, which sets a deadline only
                while VTEX is down.
        """
        if retry_for is None and self._is_down():
            retry_for = self._policy.retry_unproven_for
        return None if retry_for is None else began + retry_for

    def give_up_at(
        self,
        failure: RetryableError,
        endpoint: Endpoint[Any],
        first_failure: float,
        deadline: float | None,
    ) -> float:
        """When to stop retrying a request.

        Args:
            failure: The failure of its latest attempt.
            endpoint: Its endpoint.
            first_failure: When its first attempt failed.
            deadline: Its own deadline, from `Health.deadline`.
        """
        at = deadline or first_failure + self._retry_for(failure, endpoint)
        if self.has_answered:
            return at
        if _is_unconnected(failure):
            at = min(at, first_failure + self._policy.retry_unreachable_for)
        return min(at, self._unanswered_until())

    def is_unreachable(self, failure: RetryableError) -> bool:
        """Whether VTEX can't be reached at all, so that other requests need not try."""
        if failure.no_response is None or self.has_answered:
            return False
        return _is_unconnected(failure) or time.monotonic() >= self._unanswered_until()

    def _retry_for(self, failure: RetryableError, endpoint: Endpoint[Any]) -> float:
        policy, is_proven = self._policy, endpoint in self._successes
        if failure.status == TOO_MANY_REQUESTS:
            return policy.retry_throttled_for
        if failure.status == UNAUTHORIZED:
            return policy.retry_unproven_for
        if failure.is_unusable and is_proven:
            return policy.retry_unusable_for
        if failure.status in RETRYABLE_STATUSES or is_proven:
            return policy.retry_for
        return policy.retry_unproven_for

    def _unanswered_until(self) -> float:
        """When to stop waiting for VTEX if it has not answered once."""
        return (self._failing_since or time.monotonic()) + self._policy.retry_unanswered_for

    def _is_down(self) -> bool:
        """Whether a request has already been retried to its limit, without a success since."""
        since = self._failing_since
        return since is not None and time.monotonic() - since > self._outage_after


def _is_unconnected(failure: RetryableError) -> bool:
    return failure.no_response is not None and failure.no_response.is_unreachable
