"""Shutdown of the process, on SIGTERM or SIGINT or when the work is done.

A handler that raises an exception is not enough: Python discards exceptions raised inside a
finalizer, a second signal raises again while the first is being handled, and no handler runs
while the main thread is inside a C call. So a signal does three things: it raises `Terminated`
in the main thread, once; it sets a flag that `Shutdown.check` and `Shutdown.wait` read; and it
wakes a thread that ends the process if the main thread does not do so in time.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

#: Seconds the main thread has after a signal to end by itself.
GRACE: Final = 3.0
#: Seconds after a signal until the process ends, even if its log can't be written.
DEADLINE: Final = 4.5
#: Seconds after which a second signal counts. Ctrl-C under Meltano sends two at once.
SECOND_SIGNAL_AFTER: Final = 2.0
#: Seconds of writing one message after which the target counts as stuck.
STUCK_AFTER: Final = 0.5
#: Seconds for the current message to be written before the process ends.
LAST_MESSAGE: Final = 0.3
#: Seconds between two checks of the flag while waiting.
POLL: Final = 0.5


class Terminated(SystemExit):
    """A signal has asked the process to end. ``code`` is the exit code: 128 + the signal."""


class Shutdown:
    """Ends the process on the first SIGTERM or SIGINT, within `DEADLINE` seconds.

    Later signals are ignored, except that a second one ends the process at once if it comes
    after `SECOND_SIGNAL_AFTER` seconds or while the target is stuck.
    """

    def __init__(self) -> None:
        #: Logs a summary of the run. Called once, if a signal ends the process.
        self.report: Callable[[], None] = lambda: None
        self._signal: int | None = None
        self._raised = False
        self._ending = threading.Lock()
        #: Held while a message is written, and for good once the process ends.
        self._output = threading.Lock()
        self._writing_since: float | None = None

    def install(self) -> None:
        """Handle SIGTERM and SIGINT from here on. Call this in the main thread."""
        received, wakeup = socket.socketpair()
        wakeup.settimeout(0.0)
        # Python writes the signal's number here even if no handler can run.
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        self._sockets = received, wakeup
        threading.Thread(target=self._watch, name="shutdown", daemon=True).start()
        for one in SIGNALS:
            signal.signal(one, self._handle)
        sys.unraisablehook = _ignore_terminated

    # -- during the run ------------------------------------------------------------------

    def check(self) -> None:
        """Check for a signal.

        Raises:
            Terminated: A signal has come.
        """
        if self._signal is not None:
            if threading.current_thread() is threading.main_thread():
                self._raised = True
            raise Terminated(_exit_code(self._signal))

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait for ``seconds``, or until ``stop`` is set.

        Returns:
            Whether ``stop`` is set.

        Raises:
            Terminated: A signal has come.
        """
        until = time.monotonic() + seconds
        while True:
            self.check()
            left = until - time.monotonic()
            if left <= 0:
                return stop.is_set()
            if stop.wait(min(left, POLL)):
                return True

    @contextmanager
    def deferred(self) -> Generator[None]:
        """Hold `Terminated` back until the end of the block, which writes one message.

        Raises:
            Terminated: A signal has come.
        """
        with self._output:
            self._writing_since = time.monotonic()
            try:
                yield
            finally:
                self._writing_since = None
        self.check()

    # -- the end -------------------------------------------------------------------------

    def exit(self, code: int) -> NoReturn:
        """End the process with ``code``, without waiting for requests in flight.

        Raises:
            Terminated: A signal came first.
        """
        # The same as Python's own exit, except for joining threads.
        logging.shutdown()
        try:
            if sys.stdout is not None:  # None if it was closed before the tap started
                sys.stdout.flush()
        except (OSError, ValueError):
            code = code or 1
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        self.check()
        self._leave(code)

    def end(self) -> NoReturn:
        """End the process because of a signal: report, then leave with its exit code."""
        while not self._ending.acquire(blocking=False):
            time.sleep(DEADLINE)  # the other thread ends the process
        try:
            self.report()
        finally:
            self._leave(_exit_code(self._signal))

    def _handle(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._signal = self._signal or signum
        if not self._raised and self._writing_since is None:
            self._raised = True
            raise Terminated(_exit_code(self._signal))

    def _watch(self) -> None:
        """Wait for a signal, and end the process if the main thread does not."""
        first = self._next_signal(None)
        began = time.monotonic()
        last = threading.Timer(DEADLINE, self._leave, [_exit_code(first)])
        last.daemon = True
        last.start()
        while self._next_signal(began + GRACE):
            if time.monotonic() - began >= SECOND_SIGNAL_AFTER or self._is_stuck():
                break
        # Set it only now: a handler that can run sets it first, and raises.
        self._signal = self._signal or first
        self.end()

    def _next_signal(self, until: float | None) -> int | None:
        """The next SIGTERM or SIGINT; None if there is none before ``until``."""
        received, _ = self._sockets
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([received], [], [], left)[0]:
                return None
            signum = received.recv(1)[0]
            if signum in SIGNALS:
                return signum

    def _is_stuck(self) -> bool:
        since = self._writing_since
        return since is not None and time.monotonic() - since >= STUCK_AFTER

    def _leave(self, code: int) -> NoReturn:
        # Never released: no new message can start.
        self._output.acquire(timeout=LAST_MESSAGE)
        # Not sys.exit: it joins threads, which may wait for VTEX for another minute.
        os._exit(code)


def _exit_code(signum: int | None) -> int:
    """The exit code that shells expect from a process ended by a signal."""
    return 128 + (signum or 0)


def _ignore_terminated(unraisable: sys.UnraisableHookArgs) -> None:
    """Don't print a `Terminated` discarded in a finalizer: `Shutdown.check` raises it again."""
    if not issubclass(unraisable.exc_type, Terminated):
        sys.__unraisablehook__(unraisable)
