"""How a run ends: one stream that fails beside the others, a target that goes, two signals."""

from __future__ import annotations

import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.shop import ORDER_LIST
from tests.support.tap import Target
from tests.test_summary import HEADS, summary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap

Json = dict[str, Any]

PRODUCT_LIST = "/api/catalog_system/pvt/products/GetProductAndSkuIds"
ORDERS = {"orders", "order_items", "payments", "packages"}
#: A route of each kind, with the streams that can't do without it.
FAILING = {
    "orders": (ORDER_LIST + "$", "^orderBy", ORDERS),
    "Master Data": ("/api/dataentities/AD/", "", {"addresses"}),
    "catalog": (PRODUCT_LIST, "", {"skus", "products", "brands", "prices", "inventory"}),
    "prices": (r"/\w+/pricing", "", {"prices"}),
    "promotions": ("/api/rnb/pvt/benefits", "", {"promotions"}),
}

#: Streams whose state says how far they have come; others are read whole in each run.
MOVING = {*ORDERS, "incomplete_orders", "clients", "addresses", "products"}


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
    assert "The run is incomplete, because these streams failed: " in run.log
    assert "Traceback" not in run.log
    after = target.state["bookmarks"]
    # What is missing is kept.
    moved = {stream for stream in failed if after[stream] != before[stream]}
    assert moved <= {*ORDERS, "prices"}
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
    assert "The target closed the pipe" in log
    assert "Traceback" not in log
    assert time.monotonic() - began < 20


# -- signals -----------------------------------------------------------------------------

#: Seconds that a busy machine may need for what takes five; what goes wrong takes a minute.
SOON = 20


def end_of(process: subprocess.Popen[str], code: int) -> float:
    """See that a process ends as a signal asks it to; the seconds that it takes."""
    began = time.monotonic()
    _, log = process.communicate(timeout=90)
    assert process.returncode == code, log
    assert "Traceback" not in log
    assert "Stopped by a signal" in log
    assert " ".join(HEADS) in " ".join(log.split())
    return time.monotonic() - began


def wait_for(happened: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_second_signal_changes_nothing(tap: Tap, shop: Shop) -> None:
    """Ctrl-C under Meltano sends two."""
    shop.store.latency = 0.05
    with tap.start(shop.config()) as process:
        assert process.stdout
        while '"RECORD"' not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert end_of(process, 130) < SOON


def test_two_signals_against_a_store_that_never_answers(tap: Tap, shop: Shop) -> None:
    """They come a millisecond or three apart."""
    for number, pause in enumerate((0.0008, 0.001, 0.0015, 0.002, 0.0025, 0.003, 0.0035)):
        shop.store.faults.clear()
        # The main thread waits for its own request, or for those of the workers.
        shop.fail("never", "/api/oms", times=None, skip=number)
        with tap.start(
            shop.config(), select={"orders", "order_items"}, stdout=subprocess.DEVNULL
        ) as process:
            wait_for(lambda: shop.store.faults[0].struck)
            process.send_signal(signal.SIGINT)
            time.sleep(pause)
            process.send_signal(signal.SIGINT)
            assert end_of(process, 130) < SOON


def test_a_signal_while_the_target_does_not_read(tap: Tap, shop: Shop) -> None:
    with tap.start(shop.config()) as process:
        assert process.stdout
        select.select([process.stdout], [], [], 60)
        time.sleep(2)  # as long as it takes to fill the pipe
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert process.wait(timeout=90) == 143
        assert time.monotonic() - began < SOON
        end_of(process, 143)


def test_a_signal_during_discovery(tap: Tap, shop: Shop) -> None:
    shop.fail("never", times=None)
    with tap.start(shop.config()) as process:
        wait_for(shop.store.requests.total)
        process.send_signal(signal.SIGTERM)
        assert end_of(process, 143) < SOON


#: Sends the tap a signal at a certain moment.
AT_A_MOMENT = """
import os, signal, sys
from tap_vtex import __main__, tap
from tap_vtex.report import summary

def followed_by_a_signal(function):
    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGTERM)
        return result
    return wrapped

sys.argv[0] = "tap-vtex"
{owner}.{name} = followed_by_a_signal({owner}.{name})
__main__.main()
"""


@pytest.mark.parametrize(
    ("owner", "name"),
    [("tap.TapVTEX", "sync_all"), ("summary.Summary", "lines"), ("__main__", "_run_command")],
)
def test_a_signal_after_the_last_stream(tap: Tap, shop: Shop, owner: str, name: str) -> None:
    script = AT_A_MOMENT.format(owner=owner, name=name)
    with tap.start(shop.config(), select={"brands"}, command=["-c", script]) as process:
        assert end_of(process, 143) < SOON


def test_a_failed_run_does_not_wait_for_answers_that_drip_in(tap: Tap, shop: Shop) -> None:
    order = f"{ORDER_LIST}/"
    shop.fail("drip", order)
    shop.fail("status", order, status=403, times=None)
    with tap.start(shop.config(), select={"orders"}) as process:
        began = time.monotonic()
        _, log = process.communicate(timeout=90)

    assert process.returncode == 1
    assert "The run is incomplete" in log
    assert time.monotonic() - began < SOON
