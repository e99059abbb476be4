"""A signal ends the process within five seconds, whatever it is busy with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tap_vtex.shutdown import DEADLINE, GRACE, LAST_MESSAGE, SECOND_SIGNAL_AFTER, STUCK_AFTER

#: Seconds that a busy machine may need for what takes five; what goes wrong takes a minute.
SOON = 20

BEGINNING = """
import hashlib, io, os, signal, sys, threading, time
import tap_vtex.shutdown
from tap_vtex.shutdown import Shutdown, Terminated

shutdown = Shutdown()
shutdown.report = lambda: print("reported", file=sys.stderr, flush=True)
shutdown.install()
never = threading.Event()

def kill(how=signal.SIGTERM):
    os.kill(os.getpid(), how)

def ready_soon():
    # Once the main thread is busy.
    threading.Timer(0.3, print, ["ready"], {"file": sys.stderr, "flush": True}).start()

class Response(io.IOBase):
    # As urllib3's is. Python discards what its finalizer raises.
    def close(self):
        if not shutdown._raised:
            kill()

def main(work):
    try:
        work()
        shutdown.exit(0)
    except Terminated:
        shutdown.end()
"""

#: What the process is busy with, and what comes of a signal to itself.
BUSY = {
    "waiting": """
def work():
    threading.Timer(0.2, kill).start()
    shutdown.wait(60, never)
""",
    "waiting in a library": """
def work():
    threading.Timer(0.2, kill).start()
    never.wait(60)
""",
    "a finalizer that swallows it, then waiting": """
def work():
    Response()
    shutdown.wait(60, never)
""",
    "a finalizer that swallows it, then waiting in a library": """
def work():
    Response()
    never.wait(60)
""",
    "a generator's finalizer": """
def read():
    try:
        yield
    finally:
        kill()
        time.sleep(0.1)

def work():
    generator = read()
    next(generator)
    del generator
    shutdown.wait(60, never)
""",
    "a C call": """
def work():
    threading.Timer(0.2, kill).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
""",
    "workers that never end": """
def work():
    threading.Thread(target=time.sleep, args=[60]).start()
    kill()
""",
    "a message": """
def work():
    with shutdown.deferred():
        kill()
        print("a message", flush=True)
    print("one too many", flush=True)
""",
    "its last steps": """
def work():
    class LastSteps:
        def flush(self):
            kill()
    sys.stdout = LastSteps()
""",
    "a log that nobody reads": """
def work():
    def report():
        print("reported", file=sys.stderr, flush=True)
        never.wait()
    shutdown.report = report
    kill()
""",
}


def start(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BEGINNING + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        text=True,
    )


@pytest.mark.parametrize("busy", BUSY)
def test_a_signal_ends_the_process_whatever_it_is_busy_with(busy: str) -> None:
    began = time.monotonic()
    with start(f"{BUSY[busy]}\nmain(work)") as process:
        out, log = process.communicate(timeout=30)

    assert process.returncode == 143
    assert time.monotonic() - began < SOON
    assert log == "reported\n"
    assert out == ("a message\n" if busy == "a message" else "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_the_exit_code_is_that_of_the_first_signal(how: signal.Signals) -> None:
    (other,) = {signal.SIGINT, signal.SIGTERM} - {how}
    with start(f"main(lambda: (kill({how:d}), kill({other:d}), never.wait(60)))") as process:
        _, log = process.communicate(timeout=30)

    assert process.returncode == 128 + how
    assert log == "reported\n"


def test_a_signal_that_comes_too_late_changes_nothing() -> None:
    script = """
def leave(code):
    kill()
    leave_now(code)
leave_now, os._exit = os._exit, leave
main(lambda: None)
"""
    with start(script) as process:
        _, log = process.communicate(timeout=30)

    assert process.returncode == 0
    assert not log


STUCK = """
def work():
    ready_soon()
    with shutdown.deferred():
        print("x" * 10_000_000, end="", flush=True)
main(work)
"""
IN_C = """
def work():
    ready_soon()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
main(work)
"""


def seconds_to_end(script: str, pause: float, **constants: float) -> float:
    """From the first of two signals to the end of the process; ``constants`` are the module's."""
    patched = "".join(f"tap_vtex.shutdown.{name} = {value}\n" for name, value in constants.items())
    with start(patched + script) as process:
        assert process.stderr
        assert process.stderr.readline() == "ready\n"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
        log = process.stderr.read()
        process.wait(timeout=30)
    assert process.returncode == 130
    assert log == "reported\n"
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("script", "pause"),
    [(STUCK, STUCK_AFTER + 0.1), (IN_C, SECOND_SIGNAL_AFTER + 0.1)],
    ids=["the target is stuck", "two seconds later"],
)
def test_a_second_signal_ends_it_at_once(script: str, pause: float) -> None:
    assert seconds_to_end(script, pause, GRACE=60, DEADLINE=90) < SOON


@pytest.mark.parametrize("script", [STUCK, IN_C], ids=["the target is stuck", "a C call"])
def test_a_second_signal_soon_after_the_first_changes_nothing(script: str) -> None:
    """Ctrl-C under Meltano sends two. However slow this machine is, that is soon."""
    assert seconds_to_end(script, 0.001, STUCK_AFTER=60, SECOND_SIGNAL_AFTER=60) > GRACE - 0.1


def test_five_seconds_are_what_it_takes_at_most() -> None:
    assert max(GRACE, SECOND_SIGNAL_AFTER) < DEADLINE < DEADLINE + LAST_MESSAGE < 5


def test_a_message_that_the_target_reads_in_time_comes_whole() -> None:
    with start(STUCK) as process:
        assert process.stdout
        assert process.stderr
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        out = process.stdout.read()
        process.wait(timeout=30)

    assert process.returncode == 143
    assert len(out) == 10_000_000
