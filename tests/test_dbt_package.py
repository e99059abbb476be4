"""The dbt package on a store that fits on a page, whose models were worked out by hand."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dbt import duckdb_program, run_dbt
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

PACKAGE = PROJECT / "dbt"
#: A line of a staging model: name, name in the raw table, kind.
COLUMN = re.compile(r'^    \["(\w+)", "(\w+)", "(\w+)"\],$', re.MULTILINE)


def staged() -> dict[str, list[tuple[str, str, str]]]:
    """The columns of each raw table that the staging models read."""
    models = PACKAGE.glob("models/staging/*.sql")
    return {path.stem: COLUMN.findall(path.read_text()) for path in models}


@pytest.mark.parametrize("model", staged())
def test_staging_reads_what_the_tap_sends(model: str) -> None:
    """A column that is not there is null without a word, so that its name has to be right."""
    path = PROJECT / "tap_vtex/schemas" / f"{model.removeprefix('stg_vtex__')}.json"
    fields = json.loads(path.read_text())["properties"]
    for _name, raw, kind in staged()[model]:
        type_ = fields[raw]["type"]
        types = {type_} if isinstance(type_, str) else {*type_}
        assert (kind == "json") == bool(types & {"array", "object"}), raw
        assert (kind == "time") == (fields[raw].get("format") == "date-time"), raw
        assert (kind == "boolean") == ("boolean" in types), raw
        if kind in {"number", "money", "integer"}:
            assert types & {"number", "integer"}, raw


@pytest.mark.long
@pytest.mark.usefixtures("plugins")
def test_the_models_equal_what_follows_by_hand(tmp_path: Path) -> None:
    """The integration project, as one who changes the package runs it; then the documentation."""
    shutil.copytree(PACKAGE, tmp_path / "dbt")
    project = tmp_path / "dbt/integration_tests"
    env = {
        **os.environ,
        "DBT_PROFILES_DIR": str(PACKAGE / "profiles"),
        "DBT_TARGET": "duckdb",
        "DBT_DUCKDB_PATH": str(tmp_path / "store.duckdb"),
    }
    for command in (
        ("deps",),
        ("seed",),
        ("build", "--exclude-resource-type", "seed", "--exclude-resource-type", "unit_test"),
        ("docs", "generate", "--static", "--no-compile"),
    ):
        run_dbt(duckdb_program(), tmp_path, *command, env=env, project=project)

    check_documentation(tmp_path / "target")


def check_documentation(target: Path) -> None:
    """Every model and every column of it has a description on the page."""
    manifest = json.loads((target / "manifest.json").read_text())
    built = json.loads((target / "catalog.json").read_text())["nodes"]
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["package_name"] == "vtex" and node["resource_type"] in {"model", "snapshot"}
    ]
    assert {node["name"] for node in nodes} > staged().keys()
    for node in nodes:
        described = {name: column["description"] for name, column in node["columns"].items()}
        if node["config"]["materialized"] == "ephemeral":
            columns = {*(name for name, _raw, _kind in staged()[node["name"]]), "loaded_at"}
        else:
            columns = set(built[node["unique_id"]]["columns"])
        assert described.keys() == columns, node["name"]
        assert node["description"], node["name"]
        assert all(described.values()), node["name"]
    assert "vtex__daily_shop" in (target / "static_index.html").read_text()
