"""What the catalog costs per hour and day, by size of store."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from benchmarks.results import Figure, Result
from benchmarks.shop import NOW, shop
from sandbox.catalog.catalog import PHANTOM_PRODUCTS, PHANTOM_SKUS
from sandbox.goods import SKUS_PER_PRODUCT
from tap_vtex import dates
from tap_vtex.streams.base import STATE_VERSION
from tap_vtex.streams.catalog.bookmark import CatalogBookmark
from tap_vtex.streams.catalog.learned import Learned
from tap_vtex.streams.catalog.looks import Look, Looks
from tap_vtex.streams.id_census import IdCensus, IdCounts
from tap_vtex.streams.list_size import ListSize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from benchmarks.shop import Shop

#: Number of products, and whether the key may list them.
STORES = ((400, True), (2_000, True), (20_000, True), (2_000, False))
HOURS = 24
#: SKUs changed in the first hour; each has to be emitted within the day.
CHANGED = 100
HOUR = 3600
MAX_PER_HOUR = 1_100
STREAMS = ("products", "skus")


class Day(NamedTuple):
    """The outcome of a day of hourly runs."""

    #: Per hour.
    requests: list[int]
    #: Hours until the last change was emitted; None if one was not.
    latest: int | None


def measure() -> Result:
    """Simulate a day in each store, with a run every hour."""
    return Result(
        f"Catalog: a day of hourly runs after a full load, {CHANGED} SKUs changed",
        [_figure(products, may_list=may_list) for products, may_list in STORES],
    )


def _figure(products: int, *, may_list: bool) -> Figure:
    role = "full" if may_list else "reader"
    with shop(100, skus=products * SKUS_PER_PRODUCT, latency=0, clients=10, role=role) as store:
        day = _day(store, _loaded(products, may_list=may_list), products)
    total, most = sum(day.requests), max(day.requests)
    every = HOURS * products
    key = "" if may_list else ", by a key that may not list them"
    is_in_time = day.latest is not None and day.latest <= HOURS
    return Figure(
        f"{products:,} products{key}",
        f"{total:,} a day, {most:,} an hour at most, each change after {day.latest} h at most",
        f"each product in each run {every:,}",
        f"{total / every:.2f}",
        f"≤ {MAX_PER_HOUR:,} an hour, 24 h",
        most <= MAX_PER_HOUR and is_in_time,
    )


def _day(store: Shop, state: dict[str, Any], products: int) -> Day:
    every = products * SKUS_PER_PRODUCT // CHANGED
    waiting = {str(sku_id) for sku_id in range(1, CHANGED * every, every)}
    for sku_id in waiting:
        fields = {"Name": "Changed"}
        store.ask("catalog", {"action": "edit_sku", "id": int(sku_id), "fields": fields})
    requests, latest = [], None
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "messages")
        for hour in range(1, HOURS + 1):
            store.ask("clock", {"advance": HOUR})
            load = store.tap(*STREAMS, state=state, keep=kept)
            state = load.run.state
            requests.append(load.total)
            waiting -= _skus_in(kept)
            latest = latest or (None if waiting else hour)
    return Day(requests, latest)


def _skus_in(messages: Path) -> set[str]:
    """The SKUs that a run emitted with their new name."""
    found = set()
    for line in messages.read_bytes().splitlines():
        message = msgspec.json.decode(line)
        if message["type"] == "RECORD" and message["record"].get("SkuName") == "Changed":
            found.add(message["record"]["Id"])
    return found


def _loaded(products: int, *, may_list: bool) -> dict[str, Any]:
    """The state after a full load, made up because loading 120,000 SKUs would take minutes."""
    now = dates.parse(NOW)
    assert now  # noqa: S101 - for the type checkers
    skus: dict[int, Sequence[int]] = {
        product: range((product - 1) * SKUS_PER_PRODUCT + 1, product * SKUS_PER_PRODUCT + 1)
        for product in range(1, products + 1)
    }
    # The sandbox also has a product 0, a product without SKUs, and ids that lead nowhere.
    skus[0] = [0]
    bookmark = _by_product(skus, now) if may_list else _by_sku(skus, now)
    partition = {
        "context": {"account_name": "ipe"},
        "version": STATE_VERSION,
        "replication_key": "date_updated",
        **bookmark.to_state(),
    }
    return {"bookmarks": {stream: {"partitions": [partition]} for stream in STREAMS}}


def _by_product(skus: Mapping[int, Sequence[int]], now: datetime) -> CatalogBookmark:
    phantoms = {one: sorted({one} & {*PHANTOM_SKUS}) for one in PHANTOM_PRODUCTS}
    listed = {**skus, len(skus): (), **phantoms}
    return CatalogBookmark(
        by="product",
        highest=now - timedelta(days=3),
        seen_at=now,
        full_pass_at=now,
        ids=IdCensus.of(listed),
        looks=Looks.all_at(Look(now, now - timedelta(days=2))),
        size=ListSize(rows=len(listed)),
    )


def _by_sku(skus: Mapping[int, Sequence[int]], now: datetime) -> CatalogBookmark:
    listed = {*chain.from_iterable(skus.values()), *PHANTOM_SKUS}
    return msgspec.structs.replace(
        _by_product(skus, now),
        by="sku",
        ids=IdCensus.of(dict.fromkeys(listed, ())),
        size=ListSize(rows=len(listed)),
        missing={str(one): now for one in PHANTOM_SKUS},
        learned=Learned(skus=IdCounts({one: len(ids) for one, ids in skus.items()}), gap_at=now),
    )
