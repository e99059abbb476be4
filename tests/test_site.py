"""The documentation as a site: it builds without a wrong link or anchor, and has every page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.guides import slug
from tests.test_project import PROJECT

MKDOCS = Path(sys.executable).with_name("mkdocs")


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MKDOCS, "build", "--config-file", config, "--site-dir", site],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_builds_and_can_be_searched(tmp_path: Path) -> None:
    done = build(PROJECT / "mkdocs.yml", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    found = json.loads((tmp_path / "search/search_index.json").read_text())["docs"]
    for page in (PROJECT / "docs").glob("*.md"):
        place = "" if page.stem == "index" else f"{page.stem}/"
        assert (tmp_path / place / "index.html").exists(), page
        assert any(one["location"].startswith(place) for one in found)


def test_every_page_is_in_the_navigation() -> None:
    named = re.findall(r"[\w.-]+\.md", (PROJECT / "mkdocs.yml").read_text())
    assert sorted(named) == sorted(page.name for page in (PROJECT / "docs").glob("*.md"))


@pytest.mark.parametrize("wrong", ["other.md#nowhere", "../nowhere.py"])
def test_a_wrong_link_stops_it(tmp_path: Path, wrong: str) -> None:
    text = (PROJECT / "mkdocs.yml").read_text()
    text = re.sub(r"^nav:\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    config = tmp_path / "mkdocs.yml"
    config.write_text(text.replace("release/site.py", str(PROJECT / "release/site.py")))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text("# Other\n")
    (tmp_path / "docs/index.md").write_text(f"# Page\n\n[A link]({wrong})\n")

    assert build(config, tmp_path / "site").returncode


# -- what is not on the site -------------------------------------------------------------


def test_anchors_of_the_other_pages_lead_somewhere() -> None:
    pages = [*PROJECT.glob("*.md"), *PROJECT.glob("examples/*/*.md"), PROJECT / "dbt/README.md"]
    for page in (*pages, *PROJECT.glob("docs/*.md")):
        for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text()):
            target = (page.parent / path) if path else page
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page.name} links to {path}#{anchor}"
