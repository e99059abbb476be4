"""Entities of Master Data version 2: names, JSON Schemas, and what comes without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.asking import Asker, page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

ENTITIES = "/api/dataentities"
RETURNS = "vtex_return_app_returnRequest"


@pytest.fixture
def ask(open_shop: Callable[..., Any]) -> Iterator[Asker]:
    shop = open_shop(orders=20, days=10, clients=90)
    shop.close()
    shop.pass_time(minutes=30)
    with Asker(shop) as asker:
        yield asker


def search(ask: Asker, entity: str, **query: str) -> requests.Response:
    return ask.get(f"{ENTITIES}/{entity}/search", query, page(0, 100))


def test_one_schema_comes_bare_and_several_come_as_a_list(ask: Asker) -> None:
    alone = ask.get(f"{ENTITIES}/wishlist/schemas").json()
    assert alone == ask.get(f"{ENTITIES}/wishlist/schemas/wishlist").json()
    assert "email" in alone["properties"]
    several = ask.get(f"{ENTITIES}/{RETURNS}/schemas").json()
    assert [one["name"] for one in several] == ["1.0.0", "2.0.0"]
    assert ask.get(f"{ENTITIES}/pesquisa-NPS/schemas").json() == []
    for path in ("CL/schemas", "wishlist/schemas/other", "wishlist"):
        assert ask.get(f"{ENTITIES}/{path}").status_code == 404


def test_what_comes_without_the_schema(ask: Asker) -> None:
    (row, *_) = search(ask, "wishlist", _fields="_all").json()
    assert row.keys() == {"id", "accountId", "accountName", "dataEntityId"}
    (row, *_) = search(ask, "wishlist", _fields="_all", _schema="wishlist").json()
    assert {"email", "ListItemsWrapper", "createdIn"} <= row.keys()
    assert search(ask, "contact_information", _fields="_all").status_code == 400
    assert search(ask, "contact_information").json()
    assert search(ask, "contact_information", _fields="_all", _schema="contact").json()


def test_a_schema_narrows_the_documents(ask: Asker) -> None:
    whole = search(ask, RETURNS, _fields="id").json()
    newer = search(ask, RETURNS, _fields="id", _schema="2.0.0").json()
    assert 0 < len(newer) < len(whole)


def test_what_a_schema_does_not_know_is_refused(ask: Asker) -> None:
    wrong = {"_fields": "id,followers", "_schema": "wishlist"}
    assert search(ask, "wishlist", **wrong).json()["Message"] == (
        "Field 'followers' not found in schema"
    )
    assert search(ask, "wishlist", _schema="other").status_code == 400


def test_which_dates_can_be_searched(ask: Asker) -> None:
    for entity, name, status in (
        (RETURNS, "updatedIn", 200),
        (RETURNS, "lastInteractionIn", 400),
        ("productReviews", "lastInteractionIn", 200),
    ):
        assert search(ask, entity, _where=f"({name} is null)").status_code == status


def test_the_list_of_entities_may_lack_them(ask: Asker) -> None:
    def listed() -> set[str]:
        return {one["acronym"] for one in ask.get(ENTITIES).json()}

    assert {"CL", "wishlist"} <= listed()
    ask.shop.store.quirks.lists_version_2 = False
    assert listed() == {"CL", "AD", "NL", "LE"}
