from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tap_vtex.records import Conformer

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "text": {"type": ["string", "null"]},
        "date": {"type": ["string", "null"], "format": "date-time"},
        "count": {"type": ["integer", "null"]},
        "money": {"type": ["number", "null"]},
        "flag": {"type": ["boolean", "null"]},
        "thing": {"type": ["object", "null"], "additionalProperties": True},
        "list": {"type": ["array", "null"]},
        "other_fields": {"type": ["object", "null"], "additionalProperties": True},
    },
}
conform = Conformer(SCHEMA, "other_fields")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
NAMES = st.sampled_from([*SCHEMA["properties"], "unknown"])


@pytest.mark.parametrize(
    ("field", "sent", "emitted"),
    [
        ("text", 105, "105"),
        ("text", True, "true"),
        ("text", "", ""),
        ("date", "", None),
        ("date", "2024-02-04T20:09:43.8999580+00:00", "2024-02-04T20:09:43.899958Z"),
        ("count", 3.0, 3),
        ("count", "12", 12),
        ("count", "", None),
        ("money", "12.50", 12.5),
        ("money", 7, 7),
        ("flag", "False", False),
        ("flag", "true", True),
        ("thing", {"a": 1}, {"a": 1}),
        ("list", [1], [1]),
    ],
)
def test_what_can_be_read_as_the_declared_type_is(field: str, sent: Any, emitted: Any) -> None:
    record = conform({"id": "1", field: sent})

    assert record[field] == emitted
    assert type(record[field]) is type(emitted)
    assert record["other_fields"] is None


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("text", {"a": 1}),
        ("date", "soon"),
        ("date", 20240101),
        ("count", 1.5),
        ("count", 2**63),
        ("count", True),
        ("money", "R$ 10"),
        ("money", float("inf")),
        ("flag", 1),
        ("thing", "text"),
        ("list", {}),
        ("unknown", "new"),
        ("unknown", None),
    ],
)
def test_what_does_not_fit_is_kept_as_it_came(field: str, sent: Any) -> None:
    record = conform({"id": "1", field: sent})

    assert record.get(field) is None
    assert record["other_fields"] == {field: sent}


@given(st.dictionaries(NAMES, JSON))
def test_every_record_is_valid_and_nothing_is_lost(document: dict[str, Any]) -> None:
    document["id"] = "1"
    before = dict(document)

    record = conform(document)

    Draft202012Validator(SCHEMA).validate(record)
    assert document == before
    kept = record["other_fields"] or {}
    for name, value in document.items():
        if value not in (None, "", " "):
            assert name in kept or record[name] is not None
