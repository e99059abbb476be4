"""The SDK's own tests for taps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.testing.suites import SingerTestSuite, tap_stream_attribute_tests
from singer_sdk.testing.tap_tests import AttributeIsObjectTest

from tap_vtex.tap import TapVTEX
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk import Stream
    from singer_sdk.testing.templates import AttributeTestTemplate

# The suite makes the tap while tests are collected, so the store has to be open by then.
SHOP = Shop(orders=150, days=30, clients=60, skus=60)
SHOP.__enter__()


@pytest.fixture(scope="session", autouse=True)
def _close_the_store() -> Iterator[None]:
    yield
    SHOP.__exit__(None, None, None)


def own_values(test: type[AttributeTestTemplate]) -> type[AttributeTestTemplate]:
    """A test that looks at the values of each attribute.

    The SDK's looks at those of the first attribute again and again, because it caches them. And
    it takes each attribute that can be an object for one, where ours may also be lists.
    """

    def values(self: AttributeTestTemplate) -> list[Any]:
        found = (record.get(self.attribute_name) for record in self.stream_records)
        return [value for value in found if value is not None]

    def evaluate(stream: Stream, property_name: str, property_schema: dict[str, Any]) -> bool:
        is_list = test is AttributeIsObjectTest and "array" in property_schema["type"]
        return not is_list and test.evaluate(stream, property_name, property_schema)

    added = {"non_null_attribute_values": property(values), "evaluate": staticmethod(evaluate)}
    return type(test.__name__, (test,), added)


def everything() -> dict[str, Any]:
    """The store's catalog, with those streams that are not selected from the start."""
    catalog: dict[str, Any] = TapVTEX(config=SHOP.config()).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = True
    return catalog


TestTapVTEX = get_tap_test_class(
    TapVTEX,
    config=SHOP.config(),
    catalog=everything(),
    suite_config=SuiteConfig(max_records_limit=150),
    include_stream_attribute_tests=False,
    custom_suites=[
        SingerTestSuite(
            kind=tap_stream_attribute_tests.kind,
            tests=[own_values(test) for test in tap_stream_attribute_tests.tests],
        )
    ],
)
