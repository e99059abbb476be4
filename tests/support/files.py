"""Targets that write files, and singer-python's Transformer: what comes out of them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.environments import programs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Json = dict[str, Any]

READ_AVRO = """
import fastavro, json, sys
with open(sys.argv[1], "rb") as file:
    for row in fastavro.reader(file):
        print(json.dumps(row, default=str))
"""
TRANSFORM = """
import json, sys
from singer import Transformer
for message in map(json.loads, sys.stdin):
    if message["type"] == "SCHEMA":
        schema = message["schema"]
    elif message["type"] == "RECORD":
        print(json.dumps(Transformer().transform(message["record"], schema)))
"""


def through_jsonl(lines: Sequence[str], stream: str, folder: Path) -> list[Json]:
    """The records that target-jsonl writes; it checks each one against the schema."""
    target = programs("target-jsonl", ["target-jsonl==0.1.4"]) / "target-jsonl"
    config = {"destination_path": str(folder), "do_timestamp_file": False}
    _run([target, "--config", _written(folder, config)], lines)
    return _rows((folder / f"{stream}.jsonl").read_text())


def through_avro(lines: Sequence[str], stream: str, folder: Path) -> list[Json]:
    """The records in the Avro file that target-avro writes."""
    found = programs("target-avro", ["target-avro==0.2.0", "setuptools<80"])
    config = {"prefix": str(folder / "written"), "disable_collection": True}
    _run([found / "target-avro", "--config", _written(folder, config)], lines)
    return _rows(_run([found / "python", "-c", READ_AVRO, folder / f"written.{stream}.avro"], []))


def through_transformer(lines: Sequence[str]) -> list[Json]:
    """The records as singer-python's Transformer makes them fit their schema."""
    found = programs("singer-python", ["singer-python==6.8.0"])
    return _rows(_run([found / "python", "-c", TRANSFORM], lines))


def _written(folder: Path, config: Json) -> Path:
    path = folder / "file-target.json"
    path.write_text(json.dumps(config))
    return path


def _run(command: Sequence[str | Path], lines: Sequence[str]) -> str:
    messages = "".join(f"{line}\n" for line in lines)
    ended = subprocess.run(command, input=messages, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def _rows(text: str) -> list[Json]:
    return [json.loads(line) for line in text.split("\n") if line]
