"""The pictures of the set-up guides are up to date, and show what the guides say."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from reference.screens import FOLDER, ROLE, SHOWN, WORDS, pictures
from tests.support.browser import opened
from tests.support.guides import LANGUAGES, PAGES, USUAL, codes, menus, sections

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
EACH = pytest.mark.parametrize("language", LANGUAGES)
DRAWN = {path.name: text for language in WORDS for path, text in pictures(language).items()}


def names_in(part: ET.Element) -> list[str]:
    """What the reader looks for in the admin, and what is written in code."""
    return [
        "".join(text.itertext())
        for text in part.iter(f"{SVG}text")
        if {"name", "code"} & set(text.get("class", "").split())
    ]


def test_they_are_what_the_command_draws() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == DRAWN, "run make screens"


@EACH
def test_a_guide_shows_each_with_a_text_in_its_place(language: str) -> None:
    shown = re.findall(r"!\[(.+?\.)\]\(images/store-setup/(.+?)\)", PAGES[language])
    assert [name for _, name in shown] == [path.name for path in pictures(language)]


@EACH
def test_they_can_be_read_aloud(language: str) -> None:
    for text in pictures(language).values():
        picture = ET.fromstring(text)  # noqa: S314 - drawn here
        assert picture.get("lang") == language
        assert len(picture.findtext(f"{SVG}title", "")) > 10
        description = picture.findtext(f"{SVG}desc", "")
        assert all(name in description for name in names_in(picture))


@EACH
def test_their_names_are_those_of_the_guide(language: str) -> None:
    known = {*codes(PAGES[language]), *menus(PAGES[language])}
    known |= {WORDS[language]["my role"], WORDS[language]["all"]}
    assert f'"{WORDS[language]["my role"]}"' in PAGES[language]
    for text in pictures(language).values():
        for name in names_in(ET.fromstring(text)):  # noqa: S314 - drawn here
            assert name in known or name.endswith("/…") or set(name) == {"●"}, name


@EACH
def test_their_numbers_are_those_of_the_steps(language: str) -> None:
    for path, text in pictures(language).items():
        (section,) = (one for one in sections(language) if path.name in one)
        steps = dict(re.findall(r"^(\d+)\. ((?:.+\n)+?)(?=\d+\. |\n)", section, re.MULTILINE))
        for part in ET.fromstring(text).iter(f"{SVG}g"):  # noqa: S314 - drawn here
            if number := part.get("data-step"):
                said = {*menus(steps[number]), *menus(section)} & set(names_in(part))
                assert said <= set(menus(steps[number])), (path.name, number)


def test_the_role_is_that_of_the_guide() -> None:
    drawn = [
        [[product.name], [product.category] if product.category else [], list(product.resources)]
        for product in ROLE
    ]
    assert [row[:3] for row in USUAL] == drawn
    shown = [name for *_, names in USUAL for name in names]
    assert sorted(shown) == sorted(SHOWN.values())


#: Where each text stands, and the right edges that it may not cross.
MEASURE = """
<script>
const found = [...document.querySelectorAll("svg")].map(svg =>
  [...svg.querySelectorAll("text")].map(text => {
    const {x, y, width, height} = text.getBBox();
    return [text.textContent, x, y, x + width, y + height];
  }));
document.body.textContent = JSON.stringify(found);
</script>
"""


def test_nothing_runs_out_of_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f'<meta charset="utf-8"><body>{"".join(DRAWN.values())}{MEASURE}')

    html, _ = opened(page, at="")

    (found,) = re.findall(r"\[\[\[.*\]\]\]", html)
    for texts in json.loads(found):
        assert len(texts) > 4
        for text, left, top, right, bottom in texts:
            assert left >= 10, text
            assert right <= 352, text
            assert 0 < top < bottom, text
        for one, other in combinations(texts, 2):
            apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] + 4
            assert apart or other[4] <= one[2] + 4, (one, other)
