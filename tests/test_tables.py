"""The tables reference says what the schemas say, and the joins that it draws hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reference.costs import COSTS
from reference.joins import JOINS
from reference.pages import README, TABLES, readme, tables
from tap_vtex.tap import TapVTEX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.shop import Shop
    from tests.support.tap import Tap


def test_the_pages_are_what_the_command_makes() -> None:
    assert TABLES.read_text() == tables(), "run make tables"
    assert README.read_text() == readme(README.read_text()), "run make tables"


def test_every_stream_says_what_it_costs() -> None:
    tap = TapVTEX(config={}, validate_config=False)

    assert COSTS.keys() == {*tap.streams, "md_<acronym>"}


def test_every_stream_and_every_field_says_what_it_is() -> None:
    tap = TapVTEX(config={"master_data_entities": ["XX"]}, validate_config=False, offline=True)
    for stream in tap.streams.values():
        assert (type(stream).__doc__ or "").partition("\n")[0].endswith(".")
        for name, declared in stream.schema["properties"].items():
            assert len(declared["description"]) > 3, f"{stream.name}.{name}"


def test_the_joins_hold(tap: Tap, shop: Shop) -> None:
    joined = {join.table for join in JOINS} | {join.to for join in JOINS}
    run = tap.run(shop.config(), select=joined, hurry=True)
    for join in JOINS:
        keys = {row[join.key] for row in run.records(join.to)}
        found = [
            value in keys
            for row in run.records(join.table)
            for value in values(row[join.field], join.path)
            if join.table != "newsletter" or row["source_entity"] == "CL"
        ]
        assert sum(found) > 3, join
        assert sum(found) > 0.8 * len(found), join


def values(found: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What stands at a path within a field; nothing where that is null."""
    if found is None:
        return
    if not path:
        yield found
    elif path[0] == "[]":
        for element in found:
            yield from values(element, path[1:])
    else:
        yield from values(found.get(path[0]), path[1:])
