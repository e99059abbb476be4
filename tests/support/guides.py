"""The set-up guide in its languages, taken apart: docs/store-setup.md and its translations."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_vtex.http.endpoint import Resource
from tests.support.endpoints import ENDPOINTS
from tests.test_project import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

LANGUAGES = {"en": "store-setup.md", "es": "store-setup.es.md", "pt": "store-setup.pt.md"}
PAGES = {
    language: (PROJECT / "docs" / name).read_text(encoding="utf-8")
    for language, name in LANGUAGES.items()
}

#: A cell is the pieces of code in it.
Row = list[list[str]]

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code_blocks(language: str) -> list[tuple[str, list[str]]]:
    """What stands between fences: its kind, and its lines."""
    return [(kind, text.splitlines()) for kind, text in FENCED.findall(PAGES[language])]


def prose(page: str) -> str:
    """A page without what stands between fences."""
    return FENCED.sub("", page)


def codes(text: str) -> list[str]:
    """The pieces of code within a text."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def sections(language: str) -> list[str]:
    """The parts of a page, each from its heading on."""
    return re.split(r"^(?=#)", prose(PAGES[language]), flags=re.MULTILINE)


def tables(language: str) -> list[list[Row]]:
    """The rows of each table, heads left out."""
    found = re.findall(r"(?:^\|.*\n)+", prose(PAGES[language]), re.MULTILINE)
    return [
        [[codes(cell) for cell in row.split("|")[1:-1]] for row in one.splitlines()[2:]]
        for one in found
    ]


def links(language: str) -> list[str]:
    """Where the links of a page lead, in words that are the same in every language."""
    found = re.findall(r"\]\((.*?)\)", "\n".join(PAGES[language].splitlines()[3:]))
    headings = [f"#{slug(one.splitlines()[0].lstrip('# '))}" for one in sections(language)[1:]]
    vtex = f"https://help.vtex.com/{language}/docs/"

    def place(link: str) -> str:
        if link.startswith(vtex):
            return "a page of VTEX's"
        if link.startswith("#"):
            return f"section {headings.index(link)}"
        return link.replace(f".{language}.svg", ".svg")

    return [place(link) for link in found]


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def section(heading: str) -> str:
    """A part of the English page."""
    (found,) = (one for one in sections("en") if re.match(f"#+ {heading}\n", one))
    return found


def menus(section: str) -> Counter[str]:
    """The names of menus, buttons and columns in a part of a page."""
    return Counter(" ".join(name.split()) for name in re.findall(r"\*([^*|]+)\*", section))


def shape_of(section: str) -> dict[str, Any]:
    """How a part of a page is built, and what is the same in every language."""
    return {
        "heading": len(section) - len(section.lstrip("#")),
        "steps": len(re.findall(r"^\d+\. ", section, re.MULTILINE)),
        "points": len(re.findall(r"^- ", section, re.MULTILINE)),
        "cells": [line.count("|") for line in section.splitlines() if line.startswith("|")],
        "code": Counter(codes(section)),
    }


LOOKS, USUAL, WHOLE, FURTHER, SMALLEST, NAMES, MISTAKES = tables("en")
NEW_NAMES = {old: new for (old,), (new,) in NAMES}
#: The resources that the tap knows.
KNOWN = {resource for endpoint in ENDPOINTS.values() for resource in endpoint.resources}


def resources_of(rows: Iterable[Row]) -> dict[Resource, set[str]]:
    """The streams for each resource of a table of resources."""
    return {
        Resource(" or ".join(product), category, name): set(streams)
        for product, (category,), (name,), streams in rows
    }
