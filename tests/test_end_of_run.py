"""How a run ends: one stream that fails beside the others, a target that goes, two signals."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.shop import ORDER_LIST
from tests.support.tap import Target
from tests.test_summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap

Json = dict[str, Any]

PRODUCT_LIST = "/api/catalog_system/pvt/products/GetProductAndSkuIds"
#: A route of each kind, with the streams that can't do without it.
FAILING = {
    "orders": (ORDER_LIST + "$", "^orderBy", {"orders", "order_items"}),
    "Master Data": ("/api/dataentities/AD/", "", {"addresses"}),
    "catalog": (PRODUCT_LIST, "", {"skus", "products", "brands", "prices", "inventory"}),
    "prices": (r"/\w+/pricing", "", {"prices"}),
    "promotions": ("/api/rnb/pvt/benefits", "", {"promotions"}),
}

#: Streams whose state says how far they have come; others are read whole in each run.
MOVING = {"orders", "order_items", "incomplete_orders", "clients", "addresses", "products"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=60, days=30, clients=40, skus=12)


def rows_of(target: Target) -> Json:
    """All rows, without the moment at which they were read."""
    return {
        stream: {
            key: {name: value for name, value in row.items() if name != "synced_at"}
            for key, row in table.items()
        }
        for stream, table in target.tables.items()
    }


@pytest.mark.parametrize("kind", FAILING)
def test_what_fails_leaves_the_others_be_and_its_state_where_it_was(
    tap: Tap, shop: Shop, target: Target, kind: str
) -> None:
    tap.sync(shop.config(), target)
    before = target.state["bookmarks"]
    shop.pass_time(days=8)  # everything is read again
    route, query, failing = FAILING[kind]
    shop.fail("status", route, query=query, status=400, times=None)

    run = tap.sync(shop.config(), target, expect=1)

    results = {cells[0]: cells[-1] for cells in summary_of(run)[1:]}
    failed = {stream for stream, result in results.items() if result == "FAILED"}
    assert failed
    assert failed <= failing
    assert {result for stream, result in results.items() if stream not in failing} == {"complete"}
    assert "The run is incomplete: " in run.log
    assert "Traceback" not in run.log
    after = target.state["bookmarks"]
    assert {stream for stream in failed if after[stream] != before[stream]} == set()
    assert not {stream for stream in MOVING - failing if after[stream] == before[stream]}

    # The next run makes up for it.
    shop.close()
    shop.pass_time(minutes=30)
    shop.store.faults.clear()
    tap.sync(shop.config(), target)
    whole = Target()
    tap.sync(shop.config(), whole)
    for stream in failing:
        assert rows_of(target)[stream].items() >= rows_of(whole)[stream].items()


@pytest.mark.parametrize("stream", ["clients", "skus", "prices"])
def test_a_target_that_dies_ends_the_run_at_once(tap: Tap, shop: Shop, stream: str) -> None:
    shop.fail("never", "/api/catalog_system/pvt/sku/stockkeepingunitbyid", times=None, skip=9)
    with tap.start(shop.config(), select={stream}) as process:
        assert process.stdout
        assert process.stderr
        while '"SCHEMA"' not in process.stdout.readline():
            pass
        process.stdout.close()
        began = time.monotonic()
        log = process.stderr.read()
        process.wait(timeout=30)

    assert process.returncode == 1
    assert "The target has gone" in log
    assert "Traceback" not in log
    assert time.monotonic() - began < 20


def test_a_second_signal_changes_nothing(tap: Tap, shop: Shop) -> None:
    """Control-C under Meltano sends two."""
    shop.store.latency = 0.05
    with tap.start(shop.config()) as process:
        assert process.stdout
        assert process.stderr
        while '"RECORD"' not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        log = process.stderr.read()

    assert process.returncode == 130
    assert "Traceback" not in log
