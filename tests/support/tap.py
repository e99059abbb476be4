"""The tap as a process, and a target that keeps what it sends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_vtex.tap import TapVTEX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

Json = dict[str, Any]

#: What the tap must never print, whatever it is given.
SECRETS = ("NOTASECRETNOTASECRET",)


@dataclass
class Run:
    """A run of the tap that has ended."""

    exit_code: int
    lines: list[str]
    log: str

    @property
    def messages(self) -> list[Json]:
        """All Singer messages."""
        return [json.loads(line) for line in self.lines]

    def records(self, stream: str) -> list[Json]:
        """The records of a stream, in the order in which they came."""
        return [
            message["record"]
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

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
                message = json.loads(line)
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

    def run(self, config: Json, *, expect: int | None = 0, **options: Any) -> Run:
        """Run the tap to its end; ``expect`` is the exit code it must have."""
        with self.start(config, **options) as process:
            out, log = process.communicate(timeout=240)
        run = Run(process.returncode, out.splitlines(), log)
        assert expect is None or run.exit_code == expect, run.log
        for secret in SECRETS:
            assert secret not in run.log
            assert secret not in out
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
        state: Json | None = None,
        select: Collection[str] | None = None,
        env: dict[str, str] | None = None,
        arguments: Iterable[str] = (),
    ) -> subprocess.Popen[str]:
        """Start the tap; ``select`` names the streams, all by default."""
        self._runs += 1
        command = [sys.executable, "-m", "tap_vtex", "--config", self._file("config", config)]
        if state:
            command += ["--state", self._file("state", state)]
        if select is not None:
            command += ["--catalog", self._file("catalog", catalog(select))]
        return subprocess.Popen(  # noqa: S603
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def _file(self, name: str, content: Json) -> str:
        path = self._folder / f"{name}-{self._runs}.json"
        path.write_text(json.dumps(content))
        return str(path)


def catalog(select: Collection[str]) -> Json:
    """The tap's catalog with some streams selected and all others not."""
    found = TapVTEX(config={}, validate_config=False).catalog_dict
    for stream in found["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["stream"] in select
    return found
