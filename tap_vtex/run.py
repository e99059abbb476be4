"""What the streams of a run share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_vtex.errors import AccessError, NotFoundError, UnreachableError
from tap_vtex.http.client import VtexClient
from tap_vtex.http.failures import UNAUTHORIZED
from tap_vtex.report.summary import Summary
from tap_vtex.settings import Settings

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Mapping

    from tap_vtex.errors import VtexError
    from tap_vtex.http.retry import RetryPolicy
    from tap_vtex.shutdown import Shutdown


class Run:
    """The settings, the client, the summary and the failures of one run.

    Settings and client are created on first use, because discovery needs neither.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        logger: logging.Logger,
        *,
        policy: RetryPolicy,
        shutdown: Shutdown,
    ) -> None:
        self.summary = Summary()
        #: By stream, or by part of a stream, as in ``newsletter (NL)``.
        self.failures: dict[str, VtexError] = {}
        #: Refusals held back because the key as a whole may be wrong.
        self._held: list[tuple[Collection[str], VtexError]] = []
        self._config = config
        self._logger = logger
        self._policy = policy
        self._shutdown = shutdown

    @cached_property
    def settings(self) -> Settings:
        """The settings, already validated."""
        return Settings.read(self._config)

    @cached_property
    def client(self) -> VtexClient:
        """The client that all streams share.

        Raises:
            UnavailableError: The environment names a proxy or certificates that can't be used.
        """
        return VtexClient(self.settings, self._logger, policy=self._policy, shutdown=self._shutdown)

    def fail(self, streams: Collection[str], error: VtexError) -> None:
        """Record that streams failed; the run goes on without them."""
        self.failures |= dict.fromkeys(streams, error)
        if isinstance(error, UnreachableError):
            return  # the log's last line says it once for all streams
        if isinstance(error, AccessError) and not self.client.has_answered:
            self._held.append((streams, error))
        else:
            self._log(streams, error)

    def log_refusals(self) -> None:
        """Log the refusals held back, unless VTEX has refused the key everywhere."""
        if self.client.has_answered:
            for streams, error in self._held:
                self._log(streams, error)
        self._held.clear()

    def outcome(self) -> str:
        """Say why the run is incomplete, and what to do."""
        errors = self.failures.values()
        first = next(iter(errors))
        if not self.client.has_answered:
            if all(isinstance(error, NotFoundError) for error in errors):
                return self.explain(first)
            for error in errors:
                if isinstance(error, AccessError | UnreachableError):
                    return self.explain(error)
            return f"Nothing was read. {first}"
        return (
            f"The run is incomplete, because these streams failed: {', '.join(self.failures)}. "
            f"What was read is kept, and the next run resumes from there. {first}"
        )

    def explain(self, error: VtexError) -> str:
        """Say what an error means, given what VTEX has answered so far."""
        if self.client.has_answered:
            return str(error)
        if isinstance(error, NotFoundError):
            return "VTEX answered every request with status 404. Check account_name."
        if not isinstance(error, AccessError):
            return str(error)
        if error.status == UNAUTHORIZED:
            return (
                "VTEX does not accept the key (status 401). Check account_name, app_key and "
                "app_token, and that the key is active and has a role."
            )
        return f"The key's role opens none of the selected streams. {error}"

    def _log(self, streams: Collection[str], error: VtexError) -> None:
        plural = "s" if len(streams) > 1 else ""
        self._logger.error("Stream%s %s failed: %s", plural, ", ".join(streams), error)
