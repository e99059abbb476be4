"""A large store that fails now and then: everything arrives, and memory stays flat.

Not among the tests that ``make test`` runs, since it takes about ten minutes: ``make soak``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from demo.services import Store as Sandbox
from sandbox.clock import SECOND, Clock
from sandbox.masterdata.entities import INDEX_DELAY
from sandbox.store import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORDERS, CLIENTS, SKUS, DAYS = 100_000, 100_000, 20_000, 700
LATENCY_MS = 20
REQUESTS_PER_MINUTE = 18_000
#: Each strikes one request in so many; two in a hundred together.
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "html": True},
    {"kind": "reset"},
    {"kind": "cut"},
    {"kind": "html"},
    {"kind": "empty"},
    {"kind": "bad_gzip"},
    {"kind": "null"},
)
ONE_IN = 50 * len(KINDS)
STREAMS = (
    *("orders", "order_items", "clients", "addresses", "newsletter", "carts"),
    *("products", "skus", "prices"),
)
KEYS = {"orders": "orderId", "clients": "id", "skus": "Id"}
MOST_MEGABYTES = 200
MOST_STATE = 10_000


class Message(msgspec.Struct):
    """What of a message tells which rows arrived."""

    type: str
    stream: str = ""
    record: msgspec.Raw = msgspec.Raw()
    value: msgspec.Raw = msgspec.Raw()


class Key(msgspec.Struct):
    """The ids of a record of orders, of clients, of SKUs."""

    order_id: str = msgspec.field(name="orderId", default="")
    client_id: str = msgspec.field(name="id", default="")
    sku_id: str = msgspec.field(name="Id", default="")


def test_a_large_store_that_fails_now_and_then(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    with Sandbox.open(
        ORDERS,
        *("--clients", str(CLIENTS), "--skus", str(SKUS), "--days", str(DAYS)),
        *("--now", NOW.isoformat(), "--speed", "0", "--latency", str(LATENCY_MS)),
    ) as sandbox:
        faults = [{"times": None, "one_in": ONE_IN, "path": "/(api|ipe)/", **k} for k in KINDS]
        sandbox.ask("faults", faults)
        settings = {name.removeprefix("TAP_VTEX_"): v for name, v in sandbox.settings.items()}
        config.write_text(
            json.dumps(
                {
                    **{name.lower(): value for name, value in settings.items()},
                    "requests_per_minute": REQUESTS_PER_MINUTE,
                }
            )
        )
        outcome = load(config, catalog(tmp_path))
        requests = sandbox.ask("requests")

    report(outcome, requests)
    truth = Store.create(clock=Clock(NOW, 0), orders=ORDERS, clients=CLIENTS, skus=SKUS, days=DAYS)
    now = truth.clock.now()
    book = truth.book
    expected = {
        order.order_id for order in book.everything(now) if book.created(order) < now - 600 * SECOND
    }
    assert outcome.keys["orders"] >= expected
    clients = truth.entities["CL"]
    # The index of Master Data lags behind.
    indexed = clients.numbers(now - INDEX_DELAY)
    assert outcome.keys["clients"] == {clients.document_id(number) for number in indexed}
    assert outcome.keys["skus"] == {str(sku_id) for sku_id in truth.catalog.sku_ids()}
    assert requests["most_in_a_minute"] <= REQUESTS_PER_MINUTE
    assert max(outcome.memory) < MOST_MEGABYTES
    assert outcome.third(2) < 1.1 * outcome.third(1)
    assert len(outcome.state) < MOST_STATE


def catalog(folder: Path) -> Path:
    """A catalog with the streams of this test selected."""
    command = [sys.executable, "-m", "tap_vtex", "--discover"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for stream in found["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    path = folder / "catalog.json"
    path.write_text(json.dumps(found))
    return path


@dataclass
class Outcome:
    """What came of the tap."""

    rows: Counter[str] = field(default_factory=Counter)
    keys: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in KEYS})
    state: bytes = b""
    #: Resident megabytes, second by second.
    memory: list[float] = field(default_factory=list)
    seconds: float = 0.0
    log: str = ""

    def third(self, number: int) -> float:
        """The most megabytes in a third of the time, from 0."""
        length = len(self.memory) // 3
        return max(self.memory[number * length : (number + 1) * length])


def load(config: Path, catalog: Path) -> Outcome:
    """Run the tap, and keep what came of it."""
    outcome, began = Outcome(), time.monotonic()
    message, key = msgspec.json.Decoder(Message), msgspec.json.Decoder(Key)
    command = [sys.executable, "-m", "tap_vtex", "--config", str(config), "--catalog", str(catalog)]
    log = config.parent / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        watcher = threading.Thread(target=watch, args=(process, outcome.memory))
        watcher.start()
        assert process.stdout
        for line in process.stdout:
            one = message.decode(line)
            if one.type == "STATE":
                outcome.state = bytes(one.value)
            elif one.type == "RECORD":
                outcome.rows[one.stream] += 1
                if one.stream in outcome.keys:
                    ids = key.decode(one.record)
                    outcome.keys[one.stream].add(ids.order_id or ids.client_id or ids.sku_id)
        process.wait()
        watcher.join()
    outcome.seconds, outcome.log = time.monotonic() - began, log.read_text()
    assert process.returncode == 0, outcome.log[-5000:]
    return outcome


def watch(process: subprocess.Popen[bytes], memory: list[float]) -> None:
    """Note a process's resident megabytes once a second."""
    while process.poll() is None:
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        memory.append(pages * 4096 / 1e6)
        time.sleep(1)


def report(outcome: Outcome, requests: dict[str, Any]) -> None:
    """Print the figures, as they stand in docs/performance.md."""
    total = sum(requests["by_route"].values())
    lines = [
        f"{outcome.rows.total():,} rows: {dict(outcome.rows)}",
        f"{total:,} requests in {outcome.seconds:,.0f} seconds",
        f"most in a minute {requests['most_in_a_minute']:,}, allowed {REQUESTS_PER_MINUTE:,}",
        f"most megabytes by thirds: {[round(outcome.third(number)) for number in range(3)]}",
        f"state: {len(outcome.state):,} bytes",
        *outcome.log.splitlines()[-len(STREAMS) - 1 :],
    ]
    sys.stdout.write("\n".join(["", *lines, ""]))
