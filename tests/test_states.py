"""States: of the version before, edited by hand, and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.roles import READER_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

Json = dict[str, Any]

#: What version 1 wrote at 15:00, after a first load at noon of the stores below.
STATES = Path(__file__).parent / "states"
STREAMS = {"master_data_entities": ["LE"]}
#: Listed at noon, and failed ever since.
MISSING_ORDER = "1200000000056-01"
#: Streams that version 1 did not have, of those that are selected here.
NEWER = {"payments", "packages", "taxes"}


def saved(name: str) -> Json:
    state: Json = json.loads((STATES / f"{name}.json").read_text())
    return state


def partitions(state: Json) -> Iterator[tuple[str, Json]]:
    """Each bookmark of a state with the name of its stream."""
    for stream, entry in state["bookmarks"].items():
        for partition in entry["partitions"]:
            if partition.keys() > {"context"}:
                yield stream, partition


def streams_of(run: Run) -> dict[str, list[str]]:
    """The records of a run, without the times at which they were read."""
    found: dict[str, list[str]] = {}
    for message in run.messages:
        if message["type"] == "RECORD":
            record = {k: v for k, v in message["record"].items() if k != "synced_at"}
            text = json.dumps(record, sort_keys=True)
            found.setdefault(message["stream"], []).append(text)
    return {stream: sorted(records) for stream, records in found.items()}


@pytest.fixture
def store(open_shop: Callable[..., Shop]) -> Shop:
    """The store that the states of complete runs are from, an hour after those runs."""
    shop = open_shop(orders=400, days=100, clients=60, skus=60)
    shop.pass_time(hours=4)
    return shop


@pytest.fixture
def large_store(open_shop: Callable[..., Shop]) -> Shop:
    """The store that the states of killed runs are from."""
    shop = open_shop(orders=400, days=100, clients=60, skus=2500)
    shop.store.quirks.max_rows = 2
    return shop


def test_every_stream_resumes_from_a_state_of_version_1(tap: Tap, store: Shop) -> None:
    state = saved("complete")
    with_bookmarks = {stream for stream, _ in partitions(state)}

    run = tap.run(store.config(**STREAMS), state=state)

    orders = {order["orderId"] for order in run.records("orders")}
    assert MISSING_ORDER in orders
    # The order list lags; the hour since, and the ten minutes before, are new.
    assert len(orders) < 20
    for stream in with_bookmarks - {"orders", "order_items"}:
        assert len(run.records(stream)) < 20, stream
    resumed = dict(partitions(run.state))
    assert resumed.keys() == with_bookmarks | NEWER
    # Categories, prices and inventory had nothing to do, so their bookmarks stay as they are.
    written = {stream for stream, bookmark in resumed.items() if bookmark["version"] == 2}
    assert written - NEWER == with_bookmarks - {"categories", "prices", "inventory"}
    assert not any("owed" in resumed[stream] for stream in written)


def test_a_state_of_version_1_leads_to_the_same_rows_as_one_of_today(
    tap: Tap, store: Shop, target: Target
) -> None:
    old = saved("complete")
    # Of today: the same run as the one that wrote the old state.
    store.store.clock.advance(-4 * 3600)
    tap.sync(store.config(**STREAMS), target)
    store.pass_time(hours=3)
    tap.sync(store.config(**STREAMS), target)
    store.pass_time(hours=1)

    new_rows = streams_of(tap.run(store.config(**STREAMS), state=target.state))
    old_rows = streams_of(tap.run(store.config(**STREAMS), state=old))

    for stream in ("orders", "order_items"):
        old_rows[stream] = [row for row in old_rows[stream] if MISSING_ORDER not in row]
        new_rows[stream] = [row for row in new_rows[stream] if MISSING_ORDER not in row]
    for stream in NEWER:  # loaded whole beside the old state
        assert len(old_rows.pop(stream)) > len(new_rows.pop(stream, []))
    assert old_rows == new_rows


def test_a_state_of_a_role_that_lists_no_products(tap: Tap, store: Shop) -> None:
    store.store.granted = set(READER_ROLE)

    run = tap.run(store.config(), state=saved("reader-role"), expect=1)

    for stream in ("orders", "clients", "products", "skus", "prices"):
        assert len(run.records(stream)) < 20, stream


def test_a_pass_over_prices_of_version_1_goes_on(tap: Tap, large_store: Shop) -> None:
    run = tap.run(large_store.config(), state=saved("underway-prices"), select={"prices"})

    assert run.records("prices")
    assert min(int(price["itemId"]) for price in run.records("prices")) > 1999


def test_a_load_of_orders_of_version_1_goes_on(tap: Tap, large_store: Shop) -> None:
    state = saved("underway-orders")
    loaded_until = state["bookmarks"]["orders"]["partitions"][0]["loaded_until"]

    run = tap.run(large_store.config(), state=state, select={"orders", "order_items"})

    loaded = [order["creationDate"] for order in run.records("orders")]
    # Of the orders loaded before, none has changed since: the clock stands still.
    assert loaded
    assert min(loaded) >= loaded_until[:19]
    assert run.records("order_items")


def test_a_pass_over_products_of_version_1_goes_on(tap: Tap, large_store: Shop) -> None:
    state = saved("underway-products")
    for stream in ("products", "skus"):
        # As it was before the last part of the catalog.
        state["bookmarks"][stream]["partitions"][0]["under_way"]["done_until"] = 200

    run = tap.run(large_store.config(), state=state, select={"products", "skus", "brands"})

    assert run.records("products")
    assert min(int(product["Id"]) for product in run.records("products")) > 200
    assert run.records("skus")


@pytest.mark.parametrize("form", ["naive", "offset"])
def test_dates_of_a_state_in_other_forms(tap: Tap, store: Shop, form: str) -> None:
    """Somebody who edits a state by hand need not know how the tap writes dates."""
    text = json.dumps(saved("complete"))
    other = text.replace('Z"', '"' if form == "naive" else '+00:00"')

    config = store.config(**STREAMS)
    as_saved, edited = (
        streams_of(tap.run(config, state=json.loads(state))) for state in (text, other)
    )

    assert as_saved == edited


def test_a_day_is_its_first_moment(tap: Tap, store: Shop) -> None:
    state = saved("complete")
    del state["bookmarks"]["order_items"]
    state["bookmarks"]["orders"]["partitions"][0]["replication_key_value"] = "2026-11-23"

    run = tap.run(store.config(), state=state, select={"orders"})

    changed = [order["lastChange"] for order in run.records("orders")]
    # The hour before it is looked at again, and the order that was missing came.
    assert "2026-11-23" in min(set(changed) - {_last_change(run, MISSING_ORDER)})


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31T23:59:59.999999Z"])
def test_a_date_at_the_end_of_time_ends_no_run(tap: Tap, store: Shop, date: str) -> None:
    """Year 1 is what .NET writes for no date; Python can't subtract an hour from it."""
    state = saved("complete")
    for _, bookmark in partitions(state):
        for name, value in bookmark.items():
            if isinstance(value, str) and value.startswith("2026-"):
                bookmark[name] = date

    run = tap.run(store.config(**STREAMS), state=state, expect=None)

    assert "stream map" not in run.log
    assert run.records("warehouses")  # after all others


def _last_change(run: Run, order_id: str) -> str:
    (date,) = {o["lastChange"] for o in run.records("orders") if o["orderId"] == order_id}
    return str(date)


def _no_date(bookmark: Json) -> None:
    for name, value in bookmark.items():
        if isinstance(value, str) and value.startswith("2026-"):
            bookmark[name] = "yesterday"


def _impossible_date(bookmark: Json) -> None:
    for name, value in bookmark.items():
        if isinstance(value, str) and value.startswith("2026-"):
            bookmark[name] = "2026-13-45"


def _other_types(bookmark: Json) -> None:
    for name in bookmark.keys() - {"context", "version", "replication_key"}:
        bookmark[name] = [{"a": 1}]


def _no_version(bookmark: Json) -> None:
    del bookmark["version"]


def _one_field(bookmark: Json) -> None:
    for name in bookmark.keys() - {"context", "version", "replication_key", "seen_at"}:
        del bookmark[name]
    bookmark["seen_at"] = 5


@pytest.mark.parametrize(
    "damage",
    [_no_date, _impossible_date, _other_types, _no_version, _one_field],
    ids=lambda d: d.__name__,
)
def test_a_damaged_bookmark_is_one_clear_sentence(
    tap: Tap, store: Shop, damage: Callable[[Json], None]
) -> None:
    state = saved("complete")
    damaged = set()
    for stream, bookmark in partitions(state):
        damage(bookmark)
        damaged.add(stream)

    run = tap.run(store.config(**STREAMS), state=state, expect=1)

    for stream in damaged:
        assert f"The state of {stream} can't be read." in run.log, stream
    assert "Traceback" not in run.log
    # What had no bookmark is read all the same.
    assert run.records("warehouses")


@pytest.mark.parametrize(
    ("stream", "change"),
    [
        ("orders", {"census": {"days": 0}}),
        ("orders", {"census": {"days": -1}}),
        ("orders", {"census": {"orders": "x:y"}}),
        ("orders", {"census": {"orders": "-4:d83f57"}}),
        ("orders", {"census": {"hourly_from": "2020-01-01T00:00:00Z"}}),
        ("orders", {"owed": {"1": "soon"}}),
        ("orders", {"owed": "1"}),
        ("prices", {"done_until": "many"}),
        ("prices", {"owed": ["a"]}),
        ("products", {"by": "brand"}),
        ("products", {"ids": {"checksums": "AAAA"}}),
        ("clients", {"undated": -1}),
        ("categories", {"tree": 1}),
    ],
)
def test_a_value_that_is_wrong_only_in_its_range(
    tap: Tap, store: Shop, stream: str, change: Json
) -> None:
    state = saved("complete")
    (bookmark,) = state["bookmarks"][stream]["partitions"]
    for name, value in change.items():
        bookmark[name] = {**bookmark[name], **value} if name in {"census", "ids"} else value

    run = tap.run(store.config(), state=state, select={stream}, expect=1)

    assert f"The state of {stream} can't be read. Restore the state of an earlier run" in run.log
    assert "Traceback" not in run.log
    assert not run.records(stream)


def test_a_state_of_a_newer_version_says_so(tap: Tap, store: Shop) -> None:
    state = saved("complete")
    state["bookmarks"]["coupons"]["partitions"][0]["version"] = 99

    run = tap.run(store.config(), state=state, select={"coupons"}, expect=1)

    assert "The state of coupons was written by a newer tap-vtex. Update the tap." in run.log
