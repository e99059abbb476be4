"""What the benchmarks do with what they measure; how long anything takes is asserted nowhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest
import yaml

from benchmarks import __main__ as bench
from benchmarks import clients, cost, page, sentences, shop, target
from benchmarks.contenders import AIOHTTP, DLT, DLT_NORMALIZED
from benchmarks.measure import Run, run
from benchmarks.results import Result
from demo.services import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contenders import Contender

ORDERS = 100


def test_a_peak_is_of_what_is_run_and_not_of_who_runs_it() -> None:
    """It used to start from the peak of the process that starts the command."""
    held = b"." * 200_000_000
    small = run([sys.executable, "-c", "print()"])
    large = run([sys.executable, "-c", "print(len(b'.' * 100_000_000))"])

    assert held
    assert small.megabytes < 50
    assert 100 < large.megabytes < 150


def test_a_command_costs_what_its_children_cost() -> None:
    work = "sum(range(10_000_000)); len(b'.' * 100_000_000)"
    alone = run([sys.executable, "-c", work])
    behind = run(["sh", "-c", f'echo; {sys.executable} -c "{work}"; true'])

    assert behind.cpu > alone.cpu / 4
    assert behind.megabytes > 100


def test_what_fails_is_told_with_what_it_wrote() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ends-badly failed:.*no such plug"):
        run([sys.executable, "-c", "raise SystemExit('no such plug')", "ends-badly"])


def test_a_measurement_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure_badly() -> Result:
        raise KeyError("orders")

    written: list[dict[str, Result]] = []
    measurements = {"bad": measure_badly, "good": lambda: Result("Well measured", [])}
    for name, measure in measurements.items():
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", SimpleNamespace(measure=measure))
    monkeypatch.setattr(bench, "NAMES", tuple(measurements))
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(page, "read", dict)
    monkeypatch.setattr(page, "write", written.append)
    with pytest.raises(SystemExit, match="Not measured: bad"):
        bench.main()

    assert written[-1].keys() == {"good"}
    output = capsys.readouterr()
    assert "Well measured" in output.out
    assert output.err == "bad failed: KeyError: 'orders'\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_signal_ends_all_that_a_measurement_has_started(how: signal.Signals) -> None:
    mark = uuid4().hex
    env = {**os.environ, "MARK": mark}
    command = [sys.executable, "-m", "benchmarks", "memory"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(lambda: any("tap_vtex --config" in command for command in _running(mark)))
            process.send_signal(how)
            code = process.wait(timeout=60)
        finally:
            process.kill()

    assert code == 128 + how
    _wait(lambda: not _running(mark))


def _wait(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def _running(mark: str) -> list[str]:
    """The commands of all processes with a mark in their environment."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if mark.encode() in (process / "environ").read_bytes():
                command = (process / "cmdline").read_bytes()
                commands.append(command.replace(b"\0", b" ").decode())
    return commands


def test_the_start_of_a_process_falls_out_of_its_cost() -> None:
    few, many = (
        shop.Load(Run(1, 1, cpu=3 + orders * 0.002, megabytes=1), 0, {shop.ORDER: orders})
        for orders in (500, 2900)
    )

    assert shop.cpu_per_thousand(few, many) == pytest.approx(2)


def test_what_cuts_orders_into_rows_is_compared_with_what_does_it_too() -> None:
    seconds = dict.fromkeys((*cost.PLAIN, *cost.ENCRYPTED), 8.0)
    seconds |= {cost.TAP: 0.8, DLT.name: 3.2, cost.CHILDREN: 1.0, DLT_NORMALIZED.name: 5.0}
    figures = {figure.what: figure for figure in cost._result(seconds).figures}  # noqa: SLF001

    assert figures[cost.TAP].ratio == "0.25"
    assert figures[cost.CHILDREN].ratio == "0.20"
    assert set(seconds) == set(figures)


@pytest.mark.skipif(not Path(DLT.python).exists(), reason="dlt is not installed: `make bench`")
@pytest.mark.parametrize("contender", [DLT, DLT_NORMALIZED], ids=lambda contender: contender.name)
def test_dlt_reads_every_order_of_the_store(contender: Contender) -> None:
    with shop.ready_shop(ORDERS, latency=0, kilobytes=0) as store:
        loaded = contender.load(store, workers=4)

    assert loaded.orders >= ORDERS


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_tap_and_plain_loop_read_every_order_of_the_store(*, tls: bool) -> None:
    with shop.ready_shop(ORDERS, latency=0, kilobytes=0, tls=tls) as store:
        tap = store.tap("orders", workers=4)
        loop = AIOHTTP.load(store, workers=4)

    assert ORDERS <= loop.orders <= tap.orders
    assert tap.run.state["bookmarks"]["orders"]


def test_tap_and_plain_loop_read_every_client_of_the_store(tmp_path: Path) -> None:
    with shop.ready_shop(1, latency=0, kilobytes=0, clients=3100) as store:
        read = {}
        for name, load in (("loop", clients.loop), ("tap", clients.tap)):
            load(store, keep=tmp_path / name)
            records = [
                msgspec.json.decode(line)["record"]["id"].lower()
                for line in (tmp_path / name).read_bytes().splitlines()
                if line.startswith(b'{"type":"RECORD"')
            ]
            read[name] = set(records)

    assert len(read["tap"]) >= 3000
    assert read["tap"] == read["loop"]


def test_figures_go_between_the_marks_of_a_page() -> None:
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"

    assert page.with_block(text, "new\n") == (f"before\n{page.BEGIN}\n\nnew\n\n{page.END}\nafter\n")
    with pytest.raises(ValueError, match="has to have"):
        page.with_block("a page without marks", "new")


@pytest.mark.parametrize("document", ["docs/performance.md", *sentences.BLOCKS])
def test_the_documents_have_a_place_for_the_figures(document: str) -> None:
    assert page.with_block((PROJECT / document).read_text(), "new")


def test_sentences_wait_until_all_is_measured() -> None:
    facts: dict[str, float] = defaultdict(lambda: 1.0)
    names = ("first_load", "cost", "memory", "target")
    results = {name: Result("", [], facts=facts) for name in names}

    assert "1,000 orders of" in " ".join(sentences.speed(results).split())
    assert "0% less" in sentences.codecs(results)
    del results["memory"]
    with pytest.raises(KeyError):
        sentences.speed(results)


def test_the_target_measured_is_the_one_of_the_project() -> None:
    loaders: list[dict[str, Any]] = yaml.safe_load((PROJECT / "meltano.yml").read_text())[
        "plugins"
    ]["loaders"]
    (used,) = (one["pip_url"] for one in loaders if one["name"] == "target-postgres")
    groups = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]

    assert used in groups["bench"]
    assert target.variants()[target.RECOMMENDED]["use_copy"] is True
