"""No package imports in a circle, type-only and function-local imports included."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Graph = dict[str, set[str]]


def import_graph(package: Path) -> Graph:
    """The modules of a package, each with those of its own package that it imports."""
    files = {_module_name(package, path): path for path in package.rglob("*.py")}
    return {
        name: {
            _defining_module(imported, files)
            for imported in _imports(path.read_text(encoding="utf-8"), name, path.stem)
            if imported.split(".")[0] == package.name
        }
        for name, path in files.items()
    }


def cycle(graph: Graph) -> list[str]:
    """A circle of imports; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _module_name(package: Path, path: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(source: str, module: str, stem: str) -> Iterator[str]:
    """Whatever a module imports, wherever the import stands in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, stem)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, module: str, stem: str) -> str:
    """The module after ``from``; a relative one begins at the importing module's package."""
    if not node.level:
        return node.module or ""
    ancestors = module.split(".")
    up = node.level - (stem == "__init__")
    return ".".join([*ancestors[: len(ancestors) - up], *filter(None, [node.module])])


def _defining_module(name: str, modules: dict[str, Path]) -> str:
    """The module of a name that was imported: itself, or what it was imported from."""
    return name if name in modules else name.rpartition(".")[0]


@pytest.mark.parametrize("package", ["sandbox", "tap_vtex"])
def test_modules_do_not_import_each_other_in_a_circle(package: str) -> None:
    graph = import_graph(PROJECT / package)
    assert len(graph) > 1
    assert set().union(*graph.values()) <= graph.keys()
    assert cycle(graph) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import shop.till", {"shop.till"}),
        ("from shop import till", {"shop.till"}),
        ("from shop.till import Till", {"shop.till"}),
        ("from . import till", {"shop.till"}),
        ("from .till import Till", {"shop.till"}),
        ("from shop import NAME", {"shop"}),
        ("def sell():\n    from shop.till import Till", {"shop.till"}),
        ("if TYPE_CHECKING:\n    from shop.till import Till", {"shop.till"}),
        ("import json", set()),
    ],
)
def test_every_way_to_import_is_seen(tmp_path: Path, source: str, expected: set[str]) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    for name, text in (("__init__", ""), ("till", ""), ("door", source)):
        (package / f"{name}.py").write_text(text)
    assert import_graph(package)["shop.door"] == expected


def test_a_circle_is_found(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    (package / "back").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "front.py").write_text("from shop.back import Store")
    (package / "back" / "__init__.py").write_text("from .store import Store as Store")
    (package / "back" / "store.py").write_text(
        "if TYPE_CHECKING:\n    from ..front import Door\nclass Store: ..."
    )
    circle = {"shop.front", "shop.back", "shop.back.store"}
    assert set(cycle(import_graph(package))) == circle
