"""What is inside objects and lists: left out, made columns, and of another kind than declared."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tap_vtex.selection import breadcrumbs
from tap_vtex.tap import TapVTEX
from tests.support.files import through_avro, through_jsonl, through_transformer
from tests.support.mischief import Altered
from tests.support.postgres import PROJECT, as_sent
from tests.support.selection import chosen
from tests.support.shop import ORDER_LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

Json = dict[str, Any]

ORDER = ORDER_LIST + "/."
HIDDEN = "somebody@else.com"
SHOWN = "Zuzana"
FLAT = {
    "flattening_enabled": True,
    "flattening_max_depth": 2,
    # PostgreSQL's names end after 63 characters.
    "flattening_max_key_length": 60,
}


@dataclass
class Replaced(Altered):
    """Answers in which a field of the document holds something else."""

    fields: Json = field(default_factory=dict)

    def alter(self, content: Any, status: int) -> Any:
        """Put the other values in; a path like ``items.0.price`` leads inside."""
        if status == 200 and isinstance(content, dict):
            for path, value in self.fields.items():
                *above, name = path.split(".")
                at = content
                for one in above:
                    at = at[int(one)] if isinstance(at, list) else at[one]
                at[int(name) if isinstance(at, list) else name] = value
        return content


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=40, days=60, clients=30, skus=12)
    shop.close()
    return shop


@pytest.fixture
def run_with(tap: Tap, shop: Shop, tmp_path: Path) -> Callable[..., Run]:
    """Runs the tap with Meltano's rules, and with fields of the orders replaced."""

    def run(*rules: str, replaced: Json | None = None, **config: Any) -> Run:
        if replaced:
            shop.store.faults.append(Replaced("null", ORDER, times=None, fields=replaced))
        (tmp_path / "chosen.json").write_text(json.dumps(chosen(rules)))
        more = ["--catalog", str(tmp_path / "chosen.json")]
        return tap.run(shop.config(**config), more=more)

    return run


# -- leaving out -------------------------------------------------------------------------


LEFT_OUT = (
    *("clientProfileData.email", "shippingData.address.receiverName", "items.imageUrl"),
    *("shippingData.selectedAddresses.receiverName", "paymentData.transactions.payments.tid"),
)


def test_fields_inside_objects_and_lists_are_left_out_everywhere(
    run_with: Callable[..., Run], shop: Shop
) -> None:
    run = run_with("orders.*", *(f"!orders.{path}" for path in LEFT_OUT))

    records = {row["orderId"]: row for row in run.records("orders")}
    assert records.keys() == shop.orders().keys()
    gone: set[str] = set()
    for key, order in shop.orders().items():
        for path in LEFT_OUT:
            gone |= {value for value in remove(order, path.split(".")) if value}
        assert {name: records[key][name] for name in order if not name.endswith(DATES)} == {
            name: value for name, value in order.items() if not name.endswith(DATES)
        }
    assert len(gone) > 40
    # Names stand elsewhere as well.
    alone = gone - {one for row in records.values() for one in texts_in(row)}
    assert len(alone) > 30
    for text in alone:
        assert f'"{text}"' not in "\n".join(run.lines)
    (schema,) = (one["schema"] for one in run.messages if one["type"] == "SCHEMA")
    declared = {".".join(crumbs[1::2]) for crumbs in breadcrumbs(schema)}
    assert not declared & set(LEFT_OUT)
    assert {"clientProfileData.firstName", "items.detailUrl"} <= declared


DATES = ("Date", "lastChange")


def remove(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Take a field out, of all elements of lists; yield what it held."""
    if isinstance(value, list):
        for one in value:
            yield from remove(one, path)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            yield value.pop(path[0])
        else:
            yield from remove(value[path[0]], path[1:])


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value


def test_a_stream_map_may_fill_a_column_that_is_left_out(run_with: Callable[..., Run]) -> None:
    maps = {"orders": {"followUpEmail": "'hidden'", "totals": "'none'"}}
    rules = ("orders.*", "!orders.followUpEmail", "!orders.totals.name", "!orders.items.imageUrl")

    run = run_with(*rules, stream_maps=maps)

    (schema,) = (one["schema"] for one in run.messages if one["type"] == "SCHEMA")
    assert "string" in schema["properties"]["followUpEmail"]["type"]
    assert "imageUrl" not in schema["properties"]["items"]["items"]["properties"]
    for row in run.records("orders"):
        assert row["followUpEmail"] == "hidden"
        assert row["totals"] == "none"


def test_a_field_that_is_left_out_gets_no_column_by_flattening(
    run_with: Callable[..., Run],
) -> None:
    run = run_with("orders.*", "!orders.clientProfileData.email", "!orders.items.imageUrl", **FLAT)

    (schema,) = (one["schema"] for one in run.messages if one["type"] == "SCHEMA")
    assert "clientProfileData__phone" in schema["properties"]
    assert "clientProfileData__email" not in schema["properties"]
    for row in run.records("orders"):
        assert row["clientProfileData__phone"]
        assert "clientProfileData__email" not in row
        assert "detailUrl" in row["items"]
        assert "imageUrl" not in row["items"]


@pytest.mark.parametrize(
    ("profile", "left"),
    [
        ({"email": [HIDDEN], "firstName": SHOWN}, {"firstName": SHOWN}),
        ({"email": {"address": HIDDEN}}, {}),
        ([{"email": HIDDEN, "firstName": SHOWN}], None),
        (f'{{"email": "{HIDDEN}", "firstName": "{SHOWN}"}}', None),
    ],
)
def test_a_field_that_is_left_out_stays_out_whatever_shape_it_comes_in(
    run_with: Callable[..., Run], profile: Any, left: Any
) -> None:
    rules = ("orders.*", "!orders.clientProfileData.email")

    run = run_with(*rules, replaced={"clientProfileData": profile})

    for row in run.records("orders"):
        assert row["clientProfileData"] == left
        is_list = isinstance(profile, list)
        assert row["other_fields"] == (
            {"clientProfileData": [{"firstName": SHOWN}]} if is_list else None
        )
    assert HIDDEN not in "\n".join(run.lines)


def test_a_column_that_is_left_out_stays_out_whatever_kind_of_value_it_holds(
    run_with: Callable[..., Run],
) -> None:
    replaced = {
        "authorizationPolicyData": {"status": HIDDEN},
        "totals": HIDDEN,
        "clientProfileData": [HIDDEN],
        "followUpEmail": {"address": HIDDEN},
    }

    run = run_with("orders.*", *(f"!orders.{name}" for name in replaced), replaced=replaced)

    for row in run.records("orders"):
        assert row["other_fields"] is None
        assert not row.keys() & replaced.keys()
    assert HIDDEN not in "\n".join(run.lines)


def test_a_container_without_one_of_its_fields_is_warned_of(run_with: Callable[..., Run]) -> None:
    run = run_with("orders.orderId", "orders.totals", "orders.clientProfileData.userProfileId")

    assert run.log.count("is selected, but none of its fields are") == 1
    assert "Stream orders: totals is selected" in run.log
    assert "write orders.totals* for all of it" in run.log
    for row in run.records("orders"):
        assert row["totals"] == [{}] * 4
        assert list(row["clientProfileData"]) == ["userProfileId"]


# -- values of another kind --------------------------------------------------------------


def test_an_object_in_place_of_a_list_is_in_its_column(
    run_with: Callable[..., Run], warehouse: Warehouse
) -> None:
    policies = {"status": "accepted", "deniedPolicies": [], "acceptedPolicies": []}

    run = run_with("orders.*", replaced={"authorizationPolicyData": policies})
    warehouse.load("\n".join(run.lines) + "\n")

    for row in (*run.records("orders"), *warehouse.rows("SELECT * FROM vtex.orders")):
        assert row["authorizationPolicyData"] == policies
        assert not row["other_fields"]


def test_what_fits_nowhere_is_kept_under_its_path(run_with: Callable[..., Run]) -> None:
    run = run_with(
        "orders.*",
        replaced={
            "items.0.price": "R$ 10",
            "items.0.name": 105,
            "items.0.new": {"a": 1},
            "storePreferencesData": ["BRL"],
            "clientProfileData.isCorporate": "true",
        },
    )

    for row in run.records("orders"):
        assert row["other_fields"] == {"items[0].price": "R$ 10", "storePreferencesData": ["BRL"]}
        assert row["items"][0]["price"] is None
        assert row["items"][0]["name"] == "105"
        assert row["items"][0]["new"] == {"a": 1}
        assert row["clientProfileData"]["isCorporate"] is True


def test_how_to_ask_about_empty_json_columns(
    run_with: Callable[..., Run], warehouse: Warehouse
) -> None:
    page = (PROJECT / "docs/tables.md").read_text()
    (block,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    has, lacks, is_list = (query.encode() for query in block.splitlines())
    messages = run_with("orders.*").messages
    orders = [message["record"] for message in messages if message["type"] == "RECORD"]
    for number, order in enumerate(orders):
        order["other_fields"] = {"new": 1} if number % 2 else None
        order["authorizationPolicyData"] = [[], {}, None][number % 3]

    warehouse.load("\n".join(map(json.dumps, messages)) + "\n")
    # What there is in rows of other targets, and of this one before a column was added.
    warehouse.rows('UPDATE vtex.orders SET "marketingData" = NULL RETURNING 1')

    def found(query: bytes) -> set[str]:
        return {row["orderId"] for row in warehouse.rows(query)}

    ids = [order["orderId"] for order in orders]
    assert found(has) == set(ids[1::2])
    assert found(lacks) == set(ids)
    assert found(is_list) == set(ids[::3])
    # What the page warns of.
    assert found(b"SELECT * FROM vtex.orders WHERE other_fields IS NOT NULL") == set(ids)
    some = found(b"SELECT * FROM vtex.orders WHERE coalesce(other_fields, 'null') = 'null'")
    assert some == set(ids[::2])


# -- flattening --------------------------------------------------------------------------


TYPES = {
    "clientProfileData__email": "text",
    "clientProfileData__isCorporate": "boolean",
    "storePreferencesData__currencyLocale": "numeric",
    "shippingData__address__street": "text",
    "shippingData__logisticsInfo": "text",
    "other_fields": "text",
    "totals": "text",
}


@pytest.mark.parametrize("by_tap", [True, False])
def test_flattening_makes_columns_of_what_is_inside_objects(
    run_with: Callable[..., Run], warehouse: Warehouse, shop: Shop, tmp_path: Path, by_tap: bool
) -> None:
    replaced = {
        "storePreferencesData.currencyLocale": "pt-BR",
        "clientProfileData.email": {"address": HIDDEN},
    }
    if not by_tap:
        path = tmp_path / "target.json"
        path.write_text(json.dumps(FLAT | json.loads(path.read_text())))

    run = run_with("orders.*", replaced=replaced, **(FLAT if by_tap else {}))
    warehouse.load("\n".join(run.lines) + "\n")

    columns = warehouse.rows(
        "SELECT column_name AS name, data_type AS type FROM information_schema.columns"
        " WHERE table_schema = 'vtex' AND table_name = 'orders'"
    )
    assert TYPES.items() <= {one["name"]: one["type"] for one in columns}.items()
    rows = {row["orderId"]: as_sent(row) for row in warehouse.rows("SELECT * FROM vtex.orders")}
    for key, order in shop.orders().items():
        assert rows[key]["clientProfileData__firstName"] == order["clientProfileData"]["firstName"]
        assert json.loads(rows[key]["totals"]) == order["totals"]
        assert rows[key]["storePreferencesData__currencyLocale"] is None
        assert json.loads(rows[key]["other_fields"]) == {
            "storePreferencesData.currencyLocale": "pt-BR",
            "clientProfileData.email": {"address": HIDDEN},
        }


# -- other targets -----------------------------------------------------------------------


UNLIKE_THE_REFERENCE = {
    "items.0.price": "12.50",
    "items.0.sellingPrice": "R$ 10",
    "totals": {"id": "Items"},
    "storePreferencesData": ["BRL"],
    "clientProfileData.nickname": {"a": [1]},
    "hologram": {"a": 1},
}


@pytest.mark.services
def test_target_jsonl_keeps_every_record(run_with: Callable[..., Run], tmp_path: Path) -> None:
    run = run_with("orders.*", replaced=UNLIKE_THE_REFERENCE)

    rows = through_jsonl(run.lines, "orders", tmp_path)

    assert rows == run.records("orders")
    assert rows[0]["items"][0]["price"] == 12.5
    assert rows[0]["totals"] == {"id": "Items"}
    assert rows[0]["clientProfileData"]["nickname"] == {"a": [1]}
    assert rows[0]["other_fields"] == {
        "items[0].sellingPrice": "R$ 10",
        "storePreferencesData": ["BRL"],
        "hologram": {"a": 1},
    }


@pytest.mark.services
def test_an_avro_file_has_the_flattened_records(
    run_with: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_with("orders.*", replaced=UNLIKE_THE_REFERENCE, **FLAT)

    rows = {row["orderId"]: row for row in through_avro(run.lines, "orders", tmp_path)}

    records = run.records("orders")
    assert len(records) == len(rows) > 30
    for record in records:
        row = rows[record["orderId"]]
        # The rest are objects that are null, for which the SDK adds a field.
        plain = {name for name in record.keys() & row.keys() if not name.endswith(DATES)}
        assert {name: row[name] for name in plain} == {name: record[name] for name in plain}
        assert row["clientProfileData__email"]
        assert json.loads(row["items"])[0]["price"] == 12.5


@pytest.mark.services
def test_singer_pythons_transformer_keeps_what_is_declared(run_with: Callable[..., Run]) -> None:
    run = run_with("orders.*", replaced=UNLIKE_THE_REFERENCE)
    records = run.records("orders")

    transformed = through_transformer(run.lines)

    for record in records:
        assert record["clientProfileData"].pop("nickname")
    assert [without_flags(row) for row in transformed] == [without_flags(row) for row in records]


def without_flags(value: Any) -> Any:
    """A value without its booleans: the Transformer makes false of those that are null."""
    if isinstance(value, dict):
        kept = {name: without_flags(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (None, False, True)}
    return [without_flags(one) for one in value] if isinstance(value, list) else value


# -- drift -------------------------------------------------------------------------------


ANYTHING: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "text", "12.50", 5, -0.5, 2**70, True, [], ["text"], [None, {}], {}, {"a": [1]}]
)
#: Where to put something, and what: a share of the way through all that is in the document.
DRIFT = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), ANYTHING), max_size=6)


@pytest.fixture(
    params=[
        {},
        FLAT,
        {"validate_records": False, "use_copy": True},
        {"validate_records": False, **FLAT},
        "in lower case",
    ]
)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """target-postgres with each kind of settings, and the target that writes in lower case."""
    if request.param == "in lower case":
        lowercasing: Warehouse = request.getfixturevalue("lowercasing")
        return lowercasing
    warehouse: Warehouse = request.getfixturevalue("warehouse")
    path = tmp_path / "target.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | request.param))
    return warehouse


@pytest.mark.services
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(drifts=st.lists(DRIFT, min_size=20, max_size=40))
def test_whatever_a_document_holds_no_target_ends(
    shop: Shop, anywhere: Warehouse, drifts: list[list[tuple[float, Any]]]
) -> None:
    stream = TapVTEX(config={"account_name": "ipe"}, validate_config=False).streams["orders"]
    # As target-jsonl does.
    fits = Draft4Validator(stream.schema)
    keys = ["account_name", "orderId"]
    told = {"stream": "orders", "schema": stream.schema, "key_properties": keys}
    messages: list[Json] = [{"type": "SCHEMA", **told}]

    for number, (order, drift) in enumerate(zip(shop.orders().values(), drifts, strict=False)):
        document = drifted(order, drift) | {"orderId": f"order {number}"}
        record = stream.post_process(document)
        assert record is not None
        fits.validate(record)
        record["account_name"] = "ipe"
        messages.append({"type": "RECORD", "stream": "orders", "record": record})
    messages.append({"type": "STATE", "value": {"bookmarks": {}}})
    anywhere.load("\n".join(map(json.dumps, messages)) + "\n")

    (row,) = anywhere.rows("SELECT count(*) FROM vtex.orders")
    assert row["count"] >= len(messages) - 2


def drifted(document: Json, drift: list[tuple[float, Any]]) -> Json:
    """A copy of a document in which other values stand at some places, however deep."""
    document = copy.deepcopy(document)
    for share, value in drift:
        places = list(places_in(document))
        at, name = places[int(share * len(places))]
        at[name] = copy.deepcopy(value)  # or one could come to stand within itself
    return document


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document where a value stands: what holds it, and its name there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in list(inside):
        yield value, name
        if isinstance(one, dict | list):
            yield from places_in(one)
