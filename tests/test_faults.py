"""Faults that pass, on every route of VTEX's: the target holds the truth all the same."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aiohttp import web

from sandbox.tampering.bodies import CONTROL_CHARACTERS
from tests.streams import (
    test_carts,
    test_catalog,
    test_catalog_lists,
    test_newsletter,
    test_per_sku,
    test_promotions,
)
from tests.streams.test_masterdata import assert_equals_truth as assert_documents
from tests.streams.test_orders_changes import assert_equals_truth as assert_orders
from tests.support.catalog import STORE_URL
from tests.support.expect import order_record
from tests.support.shop import Shop
from tests.support.tap import Tap, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.support.tap import Run

Json = dict[str, Any]
#: Rows by stream and key.
Tables = dict[str, dict[tuple[Any, ...], Json]]

ORDERS = ("orders", "order_items")
CATALOG = ("products", "skus")
CLIENTS = ("carts", "clients", "newsletter")
COMPLETE = "^(?!.*incompleteOrders)"


class Route(NamedTuple):
    """A kind of request that the tap makes, and the streams that need its answer."""

    path: str
    readers: tuple[str, ...]
    query: str = ""
    #: How many requests pass before a fault that stays, so that it comes in the middle.
    skip: int = 0


ROUTES = {
    "orders": Route("/api/oms/pvt/orders$", ORDERS, COMPLETE),
    "incomplete-orders": Route(
        "/api/oms/pvt/orders$", ("incomplete_orders",), "incompleteOrders=true"
    ),
    "order": Route("/api/oms/pvt/orders/", (*ORDERS, "incomplete_orders"), skip=20),
    "clients-search": Route("/api/dataentities/CL/search$", CLIENTS),
    "clients-scroll": Route("/api/dataentities/CL/scroll$", CLIENTS, "_size="),
    "clients-scroll-page": Route("/api/dataentities/CL/scroll$", CLIENTS, "_token="),
    "addresses-search": Route("/api/dataentities/AD/search$", ("addresses",)),
    "addresses-scroll": Route("/api/dataentities/AD/scroll$", ("addresses",)),
    "newsletter-search": Route("/api/dataentities/NL/search$", ("newsletter",)),
    "newsletter-scroll": Route("/api/dataentities/NL/scroll$", ("newsletter",)),
    "products": Route("/api/catalog_system/pvt/products/GetProductAndSkuIds$", CATALOG),
    "rows": Route("/api/catalog_system/pvt/sku/stockkeepingunitByProductId/", CATALOG),
    "context": Route("/api/catalog_system/pvt/sku/stockkeepingunitbyid/", CATALOG, skip=8),
    "product": Route("/api/catalog/pvt/product/", CATALOG, skip=2),
    "tree": Route("/api/catalog_system/pub/category/tree/", (*CATALOG, "categories")),
    "category": Route("/api/catalog/pvt/category/", ("categories",), skip=8),
    "brands": Route("/api/catalog_system/pvt/brand/list$", (*CATALOG, "brands")),
    "sales-channels": Route("/api/catalog_system/pvt/saleschannel/list$", ("sales_channels",)),
    "sellers": Route("/api/catalog_system/pvt/seller/list$", ("sellers",)),
    "promotions": Route("/api/rnb/pvt/benefits/", ("promotions",)),
    "archive": Route("/api/rnb/pvt/archive/", ("promotions",)),
    "promotion": Route("/api/rnb/pvt/calculatorconfiguration/", ("promotions",), skip=6),
    "coupons": Route("/api/rnb/pvt/coupon$", ("coupons",)),
    "warehouses": Route("/api/logistics/pvt/configuration/", ("warehouses",)),
    "sku-ids": Route("/api/catalog_system/pvt/sku/stockkeepingunitids$", ("prices", "inventory")),
    "price": Route("/ipe/pricing/prices/", ("prices",), skip=8),
    "stock": Route("/api/logistics/pvt/inventory/", ("inventory",), skip=8),
}
#: Asked for before the streams begin; without their answers there are fewer columns.
STRUCTURES = Route("/api/dataentities/(CL|AD)$", ())

FAULTS: dict[str, Json] = {
    **{str(status): {"kind": "status", "status": status} for status in (408, 429, 500, 502, 503)},
    "504": {"kind": "status", "status": 504},
    "429-seconds": {"kind": "status", "status": 429, "retry_after": 0.1},
    "429-date": {
        "kind": "status",
        "status": 429,
        "retry_after": 1,
        "retry_after_as_date": True,
    },
    "page-503": {"kind": "status", "status": 503, "html": True},
    "page-200": {"kind": "html"},
    "reset": {"kind": "reset"},
    "cut": {"kind": "cut"},
    "gzip": {"kind": "bad_gzip"},
    "empty": {"kind": "empty"},
    "redirect": {"kind": "redirect"},
    "never": {"kind": "never"},
}


def open_small(open_shop: Callable[..., Shop]) -> Shop:
    """A small store at rest, in which there is something of everything."""
    shop = open_shop(orders=30, days=40, clients=15, skus=20)
    shop.close()
    shop.pass_time(minutes=30)
    return shop


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_small(open_shop)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of a run without any fault, which are checked against a like store."""
    target = Target()
    with ExitStack() as stack:
        shop = open_small(lambda **store: stack.enter_context(Shop(**store)))
        run = sync(Tap(tmp_path_factory.mktemp("truth")), shop, target)
        assert_orders(target, shop)
        assert target.table("incomplete_orders", "orderId") == {
            order_id: order_record(document)
            for order_id, document in shop.orders(incomplete=True).items()
        }
        assert len(target.tables["order_items"]) == sum(
            len(document["items"]) for document in shop.orders().values()
        )
        test_carts.assert_equals_truth(target, shop)
        for stream, acronym in (("clients", "CL"), ("addresses", "AD")):
            assert_documents(target, shop, run, stream, acronym)
        assert test_newsletter.subscribers(target, "CL") == test_newsletter.clients(shop)
        assert test_newsletter.subscribers(target, "NL") == test_newsletter.faststore(shop)
        test_catalog.assert_equals_truth(target, shop)
        test_catalog_lists.assert_categories_equal_truth(target, shop)
        for stream, listed in (
            ("brands", shop.store.catalog.brands()),
            ("sales_channels", shop.store.catalog.sales_channels()),
            ("sellers", shop.store.catalog.sellers()),
            ("warehouses", shop.store.logistics.warehouses()),
        ):
            assert len(target.tables[stream]) == len(listed)
        test_promotions.assert_equals_truth(target, shop)
        test_per_sku.assert_equals_truth(target, shop)
    return tables(target)


#: Faults that stay: routes that fail at the same time, of streams that have no route in common.
OUTAGES = (
    {"orders": "408", "addresses-search": "gzip", "price": "reset"},
    {"incomplete-orders": "429", "clients-scroll": "503", "stock": "cut"},
    {"order": "500", "newsletter-search": "page-200", "coupons": "429-date"},
    {"clients-search": "502", "rows": "cut", "warehouses": "504"},
    {"clients-scroll-page": "504", "product": "empty", "sellers": "never"},
    {"addresses-scroll": "429-date", "context": "gzip", "promotions": "502"},
    {"newsletter-scroll": "page-503", "tree": "redirect", "archive": "503"},
    {"brands": "408", "promotion": "page-200", "sales-channels": "429-seconds"},
    {"products": "reset", "category": "never", "sku-ids": "page-503"},
)


class Doors:
    """Where connections come in to the shops of a test. Used in a shop's own thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._runner: web.AppRunner | None = None
        make = web.AppRunner

        def open_runner(*arguments: Any, **options: Any) -> web.AppRunner:
            self._runner = make(*arguments, **options)
            return self._runner

        monkeypatch.setattr("tests.support.shop.web.AppRunner", open_runner)
        self._tasks: set[asyncio.Task[None]] = set()

    def shut(self) -> None:
        """End every connection, and refuse new ones for a moment."""
        assert self._runner
        if self._runner.sites:
            self._tasks.add(asyncio.get_running_loop().create_task(self._shut(self._runner)))

    async def _shut(self, runner: web.AppRunner) -> None:
        host, port = runner.addresses[0][:2]
        for site in list(runner.sites):
            await site.stop()
        assert runner.server
        for connection in runner.server.connections:
            if connection.transport:
                connection.transport.abort()
        await asyncio.sleep(0.1)
        await web.TCPSite(runner, host, port).start()


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    return Doors(monkeypatch)


def sync(tap: Tap, shop: Shop, target: Target, **options: Any) -> Run:
    return tap.sync(shop.config(store_url=STORE_URL), target, hurry=True, **options)


def tables(target: Target, *, without: Collection[str] = ()) -> Tables:
    """What a target holds, without the time at which it came."""
    return {
        stream: {
            key: {name: value for name, value in row.items() if name != "synced_at"}
            for key, row in rows.items()
        }
        for stream, rows in target.tables.items()
        if stream not in without
    }


def others(truth: Tables, streams: Collection[str]) -> Tables:
    return {stream: rows for stream, rows in truth.items() if stream not in streams}


def strike(shop: Shop, **fault: Any) -> None:
    """Let a fault strike every route."""
    for route in (*ROUTES.values(), STRUCTURES):
        shop.fail(path=route.path, query=route.query, **fault)


def assert_all_struck(shop: Shop) -> None:
    missed = [fault.path for fault in shop.store.faults if not fault.struck]
    assert not missed


class TestWhatPasses:
    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
    def test_strikes_every_route_once(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables, fault: Json
    ) -> None:
        strike(shop, **fault)

        run = sync(tap, shop, target)

        assert_all_struck(shop)
        assert tables(target) == truth
        assert " failed: " not in run.log

    def test_control_characters_are_in_every_answer(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables
    ) -> None:
        """They arrive as they came, and nothing is asked for again on their account."""
        strike(shop, kind="control_characters", times=None)

        run = sync(tap, shop, target)

        assert_all_struck(shop)
        assert "asking again" not in run.log
        for stream, rows in tables(target).items():
            text = json.dumps([rows[key] for key in truth[stream]])
            characters = json.dumps(CONTROL_CHARACTERS.decode())[1:-1]
            assert json.loads(text.replace(characters, "")) == list(truth[stream].values()), stream
            assert rows.keys() == truth[stream].keys()

    def test_connections_are_refused_for_a_moment_on_every_route(
        self, tap: Tap, open_shop: Callable[..., Shop], target: Target, truth: Tables, doors: Doors
    ) -> None:
        shop = open_small(open_shop)
        for route in (*ROUTES.values(), STRUCTURES):
            shop.when(route.path, doors.shut, query=route.query)

        run = sync(tap, shop, target)

        assert_all_struck(shop)
        # Connections that were open break off. The log has a line every five seconds only.
        assert re.search("got (no connection|a response that broke off)", run.log)
        assert tables(target) == truth

    @pytest.mark.parametrize("seed", range(2))
    def test_of_every_kind_one_request_in_ten(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables, seed: int
    ) -> None:
        random.seed(seed)
        kinds = [fault for name, fault in FAULTS.items() if name != "never"]
        for fault in kinds:
            shop.fail(**fault, path="/(api|ipe)/", one_in=10 * len(kinds), times=None)

        sync(tap, shop, target)

        assert sum(fault.struck for fault in shop.store.faults) > 8
        assert tables(target) == truth

    def test_a_quota_is_used_up_for_a_while_on_every_route(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables
    ) -> None:
        strike(shop, kind="status", status=429, times=None, lasting=0.2)

        sync(tap, shop, target)

        assert_all_struck(shop)
        assert tables(target) == truth

    def test_a_store_takes_so_many_requests_a_second_and_no_more(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables
    ) -> None:
        shop.fail("status", status=429, times=None, beyond=60, retry_after=0.5)

        sync(tap, shop, target)

        (fault,) = shop.store.faults
        assert 3 < fault.struck < sum(shop.requests().values()) / 2
        assert tables(target) == truth


class TestWhatStays:
    """A fault for as long as a run lasts, and the run after that one."""

    @pytest.mark.parametrize("outages", OUTAGES, ids=" ".join)
    def test_ends_the_streams_that_need_the_routes_and_no_others(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables, outages: dict[str, str]
    ) -> None:
        struck = [ROUTES[name] for name in outages]
        for route, fault in zip(struck, outages.values(), strict=True):
            details = FAULTS[fault] | {"times": None, "skip": route.skip}
            shop.fail(path=route.path, query=route.query, **details)

        run = sync(tap, shop, target, expect=1)

        assert_all_struck(shop)
        assert_said(run, {stream: route.path for route in struck for stream in route.readers})
        ended = {stream for route in struck for stream in route.readers}
        assert tables(target, without=ended) == others(truth, ended)

        shop.store.faults.clear()
        sync(tap, shop, target)
        assert tables(target) == truth

    def test_is_tried_on_every_route_and_of_every_kind(self) -> None:
        assert sorted(route for outages in OUTAGES for route in outages) == sorted(ROUTES)
        assert {fault for outages in OUTAGES for fault in outages.values()} == FAULTS.keys()

    def test_structures_that_are_not_to_be_had_cost_columns_and_no_data(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables
    ) -> None:
        shop.fail("status", STRUCTURES.path, times=None)

        run = sync(tap, shop, target)

        assert_all_struck(shop)
        assert "can't read the fields that the store has added to the entity CL" in run.log
        for stream, acronym in (("clients", "CL"), ("addresses", "AD")):
            assert_documents(target, shop, run, stream, acronym)
        entities = {"clients", "addresses"}
        assert tables(target, without=entities) == others(truth, entities)

    def test_nobody_answers_at_the_stores_address(
        self, tap: Tap, shop: Shop, target: Target, truth: Tables
    ) -> None:
        """A stream of each family; each one asks for itself."""
        families = {"orders", "clients", "categories", "coupons", "prices"}
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        run = tap.sync(shop.config(api_url=nowhere), target, select=families, hurry=True, expect=1)

        assert_said(run, dict.fromkeys(families, "/api/"))
        assert "The last attempt got no connection" in run.log
        assert not any(target.tables.values())
        assert not shop.requests()

        sync(tap, shop, target)
        assert tables(target) == truth


def assert_said(run: Run, paths: dict[str, str]) -> None:
    """The log says of each stream, in one line, that it failed and on which path, or for what."""
    said = re.findall(r"Streams? (.*) failed: (.*)", run.log)
    assert sorted(name.split()[0] for names, _ in said for name in names.split(", ")) == sorted(
        paths
    )
    for names, reason in said:
        path = paths[re.split(r"[ ,]", names)[0]]
        # Where others were given, what is missing is named instead.
        assert re.search(rf"GET {path.rstrip('$')}|^\d+ .* are missing", reason)
    assert "Traceback" not in run.log
