"""The last lines of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.roles import READER_ROLE
from tap_vtex.report.tables import table

if TYPE_CHECKING:
    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

HEADS = ["stream", "rows", "requests", "retries", "seconds", "result"]


def summary_of(run: Run) -> list[list[str]]:
    """The cells of the last lines, from the heads on."""
    lines = [line.rpartition("| ")[2].split() for line in run.log.splitlines()]
    end = len(lines) - 1 if run.exit_code else None  # the reason comes after the table
    return lines[lines.index(HEADS) : end]


def test_rows_requests_and_results(tap: Tap, shop: Shop) -> None:
    shop.fail("status", "/api/oms/pvt/orders$", status=503)
    streams = ("orders", "order_items", "brands", "warehouses")
    shop.store.granted = set(READER_ROLE) | {"Brands"}
    run = tap.run(shop.config(), select=streams, expect=1, hurry=True)

    heads, orders, items, brands, warehouses = summary_of(run)
    assert heads == HEADS
    requests = shop.requests()
    of_orders = sum(number for route, number in requests.items() if "/oms/" in route)
    assert orders[:4] == ["orders", str(len(shop.orders())), str(of_orders), "1"]
    assert float(orders[4]) > 0
    assert orders[5] == "complete"
    assert items == ["order_items", str(len(run.records("order_items"))), "complete"]
    assert brands[:4] == ["brands", "7", "1", "0"]
    assert warehouses[:3] == ["warehouses", "0", "1"]
    assert warehouses[5] == "FAILED"


def test_what_was_not_reached(tap: Tap, shop: Shop) -> None:
    with tap.start(shop.config(), select={"orders", "clients"}) as process:
        assert process.stdout
        assert process.stderr
        while '"RECORD"' not in process.stdout.readline():
            pass
        process.terminate()
        process.stdout.read()
        log = process.stderr.read()
    lines = [line.rpartition("| ")[2].split() for line in log.splitlines()]
    assert lines[-2][0] == "orders"
    assert lines[-2][-1] == "stopped"
    assert lines[-1] == ["clients", "0", "0", "0", "0.0", "not", "reached"]
    assert process.returncode == 143


def test_a_part_that_failed_is_told(tap: Tap, shop: Shop) -> None:
    shop.store.quirks.forbidden_entities = frozenset({"XX"})
    entities = [{"entity": "XX"}]
    run = tap.run(shop.config(newsletter_entities=entities), select={"newsletter"}, expect=1)
    assert summary_of(run)[1][-1] == "FAILED"
    assert "newsletter (XX) failed" in run.log


def test_numbers_stand_to_the_right() -> None:
    assert table([("what", "how many"), ("a", "1"), ("bcdef", "23")]) == [
        "what   how many",
        "a             1",
        "bcdef        23",
    ]
