"""Run a command, and see what it costs."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from benchmarks.cores import ALL, keep_on

if TYPE_CHECKING:
    from collections.abc import Sequence

#: More than a STATE message takes.
TAIL = 1 << 16


class Message(msgspec.Struct):
    """What of a Singer message finds the last state."""

    type: str
    value: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True)
class Run:
    """What a command cost: of it and of all processes that it has waited for."""

    #: From its first message to its end: what a longer run has more of.
    seconds: float
    #: From its start to its first message: imports, for the most part.
    start: float
    cpu: float
    #: The largest resident size. It cannot be told below this process's own at the start of
    #: the command: so nothing large is kept in it.
    megabytes: float
    tail: bytes = b""

    @property
    def wall(self) -> float:
        """All seconds."""
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
    """Run a command to its end, reading what it writes; ``keep`` is a file to put that into.

    Raises:
        RuntimeError: it failed.
    """
    began = time.monotonic()
    first: float | None = None
    tail = b""
    with (
        tempfile.TemporaryFile() as log,
        Path(keep or os.devnull).open("wb") as kept,
        Path(stdin or os.devnull).open("rb") as messages,
    ):
        process = subprocess.Popen(
            command,
            stdin=messages,
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | (env or {}),
        )
        keep_on(process.pid, cores)
        assert process.stdout  # noqa: S101 - for the type checkers
        while chunk := os.read(process.stdout.fileno(), TAIL):
            first = first or time.monotonic()
            tail = (tail + chunk)[-TAIL:]
            kept.write(chunk)
        # Where Popen would only tell the exit code, this tells the costs, too.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{_end_of(log)}")
    ended = time.monotonic()
    return Run(
        seconds=ended - (first or began),
        start=(first or began) - began,
        cpu=usage.ru_utime + usage.ru_stime,
        megabytes=usage.ru_maxrss * 1024 / 1e6,
        tail=tail,
    )


def used_cpu(process: int, *, by_children: bool = False) -> float:
    """Seconds of CPU that a running process has used, or its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    used = fields[13:15] if by_children else fields[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")[-3000:]
