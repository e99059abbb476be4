"""docs/personal-data.md: what it says is so, and every field has been thought about."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml
from psycopg.sql import SQL, Identifier

from tap_vtex.selection import breadcrumbs
from tap_vtex.tap import TapVTEX
from tests.support import selection
from tests.support.tap import OFFLINE
from tests.test_project import PROJECT
from tests.test_secrets import everything, leaks, people_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

Json = dict[str, Any]

PAGE = (PROJECT / "docs" / "personal-data.md").read_text()
OWN_ENTITY = "md_<acronym>"
HASH_KEY = "a long random text"


def table_under(heading: str) -> dict[str, set[str]]:
    """The fields by stream of the table under a heading: its first two columns."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found: dict[str, set[str]] = {}
    for line in re.findall(r"^\| `.*", part, re.MULTILINE):
        streams, fields = (re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3])
        for stream in streams:
            assert found.setdefault(stream, set()).isdisjoint(fields)
            found[stream] |= set(fields)
    return found


PERSONAL = table_under("Which fields are personal")
OTHERS = table_under("All other fields")


def example(language: str, which: str) -> str:
    """The block of code on the page that holds some text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (found,) = [block for block in blocks if which in block]
    return str(found)


def root_of(path: str) -> str:
    return re.split(r"[.\[]", path)[0]


def texts_at(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a record, each with its path as the page writes it."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from texts_at(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for one in value:
            yield from texts_at(one, f"{path}[]")
    elif isinstance(value, str):
        yield path, value


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=80, days=60, clients=40, skus=12)
    shop.close()
    return shop


# -- which fields ------------------------------------------------------------------------


def test_somebody_has_decided_of_every_field() -> None:
    """A field that is added to a schema has to go into one of the page's two tables."""
    tap = TapVTEX(config={"master_data_entities": ["XX"]}, validate_config=False)
    schemas = {
        name.replace("md_xx", OWN_ENTITY): stream.schema for name, stream in tap.streams.items()
    }
    for stream, schema in schemas.items():
        fields = set(schema["properties"])
        declared = {".".join(crumbs[1::2]) for crumbs in breadcrumbs(schema)}
        assert {path.replace("[]", "") for path in PERSONAL.get(stream, ())} <= declared
        personal = {root_of(path) for path in PERSONAL.get(stream, ())}
        others = OTHERS.get(stream, set())
        whole = personal & PERSONAL.get(stream, set())
        assert not whole & others, stream
        assert personal | others == fields, stream
    assert PERSONAL.keys() | OTHERS.keys() == schemas.keys()


def test_what_says_who_somebody_is_stands_where_the_page_says(tap: Tap, shop: Shop) -> None:
    people = people_of(shop)
    run = tap.run(everything(shop), discover=True, select=PERSONAL.keys() | {"md_le", "md_nl"})

    found: dict[str, set[str]] = {}
    for message in run.messages:
        if message["type"] == "RECORD":
            at = found.setdefault(message["stream"], set())
            at |= {path for path, text in texts_at(message["record"]) if text in people}
    own = {"correio", "nome", "email", "name", "Email"}  # columns of the store's own
    for stream, paths in found.items():
        listed = PERSONAL.get(OWN_ENTITY if stream.startswith("md_") else stream, set())
        for path in paths:
            parents = {path[: end.start()] for end in re.finditer(r"[.\[]|$", path)}
            parents |= {f"{parent}[]" for parent in parents}
            assert parents & listed or (stream.startswith("md_") and path in own), (stream, path)
    assert {"clientProfileData.email", "shippingData.address.street"} <= found["orders"]
    assert {"document.correio", "email"} <= found["newsletter"]


# -- leaving out and hashing -------------------------------------------------------------


def chosen(tap: Tap, shop: Shop, folder: Path, **settings: Any) -> Run:
    """A run with the page's ``select``, as Meltano applies it to what the tap discovers."""
    config = everything(shop, **settings)
    known = {name: value for name, value in config.items() if name in OFFLINE}
    patterns = yaml.safe_load(example("yaml", "select:"))["select"]
    (folder / "chosen.json").write_text(json.dumps(selection.chosen(patterns, known)))
    return tap.run(config, more=["--catalog", str(folder / "chosen.json")])


def keys_of(run: Run) -> Json:
    """The keys of clients that each stream has."""
    orders = run.records("orders")
    return {
        "orders": {row["orderId"]: row["clientProfileData"]["userProfileId"] for row in orders},
        "order_items": {row["orderId"]: row["userProfileId"] for row in run.records("order_items")},
        "carts": {row["userId"] for row in run.records("carts")},
        "clients": {row["userId"] for row in run.records("clients")},
        "newsletter": {row.get("userId") for row in run.records("newsletter")},
        "ids": {row["id"] for row in run.records("clients")},
        "ids of carts": {row["client_id"] for row in run.records("carts")},
    }


def hashed(key: Any) -> Any:
    if isinstance(key, dict):
        return {name: hashed(one) for name, one in key.items()}
    if isinstance(key, set):
        return {hashed(one) for one in key}
    return key and hashlib.sha256((HASH_KEY + key).encode()).hexdigest()


def test_what_is_left_out_and_hashed_is_gone_and_the_joins_hold(
    tap: Tap, shop: Shop, tmp_path: Path
) -> None:
    plain = keys_of(tap.run(shop.config(), select={*("orders", "order_items", "carts"), "clients"}))
    plain["newsletter"] = plain["clients"] | {None}  # of NL nobody knows the client
    maps = yaml.safe_load(example("yaml", "stream_maps:"))["config"]
    assert maps["stream_map_config"] == {"hash_key": "${HASH_KEY}"}
    maps["stream_map_config"] = {"hash_key": HASH_KEY}

    run = chosen(tap, shop, tmp_path, **maps)

    assert keys_of(run) == hashed(plain)
    assert not leaks("\n".join(run.lines), people_of(shop))
    assert not leaks(run.log, {HASH_KEY})
    # The joins of all streams are those that they were.
    clients = {row["userId"] for row in run.records("clients")}
    buyers = {row["clientProfileData"]["userProfileId"] for row in run.records("orders")}
    assert buyers & clients
    assert {row["userId"] for row in run.records("carts")} <= clients
    assert len(run.records("orders")) == len(shop.orders())
    for schema in (message for message in run.messages if message["type"] == "SCHEMA"):
        assert set(schema["key_properties"]) <= schema["schema"]["properties"].keys()


def test_leaving_out_by_itself_keeps_the_keys(tap: Tap, shop: Shop, tmp_path: Path) -> None:
    run = chosen(tap, shop, tmp_path)

    for row in run.records("newsletter"):
        fields = {"account_name", "source_entity", "id", "last_activity_at", "userId", "opt_in"}
        assert row.keys() <= fields
    (cart, *_) = run.records("carts")
    assert {"client_id", "userId", "items"} <= cart.keys()
    assert not {"email", "document", "custom_fields", "rclastcart"} & cart.keys()
    clients = shop.documents("CL").values()
    said = {client[name] for client in clients for name in ("email", "document", "homePhone")}
    assert not leaks("\n".join(run.lines), said - {None})
    for row in run.records("orders"):
        assert row["clientProfileData"]["userProfileId"]
        assert not {"email", "firstName", "lastName"} & row["clientProfileData"].keys()
        assert all(payment["value"] for payment in payments_of(row))
        assert not any(payment.keys() & {"cardHolder", "tid"} for payment in payments_of(row))


def payments_of(order: Json) -> list[Json]:
    return [one for made in order["paymentData"]["transactions"] for one in made["payments"]]


# -- erasing -----------------------------------------------------------------------------


class TestErasing:
    STREAMS = (
        *("orders", "order_items", "payments", "packages"),
        *("carts", "clients", "newsletter", "addresses"),
    )

    def do(self, warehouse: Warehouse, which: str, **values: str) -> None:
        """Run the page's statements, with values in place of the names."""
        for name in re.findall(r"(?<!:):([a-z]+)", example("sql", which)):
            assert name in values
        statements = re.sub(
            r"(?<!:):([a-z]+)", lambda found: values[found[1]], example("sql", which)
        )
        with psycopg.connect(warehouse.address) as connection:
            connection.execute(statements.encode())

    def text_of(self, warehouse: Warehouse, *tables: str) -> str:
        names = tables or self.STREAMS
        return "\n".join(
            json.dumps(
                warehouse.rows(SQL("SELECT * FROM vtex.{}").format(Identifier(name))), default=str
            )
            for name in names
        )

    def test_one_person(self, tap: Tap, shop: Shop, warehouse: Warehouse) -> None:
        warehouse.sync(tap, shop.config(), select=self.STREAMS)
        buyer = next(iter(shop.orders().values()))["clientProfileData"]
        person = buyer["userProfileId"]
        assert leaks(self.text_of(warehouse), {person, buyer["document"]})
        before = len(warehouse.rows("SELECT * FROM vtex.orders"))

        self.do(warehouse, '"userProfileId" = NULL', person=f"'{person}'")

        assert not leaks(self.text_of(warehouse), {person, buyer["document"]})
        assert len(warehouse.rows("SELECT * FROM vtex.orders")) == before
        assert warehouse.rows("SELECT * FROM vtex.clients")

    def test_one_person_whose_key_is_hashed(
        self, tap: Tap, shop: Shop, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        maps = yaml.safe_load(example("yaml", "stream_maps:"))["config"]
        maps["stream_map_config"] = {"hash_key": HASH_KEY}
        warehouse.load("\n".join(chosen(tap, shop, tmp_path, **maps).lines) + "\n")
        person = next(iter(shop.documents("CL").values()))["userId"]
        (form,) = re.findall(r"`(encode\(.*?\))`", PAGE)
        in_sql = form.replace("the hash key", HASH_KEY).replace("the userId", person)

        (found,) = warehouse.rows(
            f'SELECT count(*) FROM vtex.clients WHERE "userId" = {in_sql}'.encode()  # noqa: S608
        )
        assert found == {"count": 1}

    def test_whoever_the_store_has_erased(self, tap: Tap, shop: Shop, warehouse: Warehouse) -> None:
        warehouse.sync(tap, shop.config(), select=self.STREAMS)
        gone: dict[str, int] = {}
        for acronym in ("CL", "AD", "NL"):
            entity, numbers = shop.store.entities[acronym], shop.numbers(acronym)
            gone |= dict(list(numbers.items())[:3])
            entity.deleted |= dict.fromkeys(list(numbers.values())[:3], shop.store.clock.now())
        shop.pass_time(minutes=10)
        assert len(leaks(self.text_of(warehouse), gone)) == len(gone)

        (now,) = warehouse.rows("SELECT now() AT TIME ZONE 'UTC' AS now")
        streams = self.STREAMS[2:]
        run = tap.run(shop.config(), select=streams)
        warehouse.load("\n".join(run.lines) + "\n")
        self.do(warehouse, "_sdc_extracted_at", began=f"'{now['now']}'")

        assert not leaks(self.text_of(warehouse, *streams), gone)
        for stream, acronym in (("clients", "CL"), ("addresses", "AD")):
            rows = warehouse.rows(SQL("SELECT id FROM vtex.{}").format(Identifier(stream)))
            assert {row["id"] for row in rows} == shop.documents(acronym).keys()
        assert len(warehouse.rows("SELECT * FROM vtex.orders")) == len(shop.orders())
