"""The tap as a process, and a target that keeps what it sends."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from unittest import mock

import msgspec
from coverage import Coverage

from tap_vtex.__main__ import main
from tap_vtex.http.retry import RetryPolicy
from tap_vtex.tap import CATALOG_STREAMS, TapVTEX

if TYPE_CHECKING:
    import signal
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

Json = dict[str, Any]

PREPARED = multiprocessing.get_context("forkserver")
PREPARED.set_forkserver_preload(["tap_vtex.__main__", "tests.support.tap"])

#: Settings that shape the catalog without a store.
OFFLINE = ("master_data_entities",)

#: Set by ``make coverage``.
COVERAGE = "MEASURE_COVERAGE"

#: What the tap must never print, whatever it is given.
SECRETS = ("NOTASECRETNOTASECRET",)


class Kill(NamedTuple):
    """The signal that ends a run, so many seconds after its start."""

    how: signal.Signals
    after: float


@dataclass
class Run:
    """A run of the tap that has ended."""

    exit_code: int
    lines: list[str]
    log: str

    @cached_property
    def messages(self) -> list[Json]:
        """All Singer messages."""
        return [msgspec.json.decode(line) for line in self.lines]

    def records(self, stream: str) -> list[Json]:
        """The records of a stream, in the order in which they came."""
        return [
            message["record"]
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

    @property
    def reason(self) -> str:
        """The last line of the log, without what stands before its text."""
        *_, last = self.log.strip().split("\n")
        return re.split(r"\| ", last)[-1].strip()

    @property
    def state(self) -> Json:
        """The last state; empty where none came."""
        states = [message["value"] for message in self.messages if message["type"] == "STATE"]
        return states[-1] if states else {}


@dataclass
class Target:
    """Keeps tables and the state as a target does: rows by key, the last state written."""

    tables: dict[str, dict[tuple[Any, ...], Json]] = field(default_factory=dict)
    state: Json = field(default_factory=dict)
    _keys: dict[str, list[str]] = field(default_factory=dict)

    def take(self, lines: Iterable[str]) -> None:
        """Take in messages; a last one that is not whole is lost, as in a pipe."""
        for line in lines:
            try:
                message = msgspec.json.decode(line)
            except ValueError:
                return
            if message["type"] == "SCHEMA":
                self._keys[message["stream"]] = message["key_properties"]
                self.tables.setdefault(message["stream"], {})
            elif message["type"] == "RECORD":
                record, stream = message["record"], message["stream"]
                key = tuple(record[name] for name in self._keys[stream])
                assert None not in key
                self.tables[stream][key] = record
            elif message["type"] == "STATE":
                self.state = message["value"]

    def table(self, stream: str, key: str) -> dict[Any, Json]:
        """A table's rows by one field."""
        return {row[key]: row for row in self.tables.get(stream, {}).values()}


class Tap:
    """Starts the tap as ``tap-vtex`` would, with files of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0

    def run(
        self,
        config: Json,
        *,
        expect: int | None = 0,
        env: dict[str, str] | None = None,
        hurry: bool | RetryPolicy = False,
        kill: Kill | None = None,
        every: bool = True,
        **options: Any,
    ) -> Run:
        """Run the tap to its end; ``expect`` is the exit code it must have.

        In a ``hurry`` it waits for fractions of the seconds that it waits for VTEX, or for
        those of a policy. ``kill`` ends it earlier. Where nothing is selected, ``every`` stream
        is read, and not only those that are by default.

        The process is a copy of one that has imported the tap already, which saves most
        of the time that a short run takes. `start` begins with an empty process.
        """
        arguments = self._arguments(config, **options)
        out, log = (self._folder / f"{name}-{self._runs}" for name in ("out", "log"))
        for path in (out, log):
            path.touch()  # it may be killed before it opens them
        process = PREPARED.Process(
            target=run_command,
            args=(arguments, str(out), str(log), {**os.environ, **(env or {})}),
            kwargs={"hurry": hurry, "every": every},
        )
        process.start()
        if kill:
            process.join(timeout=kill.after)
            if process.exitcode is None and process.pid:
                os.kill(process.pid, kill.how)
        process.join(timeout=240)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(log.read_text())
        # Not splitlines: texts may hold other characters that end lines.
        written = out.read_text(errors="replace")  # the last character may be half of one
        lines = written.split("\n")[:-1]
        run = Run(process.exitcode, lines, log.read_text())
        assert expect is None or run.exit_code == expect, run.log
        for secret in SECRETS:
            assert secret not in run.log
            assert secret not in written
        return run

    def sync(self, config: Json, target: Target, **options: Any) -> Run:
        """Run the tap into a target, from the state that it keeps."""
        run = self.run(config, state=target.state, **options)
        target.take(run.lines)
        return run

    def start(
        self,
        config: Json,
        *,
        env: dict[str, str] | None = None,
        command: Sequence[str] = ("-m", "tap_vtex"),
        stdout: int = subprocess.PIPE,
        **options: Any,
    ) -> subprocess.Popen[str]:
        """Start the tap, with pipes to its outputs.

        A pipe that nobody reads is full once the schema of orders is in it.
        """
        return subprocess.Popen(
            [sys.executable, *command, *self._arguments(config, **options)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            text=True,
        )

    def killed_after(self, records: int, config: Json, **options: Any) -> list[str]:
        """Start the tap, kill it after so many records, and return the lines that came."""
        process = self.start(config, **options)
        assert process.stdout
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            records -= '"RECORD"' in line
            if records <= 0:
                break
        process.kill()
        process.communicate()
        return lines

    def _arguments(
        self,
        config: Json,
        *,
        state: Json | None = None,
        select: Collection[str] | None = None,
        deselect: dict[str, set[str]] | None = None,
        discover: bool = False,
        method: str | None = None,
        more: Iterable[str] = (),
    ) -> list[str]:
        """The command line; ``select`` names the streams, all by default.

        Their catalog is what the tap knows without a store, or with ``discover``, what it
        finds in the store. Only the second has the fields of streams that are not selected.
        ``deselect`` are fields by stream, such as ``items.price``.
        """
        self._runs += 1
        arguments = ["--config", self._file("config", config)]
        if state:
            arguments += ["--state", self._file("state", state)]
        if select is not None:
            known = config if discover else {k: v for k, v in config.items() if k in OFFLINE}
            found = catalog(known, select, method)
            for stream in found["streams"]:
                for entry in stream["metadata"]:
                    path = ".".join(entry["breadcrumb"][1::2])
                    if path in (deselect or {}).get(stream["stream"], set()):
                        entry["metadata"]["selected"] = False
            arguments += ["--catalog", self._file("catalog", found)]
        return [*arguments, *more]

    def _file(self, name: str, content: Json) -> str:
        path = self._folder / f"{name}-{self._runs}.json"
        # A catalog is large. Elsewhere, tests have half characters, which msgspec refuses.
        is_catalog = name == "catalog"
        path.write_bytes(
            msgspec.json.encode(content) if is_catalog else json.dumps(content).encode()
        )
        return str(path)


#: What is minutes in a real run.
HURRIED = RetryPolicy(
    retry_for=3.0,
    retry_unproven_for=1.5,
    retry_throttled_for=3.0,
    retry_unusable_for=1.0,
    retry_unanswered_for=3.0,
    retry_unreachable_for=1.0,
    retry_discovery_for=1.0,
    retry_missing_for=2.0,
    retry_feed_for=1.0,
    retry_page_for=1.0,
    retry_probe_for=1.0,
    retry_check_for=1.0,
    min_wait_throttled=0.02,
    first_wait=0.02,
    max_wait=1.0,
    connect_timeout=1.0,
    # On a busy machine, the store may need seconds for a response. Few tests wait for one that
    # never comes.
    read_timeout=10.0,
    response_timeout=10.0,
    max_pause=1.0,
    max_pages=200,
    list_waits=tuple(wait / 100 for wait in RetryPolicy.list_waits),
)


def run_command(
    arguments: list[str],
    out: str,
    log: str,
    env: dict[str, str],
    *,
    hurry: bool | RetryPolicy,
    every: bool,
) -> None:
    """Be the command ``tap-vtex``, with outputs to files."""
    _measure_coverage()
    if every and "--check" not in arguments:
        for stream in CATALOG_STREAMS:
            stream.selected_by_default = True
    if hurry:
        TapVTEX.policy = HURRIED if hurry is True else hurry
    for path, descriptor in ((out, 1), (log, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["tap-vtex", *arguments]
    main()


def _measure_coverage() -> None:
    """Measure this process under ``make coverage``, and save that as the tap leaves.

    Processes that get a signal are not measured: coverage holds a lock in every thread, and
    an exception that a signal raises there leaves it locked.
    """
    if not os.environ.get(COVERAGE):
        return
    coverage = Coverage(data_suffix=True)
    coverage.start()
    leave = os._exit

    def save_and_leave(status: int) -> NoReturn:
        coverage.stop()
        coverage.save()
        leave(status)

    mock.patch.object(os, "_exit", save_and_leave).start()


def catalog(config: Json, select: Collection[str], method: str | None = None) -> Json:
    """The tap's catalog with some streams selected and all others not."""
    offline = config.keys() <= {*OFFLINE}
    found: Json = msgspec.json.decode(
        _offline_catalog(json.dumps(config)) if offline else _catalog(config)
    )
    for stream in found["streams"]:
        stream["replication_method"] = method or stream["replication_method"]
        root = next(entry for entry in stream["metadata"] if not entry["breadcrumb"])
        root["metadata"]["selected"] = stream["stream"] in select
        if stream["stream"] not in select and offline:
            # Without their fields: to read those would take longer than a short run itself.
            stream["metadata"] = [root]
            stream["schema"] = {"type": "object", "properties": {}}
    return found


def _catalog(config: Json) -> bytes:
    return msgspec.json.encode(TapVTEX(config=config, validate_config=False).catalog_dict)


@cache
def _offline_catalog(config: str) -> bytes:
    """The catalog without a store, which costs as much as a short run of the tap."""
    return _catalog(json.loads(config))
