"""Run a command, and measure its cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from benchmarks.cores import ALL, keep_on

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

#: Bytes: more than a STATE message has.
TAIL = 1 << 16


class Message(msgspec.Struct):
    """The parts of a Singer message needed to find the last state."""

    type: str
    value: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True)
class Run:
    """The cost of a command and of all processes it has waited for."""

    #: From its first message to its end: the part that grows with the run.
    seconds: float
    #: From its start to its first message: mostly imports.
    start: float
    cpu: float
    #: The largest resident size of any one process.
    megabytes: float
    tail: bytes = b""

    @property
    def wall(self) -> float:
        """Seconds from start to end."""
        return self.start + self.seconds

    @property
    def state(self) -> Any:  # noqa: ANN401 - a tap's state can be anything
        """The last state among the messages."""
        for line in reversed(self.tail.splitlines()):
            if line.startswith(b'{"type":"STATE"'):
                return msgspec.json.decode(msgspec.json.decode(line, type=Message).value)
        raise ValueError("No state was written.")


def run(
    command: Sequence[str],
    *,
    stdin: Path | None = None,
    keep: Path | None = None,
    env: dict[str, str] | None = None,
    cores: frozenset[int] = ALL,
) -> Run:
    """Run a command to its end, and read its output. ``keep`` is a file for that output.

    Raises:
        RuntimeError: The command failed.
    """
    began = time.monotonic()
    first: float | None = None
    tail = b""
    with (
        tempfile.TemporaryFile() as log,
        tempfile.TemporaryFile() as costs,
        Path(keep or os.devnull).open("wb") as kept,
        Path(stdin or os.devnull).open("rb") as messages,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.launcher", str(costs.fileno()), *command],
            stdin=messages,
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | (env or {}),
            pass_fds=[costs.fileno()],
            process_group=0,
        )
        with process, _killed_on_error(process.pid):
            keep_on(process.pid, cores)
            assert process.stdout  # noqa: S101 - for the type checkers
            while chunk := os.read(process.stdout.fileno(), TAIL):
                first = first or time.monotonic()
                tail = (tail + chunk)[-TAIL:]
                kept.write(chunk)
            process.wait()
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{_text(log)[-3000:]}")
        cpu, kilobytes = map(float, _text(costs).split())
    ended = time.monotonic()
    return Run(
        seconds=ended - (first or began),
        start=(first or began) - began,
        cpu=cpu,
        megabytes=kilobytes * 1024 / 1e6,
        tail=tail,
    )


@contextmanager
def _killed_on_error(group: int) -> Generator[None]:
    """After an error, kill a process group: the launcher and everything it has started."""
    try:
        yield
    except BaseException:
        os.killpg(group, signal.SIGKILL)
        raise


def used_cpu(process: int) -> float:
    """CPU seconds that a running process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
