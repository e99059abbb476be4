"""The plug-in's definition: --about, meltano.yml and the Hub's page say the same."""

from __future__ import annotations

import os
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from release import hub
from tap_vtex.validation import errors_in
from tests.test_project import PROJECT, extractor_of_meltano

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

#: What the Hub lets stand in an extractor's definition.
KEYS = {
    *("capabilities", "commands", "definition", "description", "docs", "domain_url"),
    *("executable", "hidden", "keywords", "label", "log_parser", "logo_url"),
    *("maintenance_status", "metadata", "name", "namespace", "next_steps", "pip_url"),
    *("prereq", "python", "quality", "repo", "requires", "schema", "select", "settings"),
    *("settings_group_validation", "settings_preamble", "supported_python_versions", "usage"),
    "variant",
}
REQUIRED = {"name", "namespace", "variant", "quality"}
KINDS = {"array", "boolean", "date_iso8601", "integer", "object", "string"}
CAPABILITIES = {
    *("about", "activate-version", "batch", "catalog", "discover", "log-based", "properties"),
    *("schema-flattening", "state", "stream-maps", "structured-logging", "test"),
}
#: What follows from the repository, and one that the project might be in.
SOURCE = {"docs", "pip_url", "repo", "variant"}
REPOSITORY = "https://example.com/Someone/tap-vtex"


@pytest.fixture(scope="module")
def told() -> Json:
    return hub.about()


@pytest.fixture(scope="module")
def settings(told: Json) -> dict[str, Json]:
    found: dict[str, Json] = told["settings"]["properties"]
    return found


@pytest.fixture(scope="module")
def committed() -> Json:
    found: Json = yaml.safe_load(hub.DEFINITION.read_text())
    return found


# -- what --about tells ------------------------------------------------------------------


def test_about_explains_every_setting(settings: dict[str, Json]) -> None:
    for name, schema in settings.items():
        assert schema["title"][0].isupper(), name
        assert not schema["title"].endswith("."), name
        assert len(schema["description"]) > len(schema["title"]), name
    titles = [schema["title"] for schema in settings.values()]
    assert len(set(titles)) == len(titles)


def test_about_has_examples_that_can_be_used(settings: dict[str, Json]) -> None:
    own = {name: settings[name] for name in list(settings)[: list(settings).index("stream_maps")]}
    without = {name for name, schema in own.items() if not schema.get("examples")}
    assert without == {"app_token"}
    whole = {"account_name": "acme", "app_key": "key", "app_token": "token"}
    for name, schema in own.items():
        for example in schema.get("examples", ()):
            config = {**whole, name: example}
            jsonschema.validate(example, schema)
            assert not list(errors_in(config)), name
            assert example != schema.get("default"), name


# -- the definition ----------------------------------------------------------------------


def test_the_committed_definition_is_what_make_hub_writes() -> None:
    assert hub.DEFINITION.read_text() == hub.page()


def test_meltano_and_the_hub_have_the_same_settings_and_streams(committed: Json) -> None:
    ours = extractor_of_meltano()
    assert committed["settings"] == sorted(ours["settings"], key=lambda one: str(one["name"]))
    assert committed["capabilities"] == ours["capabilities"]
    assert committed["select"] == ours["select"]
    groups = [sorted(group) for group in ours["settings_group_validation"]]
    assert committed["settings_group_validation"] == groups
    for key in ("name", "namespace", "label", "executable", "commands"):
        assert committed[key] == ours[key]


def test_the_definition_has_the_hubs_form(told: Json, committed: Json) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    named = {**project, "urls": {"Repository": REPOSITORY}}
    found = hub.definition(told, extractor_of_meltano(), named)

    assert REQUIRED <= found.keys() <= KEYS
    assert (found["variant"], found["repo"]) == ("someone", REPOSITORY)
    assert found["pip_url"] == f"git+{REPOSITORY}.git"
    assert {key: found[key] for key in committed.keys() - SOURCE} == {
        key: committed[key] for key in committed.keys() - SOURCE
    }
    assert set(found["capabilities"]) <= CAPABILITIES
    for one in found["settings"]:
        assert {"name", "label", "description", "kind"} <= one.keys()
        assert one.keys() <= {"name", "label", "description", "kind", "sensitive", "value"}
        assert one["kind"] in KINDS
    assert [one["name"] for one in found["settings"] if one.get("sensitive")] == [
        "app_key",
        "app_token",
    ]
    assert list(committed) == sorted(committed)


def test_the_address_of_the_repository_is_the_same_everywhere() -> None:
    """It changes in one place, and `make hub` carries it to the others."""
    repository = hub.project()["urls"]["Repository"]
    files = hub.files_with_address()
    for path in files:
        assert path.read_text() == hub.with_address(path.read_text(), repository), path
    assert sum(repository in path.read_text() for path in files) >= 4
    assert hub.with_address(f"git+{repository}.git@v1 {repository}/raw/x", REPOSITORY) == (
        f"git+{REPOSITORY}.git@v1 {REPOSITORY}/raw/x"
    )


def test_meltano_adds_the_tap_by_it_without_the_hub(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text("send_anonymous_usage_stats: false\n")
    subprocess.run(
        [
            *(PROJECT / ".venv/bin/meltano", "add", "tap-vtex", "--plugin-type=extractor"),
            *(f"--from-ref={hub.DEFINITION}", "--no-install"),
        ],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if "MELTANO" not in name},
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "MELTANO_HUB_URL": "http://127.0.0.1:1",  # where nobody is
        },
        check=True,
        capture_output=True,
    )
    (added,) = yaml.safe_load((tmp_path / "meltano.yml").read_text())["plugins"]["extractors"]
    assert (added["name"], added["namespace"]) == ("tap-vtex", "tap_vtex")
    assert added["pip_url"] == f"git+{hub.project()['urls']['Repository']}.git"
    assert added["commands"] == extractor_of_meltano()["commands"]
    assert added["settings_group_validation"] == [["account_name", "app_key", "app_token"]]
    ours = {one["name"]: one for one in extractor_of_meltano()["settings"]}
    assert {one["name"]: one for one in added["settings"]} == ours
