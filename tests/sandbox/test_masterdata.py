"""Quirks of Master Data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.asking import ROUTES, Asker, page, total

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


def test_the_index_holds_a_document_twice(ask: Asker) -> None:
    everything = {"_fields": "id", "_size": 100}
    before = ask.get(ROUTES["scroll"].path, everything)
    document_id = ask.post("documents", {"entity": "CL", "action": "double", "count": 1}).json()[0]
    after = ask.get(ROUTES["scroll"].path, everything)
    assert [one["id"] for one in after.json()].count(document_id) == 2
    assert len(after.json()) == len(before.json()) + 1
    assert total("scroll", after) == (total("scroll", before) or 0) + 1
    search = ask.get(SEARCH, {"_fields": "id"}, page(0, 100))
    assert [one["id"] for one in search.json()].count(document_id) == 2
    assert total("search", search) == total("scroll", after)


def test_ids_differ_only_in_letter_case(ask: Asker) -> None:
    first, second = ask.post(
        "documents", {"entity": "LE", "action": "edit", "count": 2, "fields": {}}
    ).json()
    for old, new in ((first, "aB3xY"), (second, "Ab3xY")):
        ask.post("documents", {"entity": "LE", "action": "rename", "ids": [old], "id": new})
    found = ask.get("/api/dataentities/LE/search", {"_fields": "id,nome"}, page(0, 100)).json()
    names = {one["id"]: one["nome"] for one in found}
    assert {"aB3xY", "Ab3xY"} <= names.keys()
    assert names["aB3xY"] != names["Ab3xY"]
    assert not {first, second} & names.keys()


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Cannot read private fields", "Cannot read private fields"),
        ("Forbidden access to the fields '{fields}'", "Forbidden access to the fields 'email'"),
        ("Sem permissão para os campos {fields}", "Sem permissão para os campos email"),
    ],
)
def test_a_field_is_refused_in_other_words(ask: Asker, status: int, words: str, said: str) -> None:
    quirks = {
        "private_fields": ["email", "document"],
        "private_fields_status": status,
        "private_fields_message": words,
    }
    assert ask.post("settings", {"quirks": quirks}).status_code == 200
    for how, headers in ((SEARCH, page(0, 5)), (ROUTES["scroll"].path, {})):
        refused = ask.get(how, {"_fields": "id,email"}, headers)
        assert (refused.status_code, refused.json()) == (status, {"Message": said})
        assert ask.get(how, {"_fields": "id,createdIn"}, headers).status_code == 200
    everything = ask.get(SEARCH, {"_fields": "_all"}, page(0, 5))
    assert everything.status_code == status


def test_large_searches_time_out(ask: Asker) -> None:
    ask.shop.store.quirks.search_timeout_from = 10
    assert ask.get(SEARCH, {}, page(0, 1)).status_code == 408
    before_all = {"_where": "(createdIn<1990-01-01)"}
    assert ask.get(SEARCH, before_all, page(0, 1)).status_code == 200
    ask.shop.store.quirks.search_timeout_from = 0
    assert ask.get(SEARCH, before_all, page(0, 1)).status_code == 408
    assert ask.route("scroll").status_code == 200


def test_many_documents_lack_their_date(ask: Asker) -> None:
    undated = {"_where": "(createdIn is null)", "_fields": "id,createdIn"}
    few = ask.get(SEARCH, undated, page(0, 100)).json()
    assert ask.post("settings", {"entities": {"CL": {"undated_one_in": 2}}}).status_code == 200
    many = ask.get(SEARCH, undated, page(0, 100)).json()
    assert len(few) < 3
    assert 15 < len(many) < 25
    assert {one["createdIn"] for one in many} == {None}
    ask.shop.store.entities["CL"].undated_one_in = 1
    almost_all = ask.get(SEARCH, undated, page(0, 100))
    assert total("search", almost_all) == (total("scroll", ask.route("scroll")) or 0) - 1


def test_an_account_without_master_data(ask: Asker) -> None:
    ask.shop.store.quirks.has_master_data = False
    for name in ("entities", "structure", "search", "scroll"):
        assert ask.route(name).status_code == 500
    assert ask.route("coupons").status_code == 200


def test_documents_that_are_kept_as_json_are_those_that_are_made_anew(ask: Asker) -> None:
    made = found(ask)
    ask.shop.store.rendered = {}
    assert found(ask) == found(ask) == made

    ask.shop.pass_time(minutes=1)
    ask.shop.freeze_document("CL", next(iter(made)))
    assert found(ask) == made


@pytest.mark.parametrize(
    ("manner", "pages"),
    [
        # Rows of the pages 0, 1 and 2, and of the one that the token then gives.
        ("from_0", [(0, 5), (5, 10), (10, 15), (5, 10)]),
        ("from_1", [(0, 5), (0, 5), (5, 10), (5, 10)]),
        ("ignored", [(5, 10), (10, 15), (15, 20), (20, 25)]),
        ("refused", [None, None, None, (5, 10)]),
    ],
)
def test_pages_of_a_scroll_by_number(ask: Asker, manner: Any, pages: list[Any]) -> None:
    ask.shop.store.quirks.scroll_pages = manner
    first = ask.route("scroll", _size=100)
    everything = [one["id"] for one in first.json()]
    token = ask.route("scroll", _size=5).headers["X-VTEX-MD-TOKEN"]

    for query, rows in zip([{"_page": 0}, {"_page": 1}, {"_page": 2}, {}], pages, strict=True):
        response = ask.get(ROUTES["scroll"].path, {"_token": token, **query})
        if rows is None:
            assert response.status_code == 400
        else:
            assert [one["id"] for one in response.json()] == everything[slice(*rows)]
