"""VTEX over HTTP: one place for hosts, credentials, pace, retries and refusals."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeGuard, TypeVar
from urllib.parse import quote, urlencode

from urllib3 import Timeout

from tap_vtex import access, bodies
from tap_vtex.errors import (
    AbandonedError,
    AccessError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    VtexError,
)
from tap_vtex.limiter import RateLimiter
from tap_vtex.shutdown import Shutdown
from tap_vtex.transport import REDIRECTS, NoReplyError, Transport
from tap_vtex.workers import Workers

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Mapping

    from tap_vtex.settings import Settings
    from tap_vtex.transport import Reply

Body = TypeVar("Body")

#: Statuses that pass: VTEX asks to come again, or broke for a moment.
TEMPORARY: Final = frozenset({408, 429, 500, 502, 503, 504})
HTTP_ERRORS: Final = 400
UNAUTHORIZED: Final = 401
REFUSED_ACCESS: Final = frozenset({UNAUTHORIZED, 403})
NOT_FOUND: Final = 404
TOO_MANY_REQUESTS: Final = 429

LONGEST_WAIT: Final = 60.0
ODD_OFFSET: Final = timedelta(hours=1)
SECONDS_BETWEEN_RETRY_LINES: Final = 5.0


@dataclass(frozen=True)
class Patience:
    """For how many seconds the tap goes on asking for one thing that does not come.

    VTEX's own "not now" and the outages of a route that worked before are given time to
    pass. Where a route has given nothing yet, a wrong setting is likelier, and whoever
    made it is waiting for the message.
    """

    proven: float = 300.0
    unproven: float = 20.0
    #: With a 429, which may come with a Retry-After of minutes.
    throttled: float = 900.0
    #: The least to wait after a 429: VTEX advises against asking again soon.
    least_pause: float = 15.0
    #: To wait before asking again for the first time; later about twice as long each time.
    first_wait: float = 1.0
    #: To wait for a connection, and for each part of an answer.
    connection: float = 10.0
    answer: float = 60.0


class Answer(NamedTuple, Generic[Body]):
    """What VTEX sent: the JSON of the body, and the headers."""

    body: Body
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Question(Generic[Body]):
    path: str
    usable: Callable[[object], TypeGuard[Body]]
    params: Mapping[str, str | int] | None
    headers: Mapping[str, str]
    final: Collection[int]


class _UnusableError(Exception):
    """An answer, or none, that is worth asking for again; the text is for the log."""

    def __init__(self, what: str, *, status: int = 0, wait: float = 0.0) -> None:
        super().__init__(what)
        self.status = status
        self.wait = wait


class VtexClient:
    """Asks one VTEX account, from any thread, within the account's pace."""

    def __init__(
        self,
        settings: Settings,
        logger: logging.Logger,
        *,
        patience: Patience | None = None,
        shutdown: Shutdown | None = None,
    ) -> None:
        self._shutdown = shutdown or Shutdown()
        self.workers = Workers(settings.max_workers)
        self.requests = 0
        self.retries = 0
        account = settings.account_name
        self._patience = patience or Patience()
        self._at = self._transport(
            settings.api_url or f"https://{account}.vtexcommercestable.com.br"
        )
        # Pricing alone has another host, whose paths begin with the account.
        self._pricing_path = f"/{account}/pricing/"
        self._pricing_at = self._at if settings.api_url else self._transport("https://api.vtex.com")
        self._limiter = RateLimiter(settings.requests_per_minute, self._shutdown)
        self._logger = logger
        self._never = threading.Event()
        self._lock = threading.Lock()
        self._proven: set[object] = set()
        self._clock_offset: timedelta | None = None
        self._last_retry_line = 0.0
        self._headers = {
            # VTEX's reference marks Accept and Content-Type as required, on GET too.
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
            "User-Agent": f"tap-vtex/{version('tap-vtex')}",
            "X-VTEX-API-AppKey": settings.app_key,
            "X-VTEX-API-AppToken": settings.app_token,
        }

    def _transport(self, base: str) -> Transport:
        timeout = Timeout(connect=self._patience.connection, read=self._patience.answer)
        return Transport(base, connections=self.workers.count + 1, timeout=timeout)

    def now(self) -> datetime:
        """The time by VTEX's clock, as its first answer gave it.

        Until VTEX has answered anything (an error counts), the time of this machine.
        """
        return datetime.now(UTC) + (self._clock_offset or timedelta())

    def get(
        self,
        path: str,
        usable: Callable[[object], TypeGuard[Body]],
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        final: Collection[int] = (),
        patience: float | None = None,
        stop: threading.Event | None = None,
    ) -> Answer[Body]:
        """Ask for a path until VTEX answers.

        ``usable`` tells an answer from what only looks like one: a login page, half a
        body or ``null`` is asked for again. ``final`` are statuses that pass in general,
        but of which the caller wants to hear at once, as a `RefusedError`. ``patience`` is
        for how many seconds to ask, where the client's own is too long.

        Raises:
            AccessError: the key may not see this.
            NotFoundError: VTEX does not know the path.
            RefusedError: VTEX does not take the request.
            UnavailableError: no usable answer in as long as the tap has patience.
            AbandonedError: ``stop`` was set while waiting.
        """
        first_failure: float | None = None
        attempt = 0
        while True:
            self._limiter.wait(stop or self._never)
            try:
                return self._ask(_Question(path, usable, params, headers or {}, final))
            except _UnusableError as failure:
                now = time.monotonic()
                first_failure = first_failure or now
                wait = self._wait_after(failure, attempt)
                if failure.status == TOO_MANY_REQUESTS:
                    self._limiter.pause(wait)  # every thread, whatever becomes of this request
                most = self._patience_with(failure, path)
                if now + wait - first_failure > (most if patience is None else patience):
                    raise self._last_word(failure, path, now - first_failure) from None
                self._note_retry(failure, path, wait)
                if failure.status != TOO_MANY_REQUESTS:
                    self.wait(wait, stop)
                attempt += 1

    def wait(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Wait for ``seconds``.

        Raises:
            AbandonedError: ``stop`` was set meanwhile.
            Terminated: a signal has come.
        """
        if self._shutdown.wait(seconds, stop or self._never):
            raise AbandonedError from None

    # -- one request ---------------------------------------------------------------------

    def _ask(self, question: _Question[Body]) -> Answer[Body]:
        path = question.path
        transport = self._pricing_at if path.startswith(self._pricing_path) else self._at
        query = f"?{urlencode(question.params, quote_via=quote)}" if question.params else ""
        with self._lock:
            self.requests += 1
        try:
            reply = transport.get(path + query, {**self._headers, **question.headers})
        except NoReplyError as error:
            raise _UnusableError(str(error)) from None
        self._refuse(reply, question)
        try:
            body = bodies.decode(reply.body)
        except ValueError:
            raise _UnusableError(_what_came(reply)) from None
        if not question.usable(body):
            raise _UnusableError(f"JSON of an unknown shape (status {reply.status})")
        self._set_clock(reply)
        self._proven.add(access.resources_for(path))
        return Answer(body, reply.headers)

    def _refuse(self, reply: Reply, question: _Question[Body]) -> None:
        """Raise what an answer that is no success means."""
        status, path = reply.status, question.path
        kind: type[VtexError]
        if status in REDIRECTS:
            raise _UnusableError(f"a redirect (status {status}), which is not followed")
        if status < HTTP_ERRORS:
            return
        # A key that was accepted here before: VTEX has been seen to send a 401 that passes.
        passing = status == UNAUTHORIZED and self._is_proven(path)
        if (status in TEMPORARY or passing) and status not in question.final:
            raise _UnusableError(f"status {status}", status=status, wait=_retry_after(reply))
        if status in REFUSED_ACCESS:
            kind, text = AccessError, _no_access(path, status)
        elif status == NOT_FOUND:
            kind = NotFoundError
            text = (
                f"VTEX does not know GET {path} (status 404). If no stream gets through, check "
                "account_name."
            )
        else:
            kind = RefusedError
            text = f"VTEX refused GET {path} as it was asked (status {status})."
        raise kind(text, status=status, said=_message(reply))

    def _set_clock(self, reply: Reply) -> None:
        if self._clock_offset is not None:
            return
        try:
            offset = parsedate_to_datetime(reply.headers.get("Date", "")) - datetime.now(UTC)
        except (TypeError, ValueError):
            return
        if abs(offset) > ODD_OFFSET:
            self._logger.warning(
                "VTEX's clock and this machine's differ by %s; VTEX's counts", abs(offset)
            )
        self._clock_offset = offset

    # -- failures ------------------------------------------------------------------------

    def _is_proven(self, path: str) -> bool:
        return access.resources_for(path) in self._proven

    def _wait_after(self, failure: _UnusableError, attempt: int) -> float:
        longest = min(LONGEST_WAIT, self._patience.first_wait * 2.0**attempt)
        # Half fixed and half chance: never too soon, and not all at once.
        backoff = longest * random.uniform(0.5, 1)  # noqa: S311
        least = self._patience.least_pause if failure.status == TOO_MANY_REQUESTS else 0
        return max(failure.wait or least, backoff)

    def _patience_with(self, failure: _UnusableError, path: str) -> float:
        if failure.status == TOO_MANY_REQUESTS:
            return self._patience.throttled
        if failure.status == UNAUTHORIZED:
            return self._patience.unproven
        if failure.status in TEMPORARY or self._is_proven(path):
            return self._patience.proven
        return self._patience.unproven

    def _last_word(self, failure: _UnusableError, path: str, seconds: float) -> VtexError:
        if failure.status == UNAUTHORIZED:
            return AccessError(_no_access(path, UNAUTHORIZED))
        return UnavailableError(
            f"VTEX gave no usable answer to GET {path} for {seconds:.0f} seconds; "
            f"the last thing that came was {failure}."
        )

    def _note_retry(self, failure: _UnusableError, path: str, wait: float) -> None:
        with self._lock:
            self.retries += 1
            now = time.monotonic()
            if now - self._last_retry_line < SECONDS_BETWEEN_RETRY_LINES:
                return
            self._last_retry_line = now
        self._logger.warning(
            "GET %s gave %s; asking again in %.1f seconds (%d retries so far)",
            path,
            failure,
            wait,
            self.retries,
        )


def _no_access(path: str, status: int) -> str:
    return (
        f"VTEX refused GET {path} (status {status}). If no stream gets through, check "
        f"account_name, app_key and app_token, and that the key is active. If others do: "
        f"{access.how_to_grant(path)}"
    )


def _message(reply: Reply) -> str:
    """What VTEX's body says of a refusal; '' where it says nothing in a way we know."""
    try:
        body = bodies.decode(reply.body)
    except ValueError:
        return ""
    return str(body.get("Message", "")) if isinstance(body, dict) else ""


def _retry_after(reply: Reply) -> float:
    """The seconds that a Retry-After header asks for, in either of its two forms."""
    value = reply.headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
        answered = parsedate_to_datetime(reply.headers["Date"])
        return max(0.0, (moment - answered).total_seconds())
    except (KeyError, TypeError, ValueError):
        return 0.0


def _what_came(reply: Reply) -> str:
    """A body that is no JSON, in words that hold nothing of it."""
    if not reply.body:
        return f"an empty answer (status {reply.status})"
    if reply.body.lstrip()[:1] == b"<":
        return (
            f"a web page instead of data (status {reply.status}), as VTEX sends "
            "where it wants a login: check app_key, app_token and the key's role"
        )
    return f"an answer that is not JSON (status {reply.status})"
