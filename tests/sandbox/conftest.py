from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.asking import Asker
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def opened() -> Iterator[Shop]:
    """A store with something of everything, shared by a module's tests."""
    with Shop(orders=60, days=10, clients=24, skus=30) as shop:
        shop.close()
        shop.pass_time(minutes=30)
        for warehouse in ("CDsul", "14e3fcc"):
            shop.store.logistics.set_stock(1, warehouse, 5)
        yield shop


@pytest.fixture
def shop(opened: Shop) -> Iterator[Shop]:
    """The shared store, without what an earlier test left behind."""
    yield opened
    opened.store.faults.clear()
    opened.store.scrolls.cursors.clear()


@pytest.fixture
def ask(shop: Shop) -> Iterator[Asker]:
    with Asker(shop) as asker:
        yield asker
