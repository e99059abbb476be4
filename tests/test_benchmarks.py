"""What the benchmarks do with what they measure; how long anything takes is asserted nowhere."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml

from benchmarks import clients, page, sentences, shop, target
from benchmarks.contenders import AIOHTTP
from benchmarks.measure import Run
from benchmarks.results import Result
from demo.services import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = 100


def test_the_start_of_a_process_falls_out_of_its_cost() -> None:
    few, many = (
        shop.Load(Run(1, 1, cpu=3 + orders * 0.002, megabytes=1), 0, {shop.ORDER: orders})
        for orders in (500, 2900)
    )

    assert shop.cpu_per_thousand(few, many) == pytest.approx(2)


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
