"""The SDK's own tests for taps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_vtex.tap import TapVTEX
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

# The suite makes the tap while tests are collected, so the store has to be open by then.
SHOP = Shop(orders=150, days=30, clients=60, skus=60)
SHOP.__enter__()


@pytest.fixture(scope="session", autouse=True)
def _close_the_store() -> Iterator[None]:
    yield
    SHOP.__exit__(None, None, None)


TestTapVTEX = get_tap_test_class(
    TapVTEX, config=SHOP.config(), suite_config=SuiteConfig(max_records_limit=150)
)
