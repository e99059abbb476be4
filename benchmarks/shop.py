"""Stores for the benchmarks, and the tap running against them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import trustme

from benchmarks import cores
from benchmarks.measure import run, used_cpu
from demo.services import PROJECT, Store, free_port

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from benchmarks.measure import Run

NOW = "2026-11-23T12:00:00+00:00"
#: Size of an order: VTEX's example with a handful of items.
KILOBYTES = 20
LATENCY = 100
WORKERS = 16
#: A separate environment for packages that only the benchmarks need.
BENCH: Final = PROJECT / ".venv/bench/bin"
#: High enough to have no effect.
REQUESTS_PER_MINUTE = 1_000_000

LIST = "/api/oms/pvt/orders"
ORDER = "/api/oms/pvt/orders/{order_id}"

Json = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """A run of the tap or a contender, with the store's CPU time and request counts."""

    run: Run
    store_cpu: float
    requests: dict[str, int]

    @property
    def orders(self) -> int:
        """Orders requested, all of which were written."""
        return self.requests.get(ORDER, 0)

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.run.seconds

    @property
    def total(self) -> int:
        """Requests of all kinds."""
        return sum(self.requests.values())


def cpu_per_thousand(few: Load, many: Load) -> float:
    """CPU seconds per 1,000 orders; the difference of two loads cancels out the start."""
    return (many.run.cpu - few.run.cpu) / (many.orders - few.orders) * 1000


class Shop(Store):
    """A store in a process with its own core, whose clock stands still."""

    _process: subprocess.Popen[bytes]
    #: The URL for the tap, if other than the store's own.
    api_url: str | None = None
    #: Environment for the tap, such as its certificates.
    env: Mapping[str, str] = MappingProxyType({})

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it responds, and keep the process to measure its cost."""
        cores.keep_on(process.pid, cores.STORE)
        self._process = process
        super().wait(process)

    @property
    def cpu(self) -> float:
        """CPU seconds it has used."""
        return used_cpu(self._process.pid)

    def tap(
        self,
        *streams: str,
        workers: int = WORKERS,
        without: str = "",
        state: Json | None = None,
        keep: Path | None = None,
        **settings: Any,  # noqa: ANN401 - settings of the tap
    ) -> Load:
        """Run the tap for some streams. ``without`` is a field to deselect."""
        config = self.config | {"max_workers": workers} | settings
        files = {"config": config, "catalog": catalog(*streams, without=without)}
        if state is not None:
            files["state"] = state
        return self.watch("tap_vtex", files, keep=keep)

    def watch(
        self,
        module: str,
        files: dict[str, Json],
        *arguments: str,
        keep: Path | None = None,
        python: str = sys.executable,
    ) -> Load:
        """Run a module with JSON files as options, and measure what the store sees of it."""
        with tempfile.TemporaryDirectory() as folder:
            command = [python, "-m", module, *arguments]
            for option, content in files.items():
                path = Path(folder, f"{option}.json")
                path.write_text(json.dumps(content))
                command += [f"--{option}", str(path)]
            self.ask("requests", method="DELETE")
            before = self.cpu
            outcome = run(command, keep=keep, env=dict(self.env), cores=cores.OTHERS)
        return Load(outcome, self.cpu - before, self.ask("requests")["by_route"])

    @property
    def config(self) -> Json:
        """The tap's settings for this store, as in its config file."""
        settings = {name.removeprefix("TAP_VTEX_").lower(): v for name, v in self.settings.items()}
        settings["api_url"] = self.api_url or self.url
        return {**settings, "requests_per_minute": REQUESTS_PER_MINUTE}


@contextmanager
def shop(orders: int, *, latency: int = LATENCY, **options: str | int) -> Generator[Shop]:
    """A store with ``orders`` orders. Further options are those of ``python -m sandbox``."""
    always: dict[str, str | int] = {"now": NOW, "speed": 0, "latency": latency}
    arguments = [
        f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
        for name, value in (always | options).items()
    ]
    # `Store.open` is a class method, and creates a `Shop` here.
    with Shop.open(orders, *arguments) as store:
        yield cast("Shop", store)


@contextmanager
def ready_shop(
    orders: int,
    *,
    latency: int = LATENCY,
    kilobytes: int = KILOBYTES,
    clients: int = 10,
    tls: bool = False,
) -> Generator[Shop]:
    """A store with prepared responses. ``tls`` encrypts and compresses them, as VTEX does."""
    port, tls_port = free_port(), free_port()
    command = [sys.executable, "-m", "benchmarks.store", f"--port={port}", f"--orders={orders}"]
    command += [f"--order-kilobytes={kilobytes}", f"--now={NOW}", f"--latency={latency}"]
    command += [f"--clients={clients}"]
    store = Shop(port)
    with tempfile.TemporaryDirectory() as folder:
        if tls:
            authority, certificate = Path(folder, "authority.pem"), Path(folder, "certificate.pem")
            _certify(authority, certificate)
            command += ["--gzip", f"--tls-port={tls_port}", f"--certificate={certificate}"]
            store.api_url = f"https://localhost:{tls_port}"
            store.env = {"REQUESTS_CA_BUNDLE": str(authority), "SSL_CERT_FILE": str(authority)}
        process = subprocess.Popen(command, cwd=PROJECT)
        try:
            store.wait(process)
            yield store
        finally:
            process.terminate()
            process.wait()


def _certify(authority: Path, certificate: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(authority))
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))


@cache
def catalog(*streams: str, without: str = "") -> Json:
    """A catalog with some streams selected, except for one of their fields."""
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
