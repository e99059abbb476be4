"""target-postgres as a process, on a real PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from psycopg.abc import Query

    from tests.support.tap import Run, Tap

PROJECT = Path(__file__).parents[2]
TARGET = PROJECT / ".meltano/loaders/target-postgres/venv/bin/target-postgres"

Json = dict[str, Any]


def as_sent(row: Json) -> Json:
    """A row of the database as the record that made it."""
    return {name: _as_sent(value) for name, value in row.items() if not name.startswith("_sdc")}


def _as_sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return float(value) if isinstance(value, Decimal) else value


class Warehouse:
    """A database that the tap's messages go to by way of target-postgres."""

    def __init__(self, address: str, sqlalchemy_url: str, folder: Path) -> None:
        self.address = address
        self._folder = folder
        self.state: Json = {}
        self._command = [str(TARGET), "--config", str(folder / "target.json")]
        (folder / "target.json").write_text(
            json.dumps(
                {
                    "sqlalchemy_url": sqlalchemy_url,
                    "default_target_schema": "vtex",
                    "load_method": "upsert",
                    "sanitize_null_text_characters": True,
                }
            )
        )
        with psycopg.connect(address) as connection:
            connection.execute("DROP SCHEMA IF EXISTS vtex CASCADE")

    def sync(self, tap: Tap, config: Json, **options: Any) -> Run:
        """Run the tap into the database, from the state that the target gave back last."""
        run = tap.run(config, state=self.state, **options)
        self.load("\n".join(run.lines) + "\n")
        return run

    def load(self, messages: str) -> None:
        """Let the target load messages, and keep the state that it gives back."""
        ended = subprocess.run(
            self._command,
            input=messages,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGTZ": "UTC"},
        )
        assert ended.returncode == 0, ended.stderr[-3000:]
        states = ended.stdout.splitlines()
        if states:
            self.state = json.loads(states[-1])

    def rows(self, query: Query) -> list[Json]:
        """What a query finds."""
        with psycopg.connect(self.address) as connection:
            return connection.cursor(row_factory=dict_row).execute(query).fetchall()
