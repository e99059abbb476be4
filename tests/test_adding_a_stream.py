"""A new stream has five places, as CONTRIBUTING.md says. A forgotten one is named here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reference.costs import COSTS
from reference.joins import JOINS
from tap_vtex.streams.base import VtexStream
from tap_vtex.tap import TapVTEX
from tests.support.guides import SMALLEST
from tests.test_personal_data import OTHERS, PERSONAL
from tests.test_project import PROJECT, extractor_of_meltano

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Streams that the project does not select.
BEYOND = {
    *("collections", "sales_channels", "sellers", "taxes"),
    *("warehouses", "docks", "pickup_points", "inventory"),
}
#: Streams with the schema of another one.
SCHEMA_OF = {"incomplete_orders": "orders", "taxes": "promotions"}


def classes(base: type[VtexStream] = VtexStream) -> Iterator[tuple[str, type[VtexStream]]]:
    """The names and classes of all streams, but those that take a name."""
    for one in base.__subclasses__():
        if name := vars(one).get("name"):
            yield name, one
        yield from classes(one)


STREAMS = TapVTEX(config={}, validate_config=False).streams
NAMES = sorted({*STREAMS, *(name for name, _ in classes())})


def forgotten(name: str) -> Iterator[str]:
    """The places where a stream should be and is not."""
    text = {page: (PROJECT / page).read_text() for page in ("README.md", "docs/tables.md")}
    schema = f"tap_vtex/schemas/{SCHEMA_OF.get(name, name)}.json"
    pages = {
        "a list of streams in tap_vtex/tap.py": name in STREAMS,
        schema: (PROJECT / schema).exists(),
        "the table of streams in README.md": f"| `{name}`" in text["README.md"]
        or f", `{name}`" in text["README.md"],
        "`select` in meltano.yml": name in BEYOND
        or any(p.partition(".")[0] == name for p in extractor_of_meltano()["select"]),
        "docs/tables.md (run `make tables`)": f"## {name}\n" in text["docs/tables.md"],
        "docs/personal-data.md": name in PERSONAL or name in OTHERS,
        "the smallest roles in docs/store-setup.md": any(row[0][0] == name for row in SMALLEST),
        "reference/costs.py": name in COSTS,
    }
    yield from (place for place, is_there in pages.items() if not is_there)


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_in_all_its_places(name: str) -> None:
    assert list(forgotten(name)) == []


def test_a_forgotten_stream_is_named() -> None:
    places = list(forgotten("reviews"))

    assert "tap_vtex/schemas/reviews.json" in places
    assert len(places) == 8


def test_every_class_of_a_stream_is_found() -> None:
    named = {
        name: type(stream) for name, stream in STREAMS.items() if vars(type(stream)).get("name")
    }
    assert named == dict(classes())


def test_joins_name_streams_and_their_fields() -> None:
    for join in JOINS:
        assert join.field in STREAMS[join.table].schema["properties"], join
        assert join.key in STREAMS[join.to].schema["properties"], join
