"""A store for the benchmarks, and the tap running against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmarks.measure import run
from demo.services import Store

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.measure import Run

NOW = "2026-11-23T12:00:00+00:00"
#: Of the orders; what VTEX's own example becomes with a handful of items.
KILOBYTES = 20
LATENCY = 100
WORKERS = 16
#: Out of the way.
REQUESTS_PER_MINUTE = 1_000_000

LIST = "/api/oms/pvt/orders"
ORDER = "/api/oms/pvt/orders/{order_id}"

Json = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """A run of the tap, or of what it is compared with, and what the store saw of it."""

    run: Run
    store_cpu: float
    requests: dict[str, int]

    @property
    def orders(self) -> int:
        """Orders asked for, each of which was written."""
        return self.requests.get(ORDER, 0)

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.run.seconds

    @property
    def cpu(self) -> float:
        """Seconds of CPU for 1,000 orders, the start of the process included."""
        return self.run.cpu / self.orders * 1000

    @property
    def total(self) -> int:
        """Requests of all kinds."""
        return sum(self.requests.values())


class Shop(Store):
    """The sandbox as a process, whose clock stands still."""

    _process: subprocess.Popen[bytes]

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it answers, and keep the process, to see what it costs."""
        self._process = process
        super().wait(process)

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tap(
        self,
        *streams: str,
        workers: int = WORKERS,
        without: str = "",
        state: Json | None = None,
        keep: Path | None = None,
        **settings: Any,  # noqa: ANN401 - settings of the tap
    ) -> Load:
        """Run the tap for some streams; ``without`` is a field to leave out of them."""
        config = self.config | {"max_workers": workers} | settings
        given = {"config": config, "catalog": catalog(*streams, without=without)}
        if state is not None:
            given["state"] = state
        return self.watch("tap_vtex", given, keep=keep)

    def watch(
        self, module: str, given: dict[str, Json], *arguments: str, keep: Path | None = None
    ) -> Load:
        """Run a module with JSON files for options, and see what it does to the store."""
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", module, *arguments]
            for option, content in given.items():
                path = Path(folder, f"{option}.json")
                path.write_text(json.dumps(content))
                command += [f"--{option}", str(path)]
            self.ask("requests", method="DELETE")
            before = self.cpu
            outcome = run(command, keep=keep)
        return Load(outcome, self.cpu - before, self.ask("requests")["by_route"])

    @property
    def config(self) -> Json:
        """The tap's settings for this store, as its config file has them."""
        settings = {name.removeprefix("TAP_VTEX_").lower(): v for name, v in self.settings.items()}
        return {**settings, "requests_per_minute": REQUESTS_PER_MINUTE}


@contextmanager
def shop(orders: int, *, latency: int = LATENCY, **options: str | int) -> Generator[Shop]:
    """A store with so many orders; further options are those of ``python -m sandbox``."""
    always: dict[str, str | int] = {"now": NOW, "speed": 0, "latency": latency}
    arguments = [
        f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
        for name, value in (always | options).items()
    ]
    # `Store.open` makes an object of the class that it is asked of.
    with Shop.open(orders, *arguments) as store:
        yield cast("Shop", store)


@cache
def catalog(*streams: str, without: str = "") -> Json:
    """A catalog with some streams selected, except for one field of theirs."""
    command = [sys.executable, "-m", "tap_vtex", "--discover"]
    found: Json = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for stream in found["streams"]:
        for entry in stream["metadata"]:
            path = ".".join(entry["breadcrumb"][1::2])
            if not path:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in streams
            elif path == without:
                entry["metadata"]["selected"] = False
    return found
