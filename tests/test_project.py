"""What has to agree within the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_vtex.tap import TapVTEX

PROJECT = Path(__file__).parent.parent

KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "object": "object",
    "string": "string",
}


def extractor_of_meltano() -> dict[str, Any]:
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text())
    found: dict[str, Any] = project["plugins"]["extractors"][0]
    return found


def selected_by_meltano() -> set[str]:
    """The streams that the project selects."""
    return {pattern.partition(".")[0] for pattern in extractor_of_meltano()["select"]}


@pytest.fixture(scope="module")
def extractor() -> dict[str, Any]:
    return extractor_of_meltano()


def test_meltano_lists_the_taps_settings(extractor: dict[str, Any]) -> None:
    schema = TapVTEX.config_jsonschema
    TapVTEX.append_builtin_config(schema)
    declared = {
        name: {
            "name": name,
            "label": setting["title"],
            "description": " ".join(setting["description"].split()),
            "kind": "date_iso8601"
            if setting.get("format") == "date-time"
            else KINDS[next(kind for kind in setting["type"] if kind != "null")],
            "sensitive": setting.get("secret", False),
            "value": setting.get("default"),
        }
        for name, setting in schema["properties"].items()
    }
    listed = {
        setting["name"]: {"sensitive": False, "value": None, **setting}
        for setting in extractor["settings"]
    }
    assert listed == declared
    assert extractor["settings_group_validation"] == [schema["required"]]


def test_meltano_lists_the_taps_capabilities(extractor: dict[str, Any]) -> None:
    assert extractor["capabilities"] == sorted(str(c) for c in TapVTEX.capabilities)


def test_meltano_selects_what_the_usual_role_opens() -> None:
    streams = TapVTEX(config={}, validate_config=False).streams.keys()

    beyond = {
        *("collections", "sales_channels", "sellers", "taxes"),
        *("warehouses", "docks", "pickup_points", "inventory"),
    }
    assert selected_by_meltano() == streams - beyond


def test_example_settings_are_settings() -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    properties = TapVTEX.config_jsonschema["properties"]

    assert {name for name in names if name.startswith("TAP_VTEX_")} <= {
        f"TAP_VTEX_{name.upper()}" for name in properties
    }


def test_the_readme_names_every_setting_and_stream() -> None:
    readme = (PROJECT / "README.md").read_text()
    tap = TapVTEX(config={}, validate_config=False)

    for name in tap.streams:
        assert f"`{name}`" in readme
    own = [name for name, setting in TapVTEX.config_jsonschema["properties"].items()]
    for name in own[: own.index("newsletter_entities") + 1]:
        assert f"`{name}`" in readme


def test_links_within_the_documents_lead_somewhere() -> None:
    for page in (*PROJECT.glob("*.md"), *PROJECT.glob("*/*.md"), *PROJECT.glob("examples/*/*.md")):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_workflows_cover_the_supported_pythons() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    supported = re.findall(r"3\.\d+", " ".join(project["classifiers"]))
    workflow = yaml.safe_load((PROJECT / ".github/workflows/test.yml").read_text())

    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python-version"] == supported
    assert project["requires-python"] == f">={supported[0]}"
