"""Any target: records that all of them can store. What schemas must not have is in test_schemas."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from psycopg.sql import SQL, Identifier

from tap_vtex import dates
from tap_vtex.tap import TapVTEX
from tests.streams.test_per_sku import prices_of, stock_of
from tests.support.hostile import Hostile
from tests.support.lowercasing import LowerCasing, as_stored
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import LiteralString

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

Json = dict[str, Any]

#: Of version 1 and of version 2, with a schema and without.
ENTITIES = [
    "LE",
    "vtex_return_app_returnRequest",
    {"entity": "wishlist", "schema": "wishlist"},
    "pesquisa-NPS",
]
STREAMS = TapVTEX(config={"master_data_entities": ENTITIES}, validate_config=False).streams


@pytest.fixture
def by_copy(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """With the settings of meltano.yml, where other tests have the target's own."""
    loaders = yaml.safe_load((PROJECT / "meltano.yml").read_text())["plugins"]["loaders"]
    settings = {one["name"]: one["value"] for one in loaders[0]["settings"] if "value" in one}
    assert settings["use_copy"]
    path = tmp_path / "target.json"
    path.write_text(json.dumps(settings | json.loads(path.read_text())))
    return warehouse


# -- messages ----------------------------------------------------------------------------


#: Where answers are spoilt, and what has to stay: ids, and what the tap goes by.
SPOILT: dict[str, Json] = {
    r"/api/oms/pvt/orders/.": {
        "keep": {"orderId"},
        "long": "lastMessage",
        "inside": "items",
    },
    r"/api/dataentities/CL/(scroll|search)": {
        "keep": {"id", "createdIn", "updatedIn", "lastInteractionIn"},
        "long": "lastName",
    },
    r"/api/catalog/pvt/product/\d+$": {"keep": {"Id"}, "long": "Description"},
    r"/api/catalog_system/pvt/sku/stockkeepingunitbyid/": {
        "keep": {"Id", "ProductId"},
        "long": "ProductDescription",
    },
}
SPOILT_STREAMS = ("orders", "order_items", "clients", "carts", "newsletter", "products", "skus")


@pytest.fixture
def spoilt(open_shop: Callable[..., Shop]) -> Shop:
    """A store whose documents hold everything that a target could break on."""
    shop = open_shop(orders=60, days=30, clients=60, skus=60)
    shop.close()
    shop.pass_time(minutes=30)
    for path, how in SPOILT.items():
        shop.store.faults.append(Hostile("null", path, times=None, **how))
    return shop


def read_spoilt(tap: Tap, shop: Shop) -> Run:
    run = tap.run(shop.config(), select=SPOILT_STREAMS)
    assert {row["orderId"] for row in run.records("orders")} == shop.orders().keys()
    assert {row["id"] for row in run.records("clients")} == shop.documents("CL").keys()
    catalog = shop.store.catalog
    assert {row["Id"] for row in run.records("skus")} == set(map(str, catalog.sku_ids()))
    assert {row["Id"] for row in run.records("products")} == set(map(str, catalog.product_ids()))
    return run


def test_every_message_can_be_read_and_fits_its_schema(tap: Tap, spoilt: Shop) -> None:
    run = read_spoilt(tap, spoilt)

    columns: dict[str, Json] = {}
    checks, keys = {}, {}
    for line in run.lines:
        message = json.loads(line, parse_constant=pytest.fail)  # NaN and its kin are no JSON
        if message["type"] == "SCHEMA":
            columns[message["stream"]] = message["schema"]["properties"]
            checks[message["stream"]] = Draft202012Validator(message["schema"])
            keys[message["stream"]] = message["key_properties"]
        elif message["type"] == "RECORD":
            record, stream = message["record"], message["stream"]
            checks[stream].validate(record)
            assert all(record[key] not in (None, "") for key in keys[stream])
            assert "\0" not in json.dumps(record, ensure_ascii=False)
            json.dumps(record, ensure_ascii=False).encode()  # no halves of pairs
            for name, declared in columns[stream].items():
                check_value(record.get(name), declared)


def check_value(value: Any, declared: Json) -> None:
    if value is not None and "integer" in declared["type"]:
        assert -(2**63) <= value < 2**63
    if value is not None and declared.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value)
        assert datetime.fromisoformat(value)


@pytest.mark.services
@pytest.mark.parametrize("kind", ["warehouse", "by_copy", "lowercasing"])
def test_whatever_a_document_holds_is_stored(
    tap: Tap, target: Target, spoilt: Shop, kind: str, request: pytest.FixtureRequest
) -> None:
    warehouse: Warehouse = request.getfixturevalue(kind)
    run = read_spoilt(tap, spoilt)
    target.take(run.lines)

    warehouse.load("\n".join(run.lines) + "\n")

    assert target.tables.keys() == set(SPOILT_STREAMS)
    for stream in SPOILT_STREAMS:
        assert_holds(warehouse, target, stream)


# -- a target that writes names in lower case --------------------------------------------


@pytest.mark.long
def test_two_runs_of_every_stream_into_a_target_that_writes_names_in_lower_case(
    tap: Tap, target: Target, open_shop: Callable[..., Shop], lowercasing: LowerCasing
) -> None:
    shop = open_shop(orders=40, days=40, clients=40, skus=20)
    shop.close()
    shop.pass_time(minutes=30)
    config = shop.config(
        master_data_entities=ENTITIES, prices_refresh_hours=0, inventory_refresh_hours=0
    )
    for turn in range(2):
        if turn:
            change(shop)
        run = lowercasing.sync(tap, config, select=STREAMS, discover=True)
        target.take(run.lines)
        assert run.records("orders")
        assert (len(run.records("orders")) < 20) == bool(turn)

    assert target.tables.keys() == STREAMS.keys()
    for stream in STREAMS:
        assert_holds(lowercasing, target, stream)
    assert_holds_truth(lowercasing, shop)


def change(shop: Shop) -> None:
    """Change, and add, something of everything."""
    shop.pass_time(hours=20)
    catalog, now = shop.store.catalog, shop.store.clock.now()
    shop.act("cancel", *list(shop.orders())[-12::3])
    for number, client in enumerate(list(shop.documents("CL"))[::9]):
        shop.edit("CL", client, lastName=f"d'Ávila {number}", rclastcart=f"add?sku={number}&qty=1")
    catalog.edit_sku(7, now, Name="Novo nome")
    catalog.add_product(now, skus=3)
    shop.store.pricing.set_price(5, basePrice=11.5)
    shop.store.promotions.add_promotion(now)
    shop.store.coupons.add_coupon(now)
    shop.pass_time(minutes=10)


def assert_holds_truth(lowercasing: LowerCasing, shop: Shop) -> None:
    """Some of it at least is what the store has, by another way than through the tap."""

    def table(query: LiteralString) -> dict[Any, Any]:
        rows = [tuple(row.values()) for row in lowercasing.rows(query)]
        assert len({key for key, *_ in rows}) == len(rows)
        return dict(rows)

    orders, clients = shop.orders(), shop.documents("CL")
    assert table("SELECT orderid, status FROM vtex.orders") == {
        key: order["status"] for key, order in orders.items()
    }
    assert table("SELECT orderid, sum(price)::int FROM vtex.order_items GROUP BY orderid") == {
        key: sum(item["price"] for item in order["items"]) for key, order in orders.items()
    }
    assert table("SELECT id, lastname FROM vtex.clients") == {
        key: client["lastName"] or None for key, client in clients.items()
    }
    carts = table("SELECT client_id, items->0->>'sku_id' FROM vtex.carts")
    edited = list(clients)[::9]
    assert [carts[key] for key in edited] == [str(number) for number in range(len(edited))]
    assert table("SELECT id, skuname FROM vtex.skus")["7"] == "Novo nome"
    assert table("SELECT id, name FROM vtex.products").keys() == {
        str(key) for key in shop.store.catalog.product_ids()
    }
    assert table("SELECT itemid, baseprice FROM vtex.prices") == {
        key: price["basePrice"] for key, price in prices_of(shop).items()
    }
    assert table("SELECT skuid || ' ' || warehouseid, totalquantity::int FROM vtex.inventory") == {
        " ".join(key): row["totalQuantity"] for key, row in stock_of(shop).items()
    }


def assert_holds(warehouse: Warehouse, target: Target, stream: str) -> None:
    """A table has the rows that were sent."""
    stored = as_stored if isinstance(warehouse, LowerCasing) else dict[str, Any]
    keys = [next(iter(stored({key: 1}))) for key in STREAMS[stream].primary_keys]
    found = warehouse.rows(SQL("SELECT * FROM vtex.{}").format(Identifier(stream)))
    rows = {tuple(row[key] for key in keys): row for row in found}
    assert len(found) == len(rows)
    assert rows.keys() == target.tables[stream].keys()
    for key, record in target.tables[stream].items():
        assert comparable_row(rows[key]) == comparable_row(stored(record)), stream


def comparable_row(row: Json) -> Json:
    """What there is in a row: a field that VTEX did not send is a null in the table."""
    return {
        name: comparable(value)
        for name, value in row.items()
        if value is not None and not name.startswith("_sdc_")
    }


def comparable(value: Any) -> Any:
    """A value in JSON, with numbers as precise as all targets keep them."""
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, datetime):
        return dates.text(value.replace(tzinfo=UTC))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(str(value))  # infinite where it is too large
    return value
