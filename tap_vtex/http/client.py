"""The client: one request to VTEX, with authentication, rate limit, retries and errors."""

from __future__ import annotations

import math
import threading
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlencode

import msgspec

from tap_vtex.counting import counted
from tap_vtex.errors import (
    AbandonedError,
    UnavailableError,
    UnreachableError,
    VtexError,
)
from tap_vtex.http import failures, responses
from tap_vtex.http.clock import VtexClock
from tap_vtex.http.endpoint import Body, Endpoint, Host
from tap_vtex.http.failures import (
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    RetryableError,
)
from tap_vtex.http.health import Health
from tap_vtex.http.limiter import RateLimiter
from tap_vtex.http.request import Request, Response
from tap_vtex.http.retry import RetryPolicy
from tap_vtex.http.transport import NoResponseError, Timeout, Transport
from tap_vtex.http.workers import Workers
from tap_vtex.shutdown import Shutdown

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tap_vtex.http.transport import RawResponse
    from tap_vtex.settings import Settings

SECONDS_BETWEEN_RETRY_LINES: Final = 5.0


class VtexClient:
    """Requests to one VTEX account, from any thread."""

    def __init__(
        self,
        settings: Settings,
        logger: logging.Logger,
        *,
        policy: RetryPolicy | None = None,
        shutdown: Shutdown | None = None,
    ) -> None:
        """Prepare the client; no request is sent yet.

        Raises:
            UnavailableError: The environment names a proxy or certificates that can't be used.
        """
        self.workers = Workers(settings.max_workers)
        self.policy = policy or RetryPolicy()
        self.requests = 0
        self.retries = 0
        self._clock = VtexClock(logger)
        self._shutdown = shutdown or Shutdown()
        self._limiter = RateLimiter(
            settings.requests_per_minute,
            self._shutdown,
            may_burst=settings.end_date is None,  # with an end_date, it is one of several slices
        )
        self._logger = logger
        self._never = threading.Event()
        self._lock = threading.Lock()
        self._health = Health(self.policy)
        self._unreachable: UnreachableError | None = None
        self._last_retry_line = 0.0
        account = settings.account_name
        commerce = self._transport(
            settings.api_url or f"https://{account}.vtexcommercestable.com.br"
        )
        pricing = commerce if settings.api_url else self._transport("https://api.vtex.com")
        self._transports = {Host.COMMERCE: commerce, Host.PRICING: pricing}
        #: The prefix of each host's paths.
        self._prefixes = {Host.COMMERCE: "", Host.PRICING: f"/{account}"}
        self._headers = {
            # VTEX's reference requires Accept and Content-Type even on GET.
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
            "User-Agent": f"tap-vtex/{version('tap-vtex')}",
            "X-VTEX-API-AppKey": settings.app_key,
            "X-VTEX-API-AppToken": settings.app_token,
        }

    def _transport(self, base: str) -> Transport:
        policy = self.policy
        timeout = Timeout(policy.connect_timeout, policy.read_timeout, policy.response_timeout)
        return Transport(base, connections=self.workers.count + 1, timeout=timeout)

    def now(self) -> datetime:
        """The UTC time by VTEX's clock, or by this machine's until VTEX has answered."""
        return self._clock.now()

    def not_ahead(self, moment: datetime) -> datetime:
        """An earlier result of `now`, moved back as far as later responses set the clock back."""
        return self._clock.not_ahead(moment)

    @property
    def has_answered(self) -> bool:
        """Whether any request has succeeded in this run."""
        return self._health.has_answered

    def has_answered_since(self, endpoint: Endpoint[Any], moment: float) -> bool:
        """Whether an endpoint has succeeded since ``moment``, by the monotonic clock."""
        success = self._health.latest(endpoint)
        return success is not None and success.at >= moment

    def still_answers(self, endpoint: Endpoint[Any]) -> bool:
        """Whether an endpoint's last successful request still succeeds; False without one."""
        success = self._health.latest(endpoint)
        if success is None:
            return False
        try:
            self._request(success.request, retry_for=self.policy.retry_probe_for)
        except VtexError:
            return False
        return True

    def path_to(self, endpoint: Endpoint[Body], *ids: object) -> str:
        """The full path of an endpoint for some ids."""
        return self._prefixes[endpoint.host] + endpoint.path_to(*ids)

    def get(
        self,
        endpoint: Endpoint[Body],
        *ids: object,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        no_retry: Collection[int] = (),
        retry_for: float | None = None,
        stop: threading.Event | None = None,
    ) -> Response[Body]:
        """Request an endpoint, and retry until it sends a usable response.

        Args:
            endpoint: The endpoint to request.
            ids: The ids for the endpoint's path.
            params: The query parameters.
            headers: Headers in addition to the client's and the endpoint's.
            no_retry: Retryable statuses to raise as `RefusedError` at once.
            retry_for: Seconds for the request with all its retries, overriding the policy. A
                response always gets at least `RetryPolicy.min_timeout`.
            stop: Set by a caller who no longer needs the response.

        Raises:
            AccessError: The key may not read this.
            NotFoundError: VTEX found nothing at this path.
            RefusedError: VTEX refused the request itself.
            UnavailableError: No usable response came within the time limit.
            UnreachableError: VTEX has not answered once in this run.
            AbandonedError: ``stop`` was set while waiting.
            Terminated: A signal has come.
        """
        request = Request(
            endpoint,
            ids,
            self.path_to(endpoint, *ids),
            f"?{urlencode(params, quote_via=quote)}" if params else "",
            {**self._headers, **endpoint.headers, **(headers or {})},
            no_retry,
        )
        return self._request(request, retry_for=retry_for, stop=stop)

    def post(self, endpoint: Endpoint[Any], body: object, *, retry_for: float) -> None:
        """Send JSON to an endpoint that changes something, and ignore the response's body.

        Args:
            endpoint: The endpoint to send it to.
            body: The value to send as JSON.
            retry_for: Seconds for the request with all its retries; 0 for no retry, if it must
                not be sent twice.

        Raises:
            VtexError: Like `get`. Without a response, VTEX may still have processed the request.
        """
        request = Request[Any](
            endpoint,
            (),
            self.path_to(endpoint),
            "",
            {**self._headers, **endpoint.headers},
            body=msgspec.json.encode(body),
        )
        self._request(request, retry_for=retry_for)

    def _request(
        self,
        request: Request[Body],
        *,
        retry_for: float | None,
        stop: threading.Event | None = None,
    ) -> Response[Body]:
        waits = self.policy.waits()
        first_failure: float | None = None
        began: float | None = None
        host = request.endpoint.host
        while True:
            if self._unreachable:
                raise self._unreachable
            self._limiter.wait(stop or self._never, host)
            began = began or time.monotonic()
            deadline = self._health.deadline(began, retry_for)
            try:
                return self._send(request, deadline)
            except RetryableError as failure:
                now = time.monotonic()
                first_failure = first_failure or now
                self._health.note_failure(failure)
                wait = self._wait_after(failure, next(waits), request)
                if failure.status == TOO_MANY_REQUESTS:
                    # All threads have to wait, even if this request gives up now.
                    self._limiter.pause(wait, host)
                give_up_at = self._health.give_up_at(
                    failure, request.endpoint, first_failure, deadline
                )
                if now + wait > give_up_at:
                    raise self._give_up(failure, request, now - began) from None
                self._log_retry(failure, request, wait)
                if failure.status != TOO_MANY_REQUESTS:
                    self.wait(wait, stop)

    def wait(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Wait for ``seconds``.

        Raises:
            AbandonedError: ``stop`` was set while waiting.
            Terminated: A signal has come.
        """
        if self._shutdown.wait(seconds, stop or self._never):
            raise AbandonedError from None

    # -- one attempt ---------------------------------------------------------------------

    def _send(self, request: Request[Body], deadline: float | None) -> Response[Body]:
        with self._lock:
            self.requests += 1
        transport = self._transports[request.endpoint.host]
        left = math.inf if deadline is None else deadline - time.monotonic()
        try:
            response = transport.send(
                request.endpoint.method,
                request.path + request.query,
                request.headers,
                body=request.body,
                max_seconds=max(left, self.policy.min_timeout),
            )
        except NoResponseError as error:
            raise RetryableError(str(error), no_response=error) from None
        failures.raise_for_status(
            response,
            str(request),
            request.endpoint,
            is_proven=self._health.latest(request.endpoint) is not None,
            no_retry=request.no_retry,
        )
        if request.body is not None:
            return Response(cast("Body", None), response.headers)
        try:
            body = request.endpoint.decode(response.body)
        except ValueError:
            raise RetryableError(responses.describe(response)) from None
        if not request.endpoint.validate(body):
            what = f"JSON of an unknown shape (status {response.status})"
            raise RetryableError(what, is_unusable=True)
        if not request.endpoint.is_about(body, *request.ids):
            raise RetryableError("a response about another id", is_unusable=True)
        self._note_success(request, response)
        return Response(body, response.headers)

    def _note_success(self, request: Request[Body], response: RawResponse) -> None:
        self._clock.read(response.headers.get("Date"))
        self.workers.note_size(len(response.body))
        self._health.note_success(request)
        if response.headers.get("Ratelimit-Remaining") == "0":  # from Pricing
            reset = min(
                responses.seconds_in(response.headers.get("Ratelimit-Reset")), self.policy.max_pause
            )
            self._limiter.pause(reset, request.endpoint.host)

    # -- failures ------------------------------------------------------------------------

    def _wait_after(self, failure: RetryableError, wait: float, request: Request[Any]) -> float:
        throttled = failure.status == TOO_MANY_REQUESTS
        minimum = self.policy.min_wait_throttled if throttled else 0.0
        if failure.retry_after > self.policy.max_pause:
            self._logger.warning(
                "%s got %s, and VTEX asks for a pause of %.0f seconds; the tap pauses for %.0f",
                request,
                failure,
                failure.retry_after,
                self.policy.max_pause,
            )
        return min(max(failure.retry_after or minimum, wait), self.policy.max_pause)

    def _give_up(
        self, failure: RetryableError, request: Request[Body], seconds: float
    ) -> VtexError:
        if failure.status == UNAUTHORIZED:
            return failures.no_access(str(request), request.endpoint, UNAUTHORIZED)
        if self._health.is_unreachable(failure):
            reason = str(failure)
            self._unreachable = UnreachableError(
                f"{reason[0].upper()}{reason[1:]}. VTEX has answered nothing in this run, so "
                "nothing was read. Check the network, and run again."
            )
            return self._unreachable
        return UnavailableError(
            f"VTEX gave no usable response to {request} for {counted(round(seconds), 'seconds')}. "
            f"The last attempt got {failure}."
        )

    def _log_retry(self, failure: RetryableError, request: Request[Any], wait: float) -> None:
        with self._lock:
            self.retries += 1
            now = time.monotonic()
            if now - self._last_retry_line < SECONDS_BETWEEN_RETRY_LINES:
                return
            self._last_retry_line = now
        self._logger.warning(
            "%s got %s; retrying in %.1f seconds (retry %d of this run)",
            request,
            failure,
            wait,
            self.retries,
        )
