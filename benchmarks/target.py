"""The tap beside target-postgres: which of them is the brake, and what releases it."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import run
from benchmarks.results import Figure, Result
from benchmarks.shop import KILOBYTES, LATENCY, WORKERS, catalog, shop
from demo.services import PROJECT, embedded_database

if TYPE_CHECKING:
    from benchmarks.measure import Run

TARGET = str(PROJECT / ".meltano/loaders/target-postgres/venv/bin/target-postgres")
ORDERS = 4000
PLAIN = "its own defaults"
#: Beside what meltano.yml sets for other reasons than speed.
SETTINGS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "validate_records: false": {"validate_records": False},
    "use_copy: true": {"use_copy": True},
    "both": {"validate_records": False, "use_copy": True},
    "both, batch_size_rows: 1000": {
        "validate_records": False,
        "use_copy": True,
        "batch_size_rows": 1000,
    },
}
#: What meltano.yml has.
RECOMMENDED = "both, batch_size_rows: 1000"


def measure() -> Result:
    """Load the same messages with each setting; then tap and target in one pipe."""
    with tempfile.TemporaryDirectory() as name, embedded_database(Path(name, "data")) as server:
        folder = Path(name)
        address = server.get_uri(driver="psycopg")
        configs = {
            what: _config(folder / f"{number}.json", address, settings)
            for number, (what, settings) in enumerate(SETTINGS.items())
        }
        with shop(ORDERS, order_kilobytes=KILOBYTES) as store:
            tap = store.tap("orders", keep=folder / "messages").run
            targets = {
                what: run([TARGET, "--config", config], stdin=folder / "messages", env=UTC)
                for what, config in configs.items()
            }
            again = _config(folder / "pipe.json", address, SETTINGS[RECOMMENDED])
            pipe = run(_pipe(folder, store.config, again), env=UTC)
    plain = targets[PLAIN]
    return Result(
        f"target-postgres, {ORDERS:,} orders of {KILOBYTES} KB, PostgreSQL on the same machine",
        [
            Figure(f"tap alone, {WORKERS} workers, {LATENCY} ms", _per_second(tap)),
            *(_beside_plain(what, target, plain) for what, target in targets.items()),
            Figure(
                f"tap into target, {RECOMMENDED}",
                _per_second(pipe),
                f"tap alone {ORDERS / tap.wall:.0f}",
                f"{tap.wall / pipe.wall:.2f}",
            ),
        ],
    )


#: The target stores timestamps without zone, in the zone of its session.
UTC = {"PGTZ": "UTC"}


def _config(path: Path, address: str, settings: dict[str, Any]) -> str:
    """A config file of the target, with a schema of its own to load into."""
    config = {
        "sqlalchemy_url": address,
        "default_target_schema": f"bench_{path.stem}",
        "load_method": "upsert",
        "sanitize_null_text_characters": True,
        **settings,
    }
    path.write_text(json.dumps(config))
    return str(path)


def _pipe(folder: Path, config: dict[str, Any], target: str) -> list[str]:
    """The command that Meltano's ``run`` comes to."""
    given = {"config": config | {"max_workers": WORKERS}, "catalog": catalog("orders")}
    tap = [sys.executable, "-m", "tap_vtex"]
    for option, content in given.items():
        path = folder / f"tap_{option}.json"
        path.write_text(json.dumps(content))
        tap += [f"--{option}", str(path)]
    pipe = f"{shlex.join(tap)} | {shlex.join([TARGET, '--config', target])}"
    return ["bash", "-o", "pipefail", "-c", pipe]


def _beside_plain(what: str, target: Run, plain: Run) -> Figure:
    return Figure(
        f"target alone, {what}",
        f"{_per_second(target)}, {target.megabytes:.0f} MB",
        f"{PLAIN} {ORDERS / plain.wall:.0f}",
        f"{plain.wall / target.wall:.2f}",
    )


def _per_second(one: Run) -> str:
    return f"{ORDERS / one.wall:.0f} orders/s"
