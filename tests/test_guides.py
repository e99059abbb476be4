"""docs/store-setup.md and its translations say the same, and what they say is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.roles import READER_ROLE
from tap_vtex.report.check import HEADS, Check
from tap_vtex.tap import TapVTEX
from tests.support.endpoints import ENDPOINTS
from tests.support.guides import (
    FURTHER,
    KNOWN,
    LANGUAGES,
    LOOKS,
    MISTAKES,
    NAMES,
    NEW_NAMES,
    PAGES,
    SMALLEST,
    USUAL,
    WHOLE,
    code_blocks,
    codes,
    links,
    menus,
    resources_of,
    section,
    sections,
    shape_of,
    tables,
)
from tests.support.shop import Shop
from tests.test_project import PROJECT, selected_by_meltano

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.http.endpoint import Resource
    from tap_vtex.streams.base import VtexStream
    from tests.support.tap import Run, Tap

TRANSLATIONS = pytest.mark.parametrize("language", ["es", "pt"])

#: As the pages call the streams of the store's own entities, and one of those in the sandbox.
OWN_ENTITY, OWN_STREAM = "md_<acronym>", "md_le"


# -- the three say the same --------------------------------------------------------------


def test_each_begins_with_links_to_the_others() -> None:
    for language, page in PAGES.items():
        others = [name for other, name in LANGUAGES.items() if other != language]
        assert re.findall(r"\]\((.*?)\)", page.splitlines()[2]) == others


@TRANSLATIONS
def test_a_translation_has_the_same_steps_rows_and_names(language: str) -> None:
    pairs = zip(sections("en"), sections(language), strict=True)
    for english, translated in pairs:
        assert shape_of(translated) == shape_of(english), translated.partition("\n")[0]


@TRANSLATIONS
def test_a_translation_has_the_same_tables_and_examples(language: str) -> None:
    assert tables(language) == tables("en")
    assert code_blocks(language) == code_blocks("en")


@TRANSLATIONS
def test_a_translation_leads_to_the_same_places(language: str) -> None:
    assert links(language) == links("en")
    assert links("en").count("a page of VTEX's") == 2


@TRANSLATIONS
def test_a_translation_has_the_menus_in_english_too(language: str) -> None:
    for english, translated in zip(sections("en"), sections(language), strict=True):
        assert menus(english) <= menus(translated), translated.partition("\n")[0]
    assert sum(map(len, map(menus, sections("en")))) > 20


# -- resources and roles -----------------------------------------------------------------


class Asked:
    """What the check finds with one role or another."""

    def __init__(self, shop: Shop) -> None:
        self._store = shop.store
        config = shop.config(master_data_entities=["LE"])
        tap = TapVTEX(config=config, offline=True)
        self._client = tap.run.client
        self._streams: dict[str, Any] = dict(tap.streams)

    def with_role(self, role: Iterable[str], streams: Iterable[str]) -> Check:
        self._store.granted = set(role)
        check = Check(self._client)
        for name in streams:
            stream = self.stream(name)
            check.begin(stream.name)
            stream.check(check)
        return check

    def stream(self, name: str) -> VtexStream:
        found: VtexStream = self._streams[OWN_STREAM if name == OWN_ENTITY else name]
        return found

    def opened(self, role: set[str], streams: Iterable[str]) -> dict[Resource, set[str]]:
        """The streams that each resource of a role opens a path for; all must be in order."""
        asked = self.with_role(role, streams)
        assert asked.is_ok, asked.as_text()
        found: dict[Resource, set[str]] = {}
        for one in asked.findings:
            for resource in one.endpoint.resources:
                if one.granted and resource.name in role:
                    stream = OWN_ENTITY if one.stream == OWN_STREAM else one.stream
                    found.setdefault(resource, set()).add(stream)
        return found


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=100, days=10, clients=10, skus=12)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    """One store for all who only ask."""
    with Shop(orders=100, days=10, clients=10, skus=12) as shop:
        yield Asked(shop)


def test_the_tap_knows_every_resource_that_is_named() -> None:
    assert resources_of([*WHOLE, *FURTHER]).keys() <= KNOWN
    assert {name for _, *cells in SMALLEST for cell in cells for name in cell} <= {
        resource.name for resource in KNOWN
    }
    for rows in (WHOLE, FURTHER):
        assert list(resources_of(rows)) == sorted(resources_of(rows))


def test_every_resource_that_the_tap_knows_is_named() -> None:
    assert {resource.name for resource in KNOWN} <= set(codes(PAGES["en"]))


def test_the_old_and_new_names_are_those_that_the_tap_knows() -> None:
    pairs = {
        (old.name, new.name)
        for old, *others in (endpoint.resources for endpoint in ENDPOINTS.values())
        for new in others
        if (old.category, new.category) == ("Content", "General")
    }
    assert [(old, new) for (old,), (new,) in NAMES] == sorted(pairs)


#: What *all* stands for in the role that vendors ask for: a product's resources.
ALL = {
    "Rates and Benefits": {"Manage benefits and rates", "Manage policies"},
    "Dynamic Storage": {
        "Read only documents",
        "Insert or update document (not remove)",
        "Full access to all documents",
        "Master Data administrator",
    },
}


def test_the_usual_role_is_worded_as_vendors_word_it() -> None:
    named = {product: set(names) or ALL[product] for (product,), _, names, _ in USUAL}
    assert len(named) == 6
    assert set().union(*named.values()) == READER_ROLE

    places = {name: (product.split(" or "), category) for product, category, name in KNOWN}
    for (product,), category, names, _ in USUAL:
        for name in places.keys() & names:
            products, only = places[name]
            assert product in products
            assert category == [only]


@pytest.mark.parametrize("catalog", ["old", "new"])
def test_a_key_with_the_usual_role_loads_what_is_selected_from_the_start(
    tap: Tap, shop: Shop, catalog: str
) -> None:
    (old,) = (set(names) for (product,), _, names, _ in USUAL if product == "Catalog")
    new = set(NEW_NAMES.values()).intersection(codes(section("What to tick")))
    shop.store.granted = set(READER_ROLE - old) | {"old": old, "new": new}[catalog]

    run = tap.run(shop.config(), select=selected_by_meltano(), hurry=True)

    for stream in selected_by_meltano():
        assert run.records(stream), stream


def test_the_whole_role_opens_what_meltano_selects(asked: Asked) -> None:
    """With the catalog's old names as with the new ones, and for the streams that are named."""
    streams = [*selected_by_meltano(), OWN_ENTITY]
    listed = resources_of(WHOLE)
    names = {resource.name for resource in listed}
    old, new = names - set(NEW_NAMES.values()), names - set(NEW_NAMES)
    assert names > old != new
    assert old <= READER_ROLE | {"View data entity details"}

    with_old, with_new = asked.opened(old, streams), asked.opened(new, streams)
    assert with_old | with_new == listed


def test_the_further_resources_open_the_further_streams(asked: Asked) -> None:
    listed = resources_of(FURTHER)
    streams = TapVTEX(config={}, validate_config=False).streams.keys() - selected_by_meltano()

    assert asked.opened({resource.name for resource in listed}, streams) == listed


def test_each_stream_has_a_smallest_role() -> None:
    streams = list(TapVTEX(config={}, validate_config=False).streams)
    assert sorted(stream for (stream,), _, _ in SMALLEST) == sorted([*streams, OWN_ENTITY])


@pytest.mark.parametrize(("stream", "role", "better"), [(row[0][0], *row[1:]) for row in SMALLEST])
def test_the_smallest_role_of_a_stream_lacks_nothing_and_has_nothing_to_spare(
    asked: Asked, stream: str, role: list[str], better: list[str]
) -> None:
    for names in (set(role), {NEW_NAMES.get(name, name) for name in role}):
        assert asked.with_role(names, [stream]).is_ok
        for spare in names:
            assert not asked.with_role(names - {spare}, [stream]).is_ok, spare

    findings = asked.with_role(role, [stream]).findings
    optional = {one.endpoint.resources[0].name for one in findings if one.fallback}
    assert optional - set(role) == set(better)


@pytest.mark.parametrize("role", dict.fromkeys(tuple(row[1]) for row in SMALLEST))
def test_a_run_with_the_smallest_role_gets_through(
    tap: Tap, shop: Shop, role: tuple[str, ...]
) -> None:
    named = [stream for (stream,), needed, _ in SMALLEST if tuple(needed) == role]
    streams = [OWN_STREAM if stream == OWN_ENTITY else stream for stream in named]
    shop.store.granted = set(role)

    run = tap.run(shop.config(master_data_entities=["LE"]), select=streams, hurry=True)

    for stream in streams:
        assert run.records(stream), stream


# -- what else stands there in code ------------------------------------------------------

#: Of VTEX's admin, of addresses and files, and of what `--check` prints.
OTHER_CODE = {
    *("User Administrator - RESTRICTED", "Owner (Admin Super)", "Category Management"),
    *("CRM administrator", "Master Data", "Generic resources"),
    *("acme", "vtexappkey-acme-ABCDEF", ".myvtex.com", "https://share.vtex.com/credentials/"),
    *("https://acme.myvtex.com/admin", "https://www.acme.com.br", ".env", "meltano.yml"),
    *(
        "--format json",
        *HEADS,
        "yes",
        "NO",
        "?",
        "The key may read every stream that is selected from the start.",
    ),
    # As some admins have them.
    *("Conteúdo", "AcessoOMS", "Recursos genéricos para o Dynamic Storage", "Skus"),
    *("View Order", "Read Price"),
    *(
        "Selected from the start",
        "Optional",
    ),
}


def test_no_name_is_misspelt() -> None:
    known = {part for resource in KNOWN for cell in resource for part in cell.split(" or ")}
    known |= {*READER_ROLE, OWN_ENTITY, *TapVTEX(config={}, validate_config=False).streams}
    known |= set(TapVTEX.config_jsonschema["properties"]) | OTHER_CODE
    known |= set(WAYS_TO_GO_WRONG)

    assert set(codes(PAGES["en"])) <= known
    assert [row[0][0] for row in LOOKS] == ["account_name", "app_key", "app_token", "store_url"]


# -- the usual mistakes ------------------------------------------------------------------


def with_setting(name: str, value: str, *more: str) -> Callable[[Tap, Shop], Run]:
    """A run with a setting that is wrong."""

    def run(tap: Tap, shop: Shop) -> Run:
        config = shop.config() | {name: value}
        return tap.run(config, select={"orders"}, more=more, expect=1, hurry=True)

    return run


def without_a_role(tap: Tap, shop: Shop) -> Run:
    shop.store.granted = set()
    return tap.run(shop.config(), more=["--check"], expect=1, hurry=True)


def without_list_orders(tap: Tap, shop: Shop) -> Run:
    shop.store.granted = {"View order"}
    return tap.run(shop.config(), select={"orders"}, expect=1, hurry=True)


def answered_by(kind: str, **details: Any) -> Callable[[Tap, Shop], Run]:
    """A run in which VTEX answers to everything in one way."""

    def run(tap: Tap, shop: Shop) -> Run:
        shop.fail(kind, times=None, **details)
        return tap.run(shop.config(), select={"orders"}, expect=1, hurry=True)

    return run


def with_private_fields(tap: Tap, shop: Shop) -> Run:
    shop.store.quirks.private_fields = frozenset({"checkouttag"})
    return tap.run(shop.config(), select={"carts"})


#: What the pages quote, and what makes the tap say it.
WAYS_TO_GO_WRONG: dict[str, list[Callable[[Tap, Shop], Run]]] = {
    "The setting app_token contains a URL": [
        with_setting("app_token", "https://share.vtex.com/credentials/1")
    ],
    "The setting app_token contains spaces or other characters": [
        with_setting("app_token", "a token")
    ],
    "VTEX gave no data at all: check account_name, app_key and app_token": [
        with_setting("app_token", "WRONG", "--check"),
        without_a_role,
    ],
    "VTEX does not accept the key (status 401)": [with_setting("app_token", "WRONG")],
    "VTEX refused the key for GET /api/oms/pvt/orders (status 403)": [without_list_orders],
    "Give the key's role the resource 'List Orders' (product OMS, category OMS access)": [
        without_list_orders
    ],
    "VTEX has answered nothing in this run": [with_setting("api_url", "http://acmee.invalid")],
    "VTEX does not know GET /api/oms/pvt/orders (status 404)": [
        answered_by("status", status=404, html=True)
    ],
    "but the name of a VTEX account has only letters, digits and hyphens": [
        with_setting("account_name", "https://acme.myvtex.com/admin")
    ],
    "a web page instead of data (status 200). VTEX sends its login page": [answered_by("html")],
    "of the Master Data entity CL: those fields are null": [with_private_fields],
}


def test_every_mistake_that_is_quoted_is_made_here() -> None:
    quoted = [sentence for what, _, _ in MISTAKES for sentence in what]
    assert quoted == list(WAYS_TO_GO_WRONG)


@pytest.mark.parametrize(
    ("sentence", "go_wrong"),
    [(sentence, way) for sentence, ways in WAYS_TO_GO_WRONG.items() for way in ways],
)
def test_the_tap_says_what_the_pages_quote(
    tap: Tap, shop: Shop, sentence: str, go_wrong: Callable[[Tap, Shop], Run]
) -> None:
    run = go_wrong(tap, shop)

    assert sentence in "\n".join([run.log, *run.lines])


# -- the check ---------------------------------------------------------------------------


def blocks(kind: str) -> list[list[str]]:
    return [lines for one, lines in code_blocks("en") if one == kind]


def test_the_table_is_what_the_check_prints(tap: Tap, shop: Shop) -> None:
    """A few of its lines, with less space between the columns."""
    shop.store.granted = set(READER_ROLE) | {"Category"}
    shop.store.granted -= {"SKUs"}

    run = tap.run(shop.config(), more=["--check"], expect=1, hurry=True)

    (quoted,) = ([columns(line) for line in lines] for lines in blocks("text"))
    printed = iter(map(columns, run.lines))
    assert [line for line in quoted if line not in printed] == []
    assert set(HEADS) <= set(codes(section("The check")))


def columns(line: str) -> list[str]:
    return re.split(r"  +", line)


def type_in(folder: Path, line: str, **env: str) -> list[str]:
    """Type a line of the page in a folder, with the tools of this environment."""
    ended = subprocess.run(
        ["/bin/sh", "-c", line.removeprefix("$ ")],
        cwd=folder,
        env={**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


TOOLS = Path(sys.executable).parent


def test_the_command_without_meltano(shop: Shop, tmp_path: Path) -> None:
    _, (command,) = blocks("console")
    (tmp_path / "config.json").write_text(json.dumps(shop.config()))

    said = type_in(tmp_path, command)
    assert said[-1] == "The key may read every stream that is selected from the start."


@pytest.mark.long
def test_the_commands_with_meltano(shop: Shop, tmp_path: Path) -> None:
    """The project's own plug-in, but for the place where the tap is installed."""
    commands, _ = blocks("console")
    project = (PROJECT / "meltano.yml").read_text()
    installed = "    pip_url: -e .\n    executable: tap-vtex\n"
    assert installed in project
    here = f"    executable: {TOOLS / 'tap-vtex'}\n"
    (tmp_path / "meltano.yml").write_text(project.replace(installed, here))
    (tmp_path / ".meltano").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(TOOLS)
    settings = {f"TAP_VTEX_{name.upper()}": str(value) for name, value in shop.config().items()}
    shop.store.granted = set(READER_ROLE)

    for command in commands:
        said = type_in(tmp_path, command, **settings)

    assert said[-1] == "The key may read every stream that is selected from the start."
    assert "optional streams: sales_channels" in said[-2]
