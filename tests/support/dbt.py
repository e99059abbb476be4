"""The dbt package, built in PostgreSQL and in DuckDB from what one run of the tap sent."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import duckdb
from psycopg.sql import SQL, Identifier

from demo.services import connection_settings
from report.data import connect
from tests.support.environments import programs
from tests.support.files import through_jsonl
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.postgres import Warehouse

Json = dict[str, Any]
Kind = Literal["postgres", "duckdb"]

KINDS: tuple[Kind, ...] = ("postgres", "duckdb")
MARTS = sorted(path.stem for path in PROJECT.glob("dbt/models/marts/*.sql"))
#: As Meltano installs it, and as a user of DuckDB does.
POSTGRES = PROJECT / ".meltano/utilities/dbt-postgres/venv/bin/dbt"
DUCKDB = ("dbt-core~=1.11.0", "dbt-duckdb~=1.10.0", "duckdb~=2.0")
#: Compiled by the adapters themselves, which ask no warehouse.
CLOUD = (
    "dbt-core~=1.11.0",
    "dbt-bigquery~=1.12.0",
    "dbt-redshift~=1.11.0",
    "dbt-snowflake~=1.12.0",
)


class Models:
    """The models, in a schema of each warehouse."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self._warehouse = warehouse
        self._folder = folder
        self.files = folder / "jsonl"
        self.files.mkdir()

    def load(self, lines: Sequence[str]) -> None:
        """Let target-postgres and target-jsonl load a run's messages."""
        self._warehouse.load("\n".join(lines) + "\n")
        through_jsonl(lines, "orders", self.files)

    def load_files(self) -> None:
        """Load what target-jsonl has written into DuckDB."""
        self.dbt("duckdb", "run-operation", "load_jsonl", "--args", f"{{folder: {self.files}}}")

    def dbt(self, kind: Kind, *arguments: str, schema: str = "vtex_models") -> str:
        """Run dbt in one warehouse; what it said."""
        env = {
            **os.environ,
            **connection_settings(self._warehouse.address),
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "vtex",
            "DBT_TARGET": kind,
            "DBT_DUCKDB_PATH": str(self._folder / "store.duckdb"),
            f"DBT_{kind.upper()}_SCHEMA": schema,
        }
        program = POSTGRES if kind == "postgres" else duckdb_program()
        return run_dbt(program, self._folder / kind, *arguments, env=env)

    def both(self, *arguments: str) -> None:
        """Run dbt in both warehouses, side by side."""
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(self.dbt, kind, *arguments) for kind in KINDS]
        for each in running:
            each.result()

    def query(self, kind: Kind) -> Callable[[str], list[Json]]:
        """What answers a query as the page of charts asks it."""

        def answer(text: str) -> list[Json]:
            file = self._folder / "store.duckdb" if kind == "duckdb" else None
            with connect(file, self._warehouse.address) as query:
                return query(text)

        return answer

    def rows(self, model: str, kind: Kind = "postgres", schema: str = "vtex_models") -> list[Json]:
        """A model's rows."""
        if kind == "postgres":
            query = SQL("SELECT * FROM {}.{}").format(Identifier(schema), Identifier(model))
            return self._warehouse.rows(query)
        with duckdb.connect(str(self._folder / "store.duckdb"), read_only=True) as connection:
            found = connection.execute(f'SELECT * FROM "{schema}"."{model}"')  # noqa: S608
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def duckdb_program() -> Path:
    """The dbt that builds in DuckDB."""
    return programs("dbt-duckdb", DUCKDB) / "dbt"


def run_dbt(
    program: Path,
    folder: Path,
    *arguments: str,
    env: dict[str, str],
    project: Path = PROJECT / "dbt",
) -> str:
    """Run a dbt on the package, or on another project, with folders of its own; what it said."""
    env = {
        "DBT_PROFILES_DIR": str(PROJECT / "dbt/profiles"),
        **env,
        "DBT_PROJECT_DIR": str(project),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
    }
    ended = subprocess.run(
        [program, *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-3000:]
    return ended.stdout


def compiled(kind: str, folder: Path) -> dict[str, str]:
    """The SQL of each model for a warehouse that nobody here can reach."""
    profiles = folder / "profiles"
    profiles.mkdir(exist_ok=True)
    (profiles / "profiles.yml").write_text(CLOUD_PROFILES)
    env = {**os.environ, "DBT_PROFILES_DIR": str(profiles), "DBT_TARGET": kind}
    run_dbt(
        programs("dbt-cloud", CLOUD) / "dbt",
        folder / kind,
        *("--no-populate-cache", "compile", "--no-introspect", "--full-refresh"),
        *("--vars", "{vtex_introspect: false, vtex_hashed_email: true}"),
        env=env,
    )
    found = (folder / kind / "target/compiled/vtex/models").rglob("*vtex__*.sql")
    return {path.stem: path.read_text() for path in found if path.is_file()}


CLOUD_PROFILES = """
vtex:
  target: "{{ env_var('DBT_TARGET') }}"
  outputs:
    bigquery:
      {type: bigquery, method: oauth-secrets, token: t, project: p, dataset: d, threads: 1}
    snowflake:
      {type: snowflake, account: a, user: u, password: p, warehouse: w, database: d, schema: s}
    redshift:
      {type: redshift, host: localhost, port: 5439, user: u, password: p, dbname: d, schema: s}
"""
