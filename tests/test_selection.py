"""Taking fields out: of documents and of schemas, and of no more than was asked for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.singerlib import MetadataMapping

from tap_vtex.selection import breadcrumbs, deselected, emptied, pruned, without

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_vtex.selection import Fields

Path = tuple[str, ...]

TEXT = {"type": ["null", "string"]}
PERSON = {"type": ["null", "object"], "properties": {"name": TEXT, "email": TEXT}}
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "buyer": PERSON,
        "packages": {
            "type": ["null", "array", "object"],
            "items": {
                "type": ["null", "object"],
                "properties": {
                    "code": TEXT,
                    "to": PERSON,
                    "stops": {"type": ["null", "array"], "items": PERSON},
                },
            },
        },
        "tags": {"type": ["null", "array", "object"], "items": TEXT},
    },
}
ORDER = {
    "id": "1",
    "buyer": {"name": "Ana", "email": "a@x", "new": 1},
    "packages": [
        {"code": "A", "to": {"name": "Eva", "email": "e@x"}, "stops": [{"name": "Ivo"}, None]},
        {"code": "B", "to": None},
    ],
    "tags": ["x"],
}


def fields_at(*paths: str) -> Fields:
    """What is deselected, from paths like ``buyer.email``."""
    mask = {tuple(p for name in path.split(".") for p in ("properties", name)) for path in paths}
    return deselected({**dict.fromkeys(mask, False), (): True, ("properties", "id"): True})


# -- documents ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "changes"),
    [
        (["tags", "unknown"], {"tags": ...}),
        (["buyer", "buyer.email"], {"buyer": ...}),
        (["buyer.email"], {"buyer": {"name": "Ana", "new": 1}}),
        (["buyer.email", "buyer.name"], {"buyer": {"new": 1}}),
        (
            ["packages.to.email", "packages.stops.name"],
            {
                "packages": [
                    {"code": "A", "to": {"name": "Eva"}, "stops": [{}, None]},
                    {"code": "B", "to": None},
                ]
            },
        ),
        # Of a text nobody knows whether the field is in it.
        (["tags.email"], {"tags": [None]}),
    ],
)
def test_a_document_without_fields(paths: list[str], changes: dict[str, Any]) -> None:
    expected = {name: value for name, value in {**ORDER, **changes}.items() if value is not ...}

    assert without(ORDER, fields_at(*paths)) == expected


@pytest.mark.parametrize(
    ("buyer", "left"),
    [
        ([{"email": "a@x", "name": "Ana"}, [{"email": "b@x"}]], [{"name": "Ana"}, [{}]]),
        ('{"email": "a@x"}', None),
        (5, None),
        (None, None),
        ({"EMAIL": "a@x"}, {"EMAIL": "a@x"}),
    ],
)
def test_a_document_of_another_shape_without_fields(buyer: Any, left: Any) -> None:
    assert without({"buyer": buyer}, fields_at("buyer.email")) == {"buyer": left}


NAMES = st.sampled_from("abc")
VALUES = st.recursive(
    st.none() | st.integers() | st.text("xyz", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=12,
)
PATHS = st.sets(st.lists(NAMES, min_size=1, max_size=4).map(tuple), max_size=5)


@given(st.dictionaries(NAMES, VALUES), PATHS)
def test_what_stays_is_all_that_is_at_no_path_of_those(
    document: dict[str, Any], paths: set[Path]
) -> None:
    before = copy.deepcopy(document)

    left = without(document, fields_at(*map(".".join, paths)))

    assert left == slowly_without(document, paths)
    assert document == before
    for path, value in untouched(document, paths):
        assert at(left, path) is value


def slowly_without(value: Any, paths: Collection[Path], path: Path = ()) -> Any:
    """The same by another way: every value is looked at, and its path compared."""
    if isinstance(value, list):
        return [slowly_without(one, paths, path) for one in value]
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if (*path, name) not in paths}
        return {name: slowly_without(one, paths, (*path, name)) for name, one in kept.items()}
    holds_some = any(one[: len(path)] == path and one != path for one in paths)
    is_inside = any(path[: len(one)] == one for one in paths)
    return None if holds_some and not is_inside else value


def untouched(document: dict[str, Any], paths: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    """The fields that none of the paths has to do with: they are not to be copied."""
    for name, value in document.items():
        if not any(path[0] == name for path in paths):
            yield (name,), value


def at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


# -- schemas and catalogs ----------------------------------------------------------------


def test_a_schema_without_fields() -> None:
    before = copy.deepcopy(SCHEMA)

    schema = pruned(SCHEMA, fields_at("tags", "buyer.email", "packages.stops.name"))

    left = {".".join(crumbs[1::2]) for crumbs in breadcrumbs(schema)}
    assert left == {
        *("id", "buyer", "buyer.name", "packages", "packages.code", "packages.to"),
        *("packages.to.name", "packages.to.email", "packages.stops", "packages.stops.email"),
    }
    assert before == SCHEMA
    assert pruned(SCHEMA, {}) == SCHEMA


def test_a_field_within_a_list_has_the_breadcrumb_that_meltano_gives_it() -> None:
    found = set(breadcrumbs(SCHEMA))

    assert ("properties", "packages", "properties", "to", "properties", "email") in found
    assert len(found) == 13


def test_breadcrumbs_as_the_singer_libraries_write_them_are_understood() -> None:
    mask = MetadataMapping.from_iterable(
        {"breadcrumb": crumbs, "metadata": {"inclusion": "available", "selected": is_selected}}
        for crumbs, is_selected in (
            ([], True),
            (["properties", "packages"], True),
            (["properties", "packages", "items", "properties", "code"], False),
        )
    ).resolve_selection()

    assert deselected(mask) == {"packages": {"code": None}}


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], []),
        (["buyer"], []),
        (["buyer.email"], []),
        (["buyer.email", "buyer.name"], ["buyer"]),
        (["packages.to.email", "packages.to.name", "packages.code"], ["packages.to"]),
        (["packages.to", "packages.code", "packages.stops"], ["packages"]),
    ],
)
def test_fields_that_are_selected_and_have_nothing_left(paths: list[str], found: list[str]) -> None:
    assert list(emptied(SCHEMA, fields_at(*paths))) == found
