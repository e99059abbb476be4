"""What is published: the packages, the notes, and the workflow that brings them out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from release import hub
from release.notes import CHANGELOG, notes, sections
from tap_vtex.tap import TapVTEX
from tests.test_project import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

UV = PROJECT / ".venv/bin/uv"
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
SOURCES = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore")

VERSION = "9.9.9"


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; it has to end well, and sees nothing of this project."""
    ours = ("GIT_", "TAP_VTEX_", "PYTHON", "VIRTUAL_ENV", "SETUPTOOLS_SCM_", "UV_COMPILE_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- the packages ------------------------------------------------------------------------


@dataclass
class Packages:
    """What was built, and the files of the tap that it was built from."""

    sdist: Path
    wheel: Path
    sources: set[str]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """Both, of a copy of the project that is tagged, with much that is not to get in."""
    folder = tmp_path_factory.mktemp("packages")
    copy = folder / "copy"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "tap_vtex", copy / "tap_vtex", ignore=ignored)
    for name in SOURCES:
        shutil.copy(PROJECT / name, copy / name)
    sources = {str(one.relative_to(copy)) for one in copy.glob("tap_vtex/**/*") if one.is_file()}
    others = {one.name for one in PROJECT.iterdir() if one.is_dir()} - {"tap_vtex", ".git"}
    for name in (*others, "tap_vtex/__pycache__", "tap_vtex/.mypy_cache"):
        (copy / name).mkdir()
        (copy / name / "something.py").touch()
    for name in (".env", "config.json", "tap_vtex/.env", "tap_vtex/config.json"):
        (copy / name).write_text("{}")
    me = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    run("git", "init", "--quiet", cwd=copy)
    run("git", "add", ".", cwd=copy)
    run("git", *me, "commit", "--quiet", "--message=All of it", cwd=copy)
    run("git", "tag", f"v{VERSION}", cwd=copy)
    run(UV, "build", "--quiet", "--out-dir", folder / "dist", cwd=copy)
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    (wheel,) = (folder / "dist").glob("*.whl")
    return Packages(sdist, wheel, sources)


def test_the_version_is_the_tag(packages: Packages) -> None:
    assert packages.sdist.name == f"tap_vtex-{VERSION}.tar.gz"
    assert packages.wheel.name == f"tap_vtex-{VERSION}-py3-none-any.whl"


def test_the_sdist_holds_what_the_wheel_is_built_from(packages: Packages) -> None:
    with tarfile.open(packages.sdist) as archive:
        paths = {member.name for member in archive.getmembers() if member.isfile()}
    root = f"tap_vtex-{VERSION}/"
    assert paths == {root + name for name in (*SOURCES, "PKG-INFO", *packages.sources)}
    assert {"tap_vtex/schemas/orders.json", "tap_vtex/py.typed"} <= packages.sources


def test_the_wheel_holds_the_tap_and_nothing_else(packages: Packages) -> None:
    with zipfile.ZipFile(packages.wheel) as archive:
        paths = set(archive.namelist())
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    info = {f"tap_vtex-{VERSION}.dist-info/{name}" for name in about}
    assert paths == packages.sources | info


def test_the_wheel_is_all_that_has_to_be_installed(packages: Packages, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    python, command = empty / "bin/python", empty / "bin/tap-vtex"
    run(UV, "venv", "--quiet", "--python", sys.executable, empty, cwd=tmp_path)
    run(UV, "pip", "install", "--quiet", "--python", python, packages.wheel, cwd=tmp_path)

    about = json.loads(run(command, "--about", "--format=json", cwd=tmp_path))
    catalog = json.loads(run(command, "--discover", cwd=tmp_path))
    installed = json.loads(
        run(UV, "pip", "list", "--format=json", "--python", python, cwd=tmp_path)
    )

    assert (about["name"], about["version"]) == ("tap-vtex", VERSION)
    assert about["settings"]["properties"].keys() >= TapVTEX.config_jsonschema["properties"].keys()
    assert catalog == json.loads(TapVTEX(config={}, validate_config=False).catalog_json_text)
    assert run(command, "--version", cwd=tmp_path).startswith(f"tap-vtex v{VERSION}, ")
    names = {one["name"] for one in installed}
    needed = names_in(PYPROJECT["project"]["dependencies"])
    assert needed <= names
    groups = map(names_in, PYPROJECT["dependency-groups"].values())
    for_developers = set().union(*groups) - needed - BROUGHT_BY_THE_SDK
    assert {"pytest", "meltano", "ruff", "aiohttp"} <= for_developers
    assert not names & for_developers


#: What we import only in what is not in the wheel, and the SDK needs anyway.
BROUGHT_BY_THE_SDK = {"python-dotenv", "pyyaml"}


def names_in(requirements: list[Any]) -> set[str]:
    """What requirements are for; groups that a group includes stand for themselves."""
    plain = [one for one in requirements if isinstance(one, str)]
    return {re.split(r"[\[~=<>]", one)[0].strip().lower() for one in plain}


# -- the changelog and the notes ---------------------------------------------------------

EXAMPLE = """\
# Changelog

Words about it.

## Unreleased

- Something new.

## 1.10.0 - 2027-03-01

### Added

- A thing: [docs/thing.md](docs/thing.md), after [theirs](https://example.com/thing).

## 1.9.0 - 2027-02-01

## 1.8.1

- Undated.
"""
FILES = "https://example.com/blob/v1"


def is_in_order(changelog: str) -> bool:
    """Whether what is not released comes first, then the versions, the latest first."""
    first, *released = sections(changelog)
    found = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d)", one) for one in released]
    versions = [(tuple(map(int, one.groups()[:3])), one[4]) for one in found if one]
    return (
        first == "Unreleased"
        and None not in found
        and versions == sorted(versions, reverse=True)
        and len({number for number, _ in versions}) == len(versions)
    )


def test_the_changelog_is_in_order() -> None:
    assert is_in_order(CHANGELOG.read_text())


@pytest.mark.parametrize(
    ("headings", "fine"),
    [
        (["Unreleased"], True),
        (["Unreleased", "1.10.0 - 2027-02-01", "1.9.0 - 2027-01-01"], True),
        (["Unreleased", "1.9.0 - 2027-01-01", "1.10.0 - 2027-02-01"], False),
        (["Unreleased", "1.9.0 - 2027-02-01", "1.9.0 - 2027-01-01"], False),
        (["Unreleased", "1.9.0"], False),
        (["1.9.0 - 2027-01-01", "Unreleased"], False),
    ],
)
def test_an_order_that_is_wrong_is_seen(headings: list[str], *, fine: bool) -> None:
    text = "# Changelog\n\n" + "".join(f"## {one}\n\n- Words.\n\n" for one in headings)
    assert is_in_order(text) is fine


def test_the_notes_are_what_the_changelog_says_of_the_version() -> None:
    assert notes(EXAMPLE, "v1.10.0", FILES) == (
        "### Added\n\n"
        f"- A thing: [docs/thing.md]({FILES}/docs/thing.md), "
        "after [theirs](https://example.com/thing)."
    )


def test_the_notes_of_the_first_release_are_ready() -> None:
    """But for its heading, which has the day."""
    changelog = CHANGELOG.read_text().replace("## Unreleased\n", "## 0.1.0 - 2027-01-31\n", 1)
    found = notes(changelog, "v0.1.0", FILES)
    repository = hub.project()["urls"]["Repository"]
    assert f"`pip install git+{repository}.git@v0.1.0`" in found
    assert f"]({FILES}/docs/getting-started.md)" in found


@pytest.mark.parametrize("tag", ["v1.9.0", "v1.8.1", "v1.1", "v1.1.0", "v1.10.0rc1", "1.10.0"])
def test_a_tag_without_notes_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=re.escape(tag.removeprefix("v"))):
        notes(EXAMPLE, tag, FILES)


def test_a_heading_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        notes(EXAMPLE + "\n## 1.10.0 - 2027-03-01\n\n- More.\n", "v1.10.0", FILES)


def test_the_command_ends_the_workflow_where_there_are_no_notes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "release.notes", "v0.0.0", FILES],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert not done.stdout
    assert "'## 0.0.0 - YYYY-MM-DD'" in done.stderr


# -- the workflow ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = workflow("release")["jobs"]
    return found


def workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((PROJECT / f".github/workflows/{name}.yml").read_text())
    return found


def test_a_tag_makes_a_release_and_nothing_else_does() -> None:
    release = workflow("release")
    assert release[True] == {"push": {"tags": ["v*"]}}  # YAML takes "on" for a boolean
    assert release["concurrency"] == {"group": "publish", "cancel-in-progress": False}


def test_each_job_may_do_what_it_is_for(jobs: dict[str, Any]) -> None:
    assert workflow("release")["permissions"] == {}
    assert {name: job.get("permissions") for name, job in jobs.items()} == {
        "build": {"contents": "read", "id-token": "write", "attestations": "write"},
        "test": {"contents": "read"},
        "install": {},
        "publish": {"id-token": "write"},
        "announce": {"contents": "write"},
    }
    assert jobs["publish"]["environment"] == "pypi"


def test_what_is_published_was_built_once_tested_and_tried(jobs: dict[str, Any]) -> None:
    assert set(jobs["publish"]["needs"]) == {"build", "test", "install"}
    assert (jobs["install"]["needs"], jobs["announce"]["needs"]) == ("build", "publish")
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert "workflow_call" in workflow("test")[True]
    tried = jobs["install"]["strategy"]["matrix"]
    assert tried == workflow("test")["jobs"]["test"]["strategy"]["matrix"]
    builds = [name for name, job in jobs.items() if "build-and-inspect" in str(job)]
    assert builds == ["build"]


def test_packages_say_where_they_come_from(jobs: dict[str, Any]) -> None:
    """Who built them, from which commit; and no other repository publishes under our address."""
    (build,) = (one for one in jobs["build"]["steps"] if one.get("id") == "packages")
    assert build["with"] == {"attest-build-provenance-github": "true"}
    publish = jobs["publish"]["steps"][-1]
    assert publish["with"] == {"attestations": True}
    (compare,) = (one for one in jobs["build"]["steps"] if "REPOSITORY" in one.get("env", {}))
    for address, code in ((hub.project()["urls"]["Repository"], 0), ("https://a.example/b", 1)):
        env = {"REPOSITORY": address, "PATH": os.environ["PATH"]}
        command = ["/bin/sh", "-c", compare["run"]]
        done = subprocess.run(command, cwd=PROJECT, env=env, stdout=subprocess.DEVNULL, check=False)
        assert done.returncode == code


@pytest.mark.parametrize("name", ["docs", "release", "test"])
def test_actions_have_versions_and_leave_no_credentials(name: str) -> None:
    for job in workflow(name)["jobs"].values():
        for step in job.get("steps", []):
            action, _, version = step.get("uses", "run@v0").partition("@")
            assert re.fullmatch(r"v\d+|release/v\d+", version), action
            if action == "actions/checkout":
                assert step["with"]["persist-credentials"] is False
                assert step["with"]["fetch-depth"] == 0
            # What is written into a command may be chosen by whoever names a branch or tag.
            assert "${{" not in step.get("run", "")


# -- the hooks ---------------------------------------------------------------------------


def test_hooks_and_make_lint_use_the_same_ruff() -> None:
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    (ruff,) = (one["rev"] for one in hooks if one["repo"].endswith("/ruff-pre-commit"))
    assert f"ruff=={ruff.removeprefix('v')}" in PYPROJECT["dependency-groups"]["lint"]
