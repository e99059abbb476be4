"""What the streams of one run share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_vtex.errors import UnreachableError
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

    Settings and client are made on first use: a catalog can be discovered without either.
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
        #: By stream, or by part of a stream as in ``newsletter (NL)``.
        self.failures: dict[str, VtexError] = {}
        #: Refusals that may be about the key as a whole.
        self._held: list[tuple[Collection[str], VtexError]] = []
        self._is_unreachable = False
        self._config = config
        self._logger = logger
        self._policy = policy
        self._shutdown = shutdown

    @cached_property
    def settings(self) -> Settings:
        """The settings, which have been validated before."""
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
        if error.status == UNAUTHORIZED and not self.client.has_answered:
            self._held.append((streams, error))
        else:
            self._log(streams, error)

    def end(self) -> None:
        """Log the refusals that were held back: in one line, if the key opens nothing at all."""
        if self._held and not self.client.has_answered:
            self._logger.error("Every request was refused. The first: %s", self._held[0][1])
        else:
            for streams, error in self._held:
                self._log(streams, error)
        self._held.clear()

    def _log(self, streams: Collection[str], error: VtexError) -> None:
        if isinstance(error, UnreachableError):
            if self._is_unreachable:
                return  # the list of failed streams names them all
            self._is_unreachable = True
        plural = "s" if len(streams) > 1 else ""
        self._logger.error("Stream%s %s failed: %s", plural, ", ".join(streams), error)
