"""Schemas have nothing that one target or another breaks on, down to the innermost field.

Why each rule is there: docs/schemas.md.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tap_vtex.selection import breadcrumbs
from tap_vtex.streams.masterdata.fields import TEXTS, TYPES, extended, field_of
from tap_vtex.streams.masterdata.json_schemas import fields_in
from tap_vtex.tap import TapVTEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk import Stream

Json = dict[str, Any]

STREAMS = TapVTEX(config={"master_data_entities": ["LE"]}, validate_config=False).streams
#: The shortest that a target allows, PostgreSQL's 63 bytes, and one to tell that it was cut.
LONGEST_NAME = 62
#: What target-postgres takes, with its own columns.
MOST_COLUMNS = 250

SCALARS = {"string", "boolean", "integer", "number"}
#: The types of columns, and of what is inside them, null aside.
COLUMNS = [{kind} for kind in (*SCALARS, "object")] + [{"array", "object"}]
NESTED = [
    *({kind} for kind in (SCALARS - {"integer"}) | {"object", "array"}),
    {"array", "object"},  # seen as both
    {"array", "string"},  # the same
    {"object", "string"},  # nobody says what it holds
    {"string", "number"},  # VTEX's reference and its answers disagree
]


def objections(schema: Json, keys: tuple[str, ...]) -> list[str]:
    """What one target or another would break on."""
    columns = schema["properties"]
    found = [f"root {name}" for name in schema.keys() - {"type", "properties"}]
    if schema["type"] != "object" or not columns or len(columns) > MOST_COLUMNS:
        found.append("root")
    found += [f"no column for the key {key}" for key in keys if key not in columns]
    return found + list(inside(columns, COLUMNS, keys))


def inside(fields: Json, allowed: list[set[str]], keys: Iterable[str] = ()) -> Iterator[str]:
    """What is wrong with the fields of an object, and with all that is inside them."""
    bare = Counter(name.replace("_", "").lower() for name in fields)
    yield from (f"{name} twice but for case and underscores" for name in bare if bare[name] > 1)
    for name, declared in fields.items():
        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or len(name) > LONGEST_NAME:
            yield f"{name}: name"
        if len(declared.get("description", "")) < 4 or not declared["description"].endswith("."):
            yield f"{name}: description"
        faults = about_key(declared) if name in keys else about(declared, allowed)
        yield from (f"{name}: {fault}" for fault in faults)


def about_key(declared: Json) -> Iterator[str]:
    """A key is something to compare by, and never null."""
    if declared.get("type") not in ("string", "integer") or len(declared) > 2:
        yield "a key"


def about(declared: Json, allowed: list[set[str]]) -> Iterator[str]:
    """What is wrong with a declaration.

    The lists are of what is allowed: anything that JSON Schema has besides is refused.
    """
    yield from (
        declared.keys()
        - {"type", "description", "format", "properties", "items"}
        - {"additionalProperties"}
    )
    kinds = declared.get("type")
    if not isinstance(kinds, list) or kinds[0] != "null" or set(kinds[1:]) not in allowed:
        yield "type"
        return
    if len(set(kinds)) < len(kinds) or ("array" in kinds and kinds[1] != "array"):
        yield "order of types"
    if "format" in declared and (
        declared["format"] != "date-time" or kinds[1:] != ["string"] or allowed is not COLUMNS
    ):
        yield "format"
    if declared.get("additionalProperties", False) is not (kinds[1] == "object"):
        yield "additionalProperties"
    if ("items" in declared) is not ("array" in kinds):
        yield "items"
    if "properties" in declared and (kinds[1] != "object" or not declared["properties"]):
        yield "properties"
    yield from inside(declared.get("properties", {}), NESTED)
    if "items" in declared:
        yield from (f"items: {fault}" for fault in about(declared["items"], NESTED))


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_a_schema_has_nothing_that_a_target_breaks_on(stream: Stream) -> None:
    assert objections(stream.schema, tuple(stream.primary_keys)) == []
    assert stream.primary_keys[0] == "account_name"
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", stream.name)
    if stream.replication_key:
        assert stream.schema["properties"][stream.replication_key]["format"] == "date-time"


TEXT = {"type": ["null", "string"], "description": "Some text."}
FREE = {"type": ["null", "object"], "additionalProperties": True, "description": "Some things."}
LIST = {"type": ["null", "array", "object"], "items": {"type": ["null", "string"]}}
THINGS = LIST | {"description": "Some things."}


@pytest.mark.parametrize(
    "column",
    [
        {"a": {}},
        {"a": {"description": "Any thing."}},
        {"a": {"type": ["null", "string"]}},
        {"a": TEXT | {"description": "No sentence"}},
        {"a": TEXT | {"type": "string"}},
        {"a": TEXT | {"type": ["string", "null"]}},
        {"a": TEXT | {"type": ["null", "string", "integer"]}},
        {"a": TEXT | {"format": "email"}},
        {"a": TEXT | {"format": "uuid"}},
        {"a": TEXT | {"enum": ["b", None]}},
        {"a": TEXT | {"pattern": "b"}},
        {"a": TEXT | {"type": ["null", "integer"], "format": "date-time"}},
        {"a": TEXT | {"type": ["null", "integer"], "maximum": 9}},
        {"a": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "A thing."}},
        {"a": TEXT | {"type": ["null", "object"]}},
        {"a": FREE | {"additionalProperties": False}},
        {"a": FREE | {"properties": {}}},
        {"a": FREE | {"properties": {"b": {"type": ["null", "string"]}}}},
        {"a": FREE | {"properties": {"b": TEXT | {"format": "date-time"}}}},
        {"a": FREE | {"properties": {"b": TEXT | {"type": ["null", "integer"]}}}},
        {"a": FREE | {"properties": {"b.c": TEXT}}},
        {"a": FREE | {"properties": {"b": TEXT, "B": TEXT}}},
        {"a": FREE | {"properties": {"b": FREE | {"properties": {"c": {}}}}}},
        {"a": TEXT | {"type": ["null", "array", "object"]}},
        {"a": THINGS | {"type": ["null", "array"]}},
        {"a": THINGS | {"type": ["null", "object", "array"]}},
        {"a": THINGS | {"items": {}}},
        {"a": THINGS | {"items": {"type": "string"}}},
        {"a": THINGS | {"items": FREE | {"properties": {"b": {}}}}},
        {"a b": TEXT},
        {"1a": TEXT},
        {"_sdc_a": TEXT},
        {"é": TEXT},
        {"a" * 63: TEXT},
        {"iD": TEXT},
        {"i_d": TEXT},
        {"id": TEXT},
        {"id": {"type": "string", "format": "date-time", "description": "A date."}},
        {f"a{number}": TEXT for number in range(250)},
    ],
)
def test_the_objections_are_raised(column: Json) -> None:
    key = {"type": "string", "description": "The key."}
    part = FREE | {"properties": {"b": TEXT, "c": THINGS | {"type": ["null", "array"]}}}
    good = {"id": key, "text": TEXT, "whole": FREE, "part": part, "list": THINGS}
    assert objections({"type": "object", "properties": good}, ("id",)) == []

    assert objections({"type": "object", "properties": {**good, **column}}, ("id",))


# -- what is declared --------------------------------------------------------------------


def paths(stream: str) -> set[str]:
    """All declared fields of a stream, as users write them."""
    return {".".join(crumbs[1::2]) for crumbs in breadcrumbs(STREAMS[stream].schema)}


@pytest.mark.parametrize(
    ("stream", "path"),
    [
        ("orders", "clientProfileData.email"),
        ("order_items", "priceTags.rawValue"),
        ("orders", "items.additionalInfo.dimension.height"),
        ("orders", "items.priceTags.isPercentual"),
        ("orders", "itemMetadata.Items.AssemblyOptions.Required"),
        ("orders", "packageAttachment.packages.courierStatus.data.city"),
        ("orders", "packageAttachment.packages.restitutions.Refund.items.compensationValue"),
        ("orders", "paymentData.transactions.payments.billingAddress.street"),
        ("orders", "shippingData.logisticsInfo.slas.pickupStoreInfo.address.receiverName"),
        ("orders", "subscriptionData.Subscriptions.Plan.validity.end"),
        ("orders", "authorizationPolicyData.pendingPolicies.authorizationData.authorizers.type"),
        ("orders", "changesAttachment.changesData.itemsRemoved.unitMultiplier"),
        ("incomplete_orders", "shippingData.contactInformation.phone"),
        ("carts", "items.sku_id"),
        ("clients", "checkouttag.DisplayValue"),
        ("products", "specifications.values"),
        ("skus", "Attachments.Fields.DomainValues"),
        ("promotions", "scope.brandsAreInclusive"),
        ("prices", "fixedPrices.dateRange.from"),
    ],
)
def test_what_vtex_documents_of_the_inside_is_declared(stream: str, path: str) -> None:
    assert path in paths(stream)


def test_an_order_has_as_many_fields_as_vtex_documents() -> None:
    assert 590 < len(paths("orders")) < 700


# -- fields of the store's own -----------------------------------------------------------


def test_a_schema_stays_so_whatever_fields_a_store_adds() -> None:
    kinds = (*TYPES, *TEXTS, "Hologram")
    own = [(f"campo_{chr(97 + number)}", kind) for number, kind in enumerate(kinds)]
    odd = ["Email", "first_name", "CAMPO_A", "campoB", "accountname", "x" * 63, "ç" * 40]
    odd += ["pickup-point", "a.b", "a,b", "a b", "1st", "_sdc_a", ""]
    native = STREAMS["clients"].schema

    given = [*own, *((name, "Text") for name in odd), ("accountName", "Varchar 100")]
    fields = [field_of(*one) for one in given]
    schema = extended(native, fields, "custom_fields", logging.getLogger("test"))

    assert schema["properties"].keys() == native["properties"].keys() | {name for name, _ in own}
    assert objections(schema, ("account_name", "id")) == []


TEXTS_INSIDE = {"type": ["null", "string"]}
ANYTHING = {"type": ["null", "object", "string"], "additionalProperties": True}


@pytest.mark.parametrize(
    ("declared", "kinds", "items"),
    [
        ({"type": "string"}, ["string"], None),
        ({"type": ["integer", "null"]}, ["integer"], None),
        ({"type": "number"}, ["number"], None),
        ({"type": "boolean"}, ["boolean"], None),
        ({"type": ["object", "null"], "properties": {"a": {"type": "integer"}}}, ["object"], None),
        ({"type": ["string", "integer"]}, ["string"], None),
        ({"type": ["integer", "number"]}, ["number"], None),
        ({"type": ["object", "integer"]}, ["string"], None),
        ({"type": "string", "format": "date"}, ["string"], None),
        ({"$ref": "#/$defs/status"}, ["string"], None),
        ({"$ref": "#/$defs/amount"}, ["integer"], None),
        ({"$ref": "#/$defs/circle"}, ["string"], None),
        ({"$ref": "https://example.com/schema.json"}, ["string"], None),
        ({"$ref": "#"}, ["string"], None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, ["integer"], None),
        ({"oneOf": [{"type": "integer"}, {"type": "object"}]}, ["string"], None),
        ({"anyOf": 1}, ["string"], None),
        ({"enum": ["a"]}, ["string"], None),
        ({"type": "decimal"}, ["string"], None),
        ({"type": {}}, ["string"], None),
        ({"type": "null"}, ["string"], None),
        ({}, ["string"], None),
        (True, ["string"], None),
        ({"type": "array"}, ["array", "object"], ANYTHING),
        (
            {"type": "array", "items": {"type": "integer"}},
            ["array", "object"],
            {"type": ["null", "number"]},
        ),
        (
            {"type": "array", "items": {"type": "string", "format": "date-time"}},
            ["array", "object"],
            TEXTS_INSIDE,
        ),
        ({"type": "array", "items": [{"type": "string"}]}, ["array", "object"], ANYTHING),
        ({"type": "array", "items": {"$ref": "#/$defs/status"}}, ["array", "object"], TEXTS_INSIDE),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
            ["array", "object"],
            {"type": ["null", "array"], "items": TEXTS_INSIDE},
        ),
        ({"$ref": "#/$defs/nest"}, ["array", "object"], ...),
    ],
)
def test_a_json_schema_makes_columns(declared: Any, kinds: list[str], items: Any) -> None:
    definitions = {
        "status": {"type": "string", "enum": ["new"]},
        "amount": {"$ref": "#/$defs/whole"},
        "whole": {"type": "integer"},
        "circle": {"$ref": "#/$defs/circle"},
        "nest": {"type": "array", "items": {"$ref": "#/$defs/nest"}},
    }
    (field,) = fields_in([{"properties": {"campo": declared}, "$defs": definitions}])

    schema = extended(STREAMS["md_le"].schema, [field], "custom_fields", logging.getLogger("test"))

    column = schema["properties"]["campo"]
    assert column["type"] == ["null", *kinds]
    assert items is ... or column.get("items") == items
    assert objections(schema, ("account_name", "id")) == []


def test_a_column_has_room_for_what_any_of_several_schemas_allows() -> None:
    schemas = [
        {
            "properties": {
                "a": {"type": one},
                "b": {"type": two},
                "c": {"type": "array", "items": {"type": one}},
            }
        }
        for one, two in (("integer", "string"), ("number", "object"))
    ]
    found = {field.name: field.column for field in fields_in([*schemas, {}, {"properties": []}])}
    assert found["a"] == {"type": ["null", "number"]}
    assert found["b"] is None
    assert found["c"] is not None
    assert found["c"]["items"] == {"type": ["null", "number"]}
