"""Entities of Master Data version 2: by their own names, by a schema, and by two dates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_masterdata import (
    MADE_HERE,
    SCROLL,
    SEARCH,
    columns_of,
    settle,
)
from tests.support.expect import entity_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

Json = dict[str, Any]

SCHEMAS = "/api/dataentities/{acronym}/schemas"
SCHEMA = "/api/dataentities/{acronym}/schemas/{schema}"
RETURNS = "vtex_return_app_returnRequest"
MD_RETURNS = "md_vtex_return_app_returnrequest"
WISH_LIST = {"entity": "wishlist", "schema": "wishlist"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store with 130 return requests, and other entities that are as small."""
    shop = open_shop(orders=30, days=100, clients=1300, skus=12)
    settle(shop)
    return shop


def schema_of(run: Run, stream: str) -> Json:
    """The declared columns of a stream."""
    schemas = (m for m in run.messages if m["type"] == "SCHEMA" and m["stream"] == stream)
    columns: Json = next(schemas)["schema"]["properties"]
    return columns


def assert_equals_truth(target: Target, shop: Shop, run: Run, stream: str, entity: str) -> None:
    """Compare a table with the documents; version 2 leaves out fields that are null."""
    declared = schema_of(run, stream)
    texts = {name for name, one in declared.items() if one["type"] == ["null", "string"]}

    def expected(document: Json) -> Json:
        record = entity_record(document, set(declared) - MADE_HERE)
        misfits = {name: record.pop(name) for name in texts if isinstance(record.get(name), dict)}
        return {**record, "custom_fields": (record["custom_fields"] or {}) | misfits or None}

    def filled(record: Json) -> Json:
        return {name: value for name, value in record.items() if value is not None}

    assert {key: filled(row) for key, row in target.table(stream, "id").items()} == {
        key: filled(expected(document)) for key, document in shop.documents(entity).items()
    }


@pytest.mark.parametrize(
    ("entry", "stream"),
    [
        (RETURNS, MD_RETURNS),
        (WISH_LIST, "md_wishlist"),
        ("productReviews", "md_productreviews"),
        ({"entity": "contact_information", "schema": "contact"}, "md_contact_information"),
        ("pesquisa-NPS", "md_pesquisa_nps"),
    ],
    ids=str,
)
def test_a_load_and_two_incremental_runs(
    tap: Tap, shop: Shop, target: Target, entry: Any, stream: str
) -> None:
    entity = entry if isinstance(entry, str) else entry["entity"]
    config = shop.config(master_data_entities=["LE", entry])
    for hours in (0, 30):
        shop.pass_time(hours=hours)
        changed = list(shop.documents(entity))[:: 40 + hours] if hours else []
        for document_id in changed:
            shop.edit(entity, document_id, email=f"{hours}@example.com")
        shop.pass_time(minutes=5)

        run = tap.sync(config, target, select={stream}, discover=True)

        assert_equals_truth(target, shop, run, stream, entity)
        if hours:
            written = {row["id"] for row in run.records(stream)}
            assert written >= set(changed)
            assert len(written) < len(shop.documents(entity)) / 2
    assert "/" not in "".join(target.state["bookmarks"])


class TestColumns:
    def test_are_those_of_all_schemas(self, tap: Tap, shop: Shop) -> None:
        config = shop.config(master_data_entities=[RETURNS])

        run = tap.run(config, select={MD_RETURNS}, discover=True)

        columns = schema_of(run, MD_RETURNS)
        types = {name: columns[name]["type"][1:] for name in columns}
        assert types["orderId"] == types["status"] == types["carrier"] == ["string"]
        assert types["refundableAmount"] == ["number"]  # an integer in the first schema
        assert types["refundData"] == ["object"]  # only the second one has it
        assert types["items"] == ["array", "object"]
        assert columns["dateSubmitted"]["format"] == "date-time"
        assert columns["last_activity_at"]["format"] == "date-time"
        assert "pickup-point" not in columns
        rows = run.records(MD_RETURNS)
        assert {row["custom_fields"]["pickup-point"] for row in rows if row["custom_fields"]} == {
            "1_VTEX"
        }
        assert {"name": "Jadlog"} in [(row["custom_fields"] or {}).get("carrier") for row in rows]

    def test_of_one_schema_are_its_own(self, tap: Tap, shop: Shop) -> None:
        """And its documents are those that comply with it."""
        entry = {"entity": RETURNS, "schema": "2.0.0"}
        config = shop.config(master_data_entities=[entry])

        run = tap.run(config, select={MD_RETURNS}, discover=True)

        assert "refundData" in columns_of(run, MD_RETURNS)
        assert 0 < len(run.records(MD_RETURNS)) < len(shop.documents(RETURNS)) / 2
        asked = [query for query in shop.store.queries if "_token" not in query and query]
        assert asked
        assert all("_schema=2.0.0" in query for query in asked)

    def test_are_few_without_schemas(self, tap: Tap, shop: Shop) -> None:
        config = shop.config(master_data_entities=["pesquisa-NPS"])

        run = tap.run(config, select={"md_pesquisa_nps"}, discover=True)

        assert "nota" not in columns_of(run, "md_pesquisa_nps")
        assert all("nota" in row["custom_fields"] for row in run.records("md_pesquisa_nps"))
        assert "can't read the fields" not in run.log

    def test_that_cannot_be_found_out_leave_the_rest_be(self, tap: Tap, shop: Shop) -> None:
        shop.fail("status", "/api/dataentities/productReviews/schemas", status=403, times=None)
        config = shop.config(master_data_entities=["productReviews"])

        run = tap.run(config, select={"md_productreviews"}, discover=True)

        assert len(run.records("md_productreviews")) == len(shop.documents("productReviews"))
        assert "rating" not in columns_of(run, "md_productreviews")

    def test_that_are_deselected_are_not_asked_for(self, tap: Tap, shop: Shop) -> None:
        config = shop.config(master_data_entities=["productReviews"])
        left_out = {"md_productreviews": {"custom_fields", "shopperId"}}

        run = tap.run(config, select={"md_productreviews"}, discover=True, deselect=left_out)

        rows = run.records("md_productreviews")
        assert any(row["rating"] for row in rows)
        assert not any("shopperId" in row for row in rows)
        assert not any("_all" in query or "shopperId" in query for query in shop.store.queries)

    def test_of_a_schema_that_knows_fewer_fields_than_the_tap(self, tap: Tap, shop: Shop) -> None:
        """VTEX refuses a request for a field that the schema does not have."""
        config = shop.config(master_data_entities=[WISH_LIST])
        left_out = {"md_wishlist": {"custom_fields"}}

        run = tap.run(config, select={"md_wishlist"}, discover=True, deselect=left_out)

        assert all(row["email"] for row in run.records("md_wishlist"))
        assert len(run.records("md_wishlist")) == len(shop.documents("wishlist"))


class TestDates:
    def test_a_date_that_is_refused_is_asked_for_once(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        config = shop.config(master_data_entities=[RETURNS])
        tap.sync(config, target, select={MD_RETURNS})
        shop.pass_time(hours=3)
        shop.store.queries.clear()
        shop.requests()

        run = tap.sync(config, target, select={MD_RETURNS})

        with_it = [query for query in shop.store.queries if "lastInteractionIn" in query]
        # Once more, in case the refusal was an accident.
        assert len(with_it) == 2
        assert "can't be filtered by lastInteractionIn" in run.log
        # Two more than an entity takes that has all three dates.
        assert shop.requests() == {SEARCH: 6, SCROLL: 1}

    def test_an_accident_is_not_believed(self, tap: Tap, shop: Shop, target: Target) -> None:
        config = shop.config(master_data_entities=["productReviews"])
        tap.sync(config, target, select={"md_productreviews"})
        shop.pass_time(hours=3)
        fault = shop.fail(
            "status",
            "/api/dataentities/productReviews/search",
            query="lastInteractionIn",
            status=400,
        )

        run = tap.sync(config, target, select={"md_productreviews"})

        assert fault.struck == 1
        assert "can't be filtered by lastInteractionIn" not in run.log

    def test_an_entity_of_version_1_may_refuse_it_too(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        entity = shop.store.entities["LE"]
        entity.fields = tuple(
            one._replace(is_filter=one.is_filter and one.name != "lastInteractionIn")
            for one in entity.fields
        )
        config = shop.config(master_data_entities=["LE"], start_date="2026-01-01")

        for _ in range(2):
            shop.pass_time(hours=3)
            tap.sync(config, target, select={"md_le"})

        assert target.tables["md_le"]
        assert not any("not null" in query for query in shop.store.queries)


class TestWithoutItsSchema:
    def test_nothing_but_ids_leads_to_the_setting(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        config = shop.config(master_data_entities=["wishlist"])

        run = tap.sync(config, target, select={"md_wishlist"})

        assert "The documents of wishlist came with nothing but their ids." in run.log
        written = 'write {"entity": "wishlist", "schema": "wishlist"} instead of "wishlist" in the'
        assert f"{written} setting master_data_entities." in run.log

        # With it, all are loaded again: the earlier rows have nothing but ids.
        config = shop.config(master_data_entities=[WISH_LIST])
        run = tap.sync(config, target, select={"md_wishlist"})

        assert_equals_truth(target, shop, run, "md_wishlist", "wishlist")
        assert "nothing but their ids" not in run.log
        run = tap.sync(config, target, select={"md_wishlist"})
        assert not run.records("md_wishlist")

    def test_a_refusal_leads_to_the_setting(self, tap: Tap, shop: Shop) -> None:
        shop.store.entities[RETURNS].without_schema = "refused"
        config = shop.config(master_data_entities=[RETURNS, "contact_information", "LE"])
        streams = {MD_RETURNS, "md_contact_information", "md_le"}

        run = tap.run(config, select=streams, expect=1)

        assert "Its schemas are 1.0.0, 2.0.0. If Master Data wants the name of a schema" in run.log
        assert '{"entity": "contact_information", "schema": "name of the schema"}' in run.log
        assert run.records("md_le")
        assert "Traceback" not in run.log

    def test_a_schema_that_is_not_there(self, tap: Tap, shop: Shop) -> None:
        entry = {"entity": "wishlist", "schema": "wihslist"}
        config = shop.config(master_data_entities=[entry])

        run = tap.run(config, select={"md_wishlist"}, discover=True, expect=1)

        assert "no Master Data entity wishlist (schema wihslist)" in run.log

    def test_other_entities_are_not_told_to_name_one(self, tap: Tap, shop: Shop) -> None:
        config = shop.config(master_data_entities=["LE", "pesquisa-NPS", "XX"])
        streams = {"md_le", "md_pesquisa_nps", "md_xx"}

        run = tap.run(config, select=streams, expect=1)

        assert "name of a schema" not in run.log


def test_a_run_that_is_killed_goes_on(tap: Tap, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(orders=30, days=100, clients=9000, skus=12)
    settle(shop)
    config = shop.config(master_data_entities=[WISH_LIST])
    lines = tap.killed_after(1500, config, select={"md_wishlist"})
    messages = [json.loads(line) for line in lines]
    state = [m["value"] for m in messages if m["type"] == "STATE"][-1]
    before = {m["record"]["id"] for m in messages if m["type"] == "RECORD"}

    run = tap.run(config, state=state, select={"md_wishlist"})

    after = {row["id"] for row in run.records("md_wishlist")}
    assert before | after == shop.documents("wishlist").keys()
    assert len(before & after) < 600


def test_a_state_from_before_there_were_schemas(tap: Tap, shop: Shop, target: Target) -> None:
    config = shop.config(master_data_entities=["LE"])
    tap.sync(config, target, select={"md_le"})
    (bookmark,) = target.state["bookmarks"]["md_le"]["partitions"]
    del bookmark["query"]
    shop.pass_time(hours=3)

    run = tap.sync(config, target, select={"md_le"})

    assert not run.records("md_le")


def test_the_environment_has_it_as_json(tap: Tap, shop: Shop) -> None:
    """As Meltano leaves it there, with both forms in one list."""
    entities = ["le", RETURNS, WISH_LIST]
    env = {f"TAP_VTEX_{name.upper()}": str(value) for name, value in shop.config().items()}
    env["TAP_VTEX_MASTER_DATA_ENTITIES"] = json.dumps(entities)

    run = tap.run({}, env=env, more=["--config=ENV", "--discover"])

    found = {one["stream"] for one in json.loads("\n".join(run.lines))["streams"]}
    assert {"md_le", MD_RETURNS, "md_wishlist"} <= found
    asked = shop.requests()
    assert (asked[SCHEMAS], asked[SCHEMA]) == (1, 1)
