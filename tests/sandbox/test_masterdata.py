"""Quirks of Master Data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.asking import ROUTES, Asker, page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.shop import Shop

SEARCH = ROUTES["search"].path


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=20, days=10, clients=40)
    shop.close()
    shop.pass_time(minutes=30)
    return shop


@pytest.fixture
def ask(shop: Shop) -> Iterator[Asker]:
    with Asker(shop) as asker:
        yield asker


def found(ask: Asker, where: str | None = None) -> dict[str, Any]:
    """What a search finds, by id."""
    query = {"_fields": "id,email,updatedIn", **({"_where": where} if where else {})}
    return {one["id"]: one for one in ask.get(SEARCH, query, page(0, 100)).json()}


def test_the_index_shows_single_documents_later(ask: Asker) -> None:
    document_id = list(found(ask))[5]
    before = found(ask)[document_id]
    ask.shop.hide_document("CL", document_id, hours=1)
    assert document_id not in found(ask)
    ask.shop.pass_time(minutes=61)
    assert found(ask)[document_id] == before


def test_the_index_shows_single_changes_later(ask: Asker) -> None:
    first, second = list(found(ask))[5:7]
    ask.shop.freeze_document("CL", first)
    for document_id in (first, second):
        ask.shop.edit("CL", document_id, email="new@example.com")
    ask.shop.pass_time(minutes=70)
    assert found(ask)[first]["email"] != "new@example.com"
    assert found(ask)[second]["email"] == "new@example.com"
    today = "(updatedIn between 2026-11-23T12:30:00.000Z AND 2026-11-23T14:00:00.000Z)"
    assert list(found(ask, today)) == [second]
    ask.shop.thaw_document("CL", first)
    assert found(ask)[first]["email"] == "new@example.com"
    assert set(found(ask, today)) == {first, second}


def test_documents_are_changed_over_http(ask: Asker) -> None:
    document_id, *_ = ask.post("documents", {"entity": "CL", "action": "freeze", "count": 1}).json()
    chosen = {"entity": "CL", "ids": [document_id]}
    edit = {**chosen, "action": "edit", "fields": {"email": "new@example.com"}}
    assert ask.post("documents", edit).json() == [document_id]
    ask.shop.pass_time(minutes=5)
    assert found(ask)[document_id]["email"] != "new@example.com"
    ask.post("documents", {**chosen, "action": "thaw"})
    assert found(ask)[document_id]["email"] == "new@example.com"
    ask.post("documents", {**chosen, "action": "hide", "seconds": 60})
    assert document_id not in found(ask)
    ask.shop.pass_time(minutes=1)
    assert document_id in found(ask)
    ask.post("documents", {**chosen, "action": "delete"})
    ask.shop.pass_time(minutes=5)
    assert document_id not in found(ask)
    assert ask.post("documents", {**chosen, "action": "burn"}).status_code == 400
    unknown = {"entity": "CL", "ids": ["nobody"], "action": "edit", "fields": {}}
    assert ask.post("documents", unknown).status_code == 400
    three = ask.post("documents", {"entity": "CL", "action": "freeze", "count": 3}).json()
    assert len(set(three)) == 3
