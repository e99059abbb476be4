"""Clients, addresses and entities of the store's own: complete, and kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.expect import entity_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

SCROLL = "/api/dataentities/{acronym}/scroll"
SEARCH = "/api/dataentities/{acronym}/search"
STRUCTURE = "/api/dataentities/{acronym}"
MADE_HERE = {"account_name", "last_activity_at", "custom_fields"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store with 1,300 clients: more than one page of a scroll."""
    return open_shop(orders=50, days=200, clients=1300)


def columns_of(run: Run, stream: str) -> set[str]:
    schemas = [m for m in run.messages if m["type"] == "SCHEMA" and m["stream"] == stream]
    return set(schemas[0]["schema"]["properties"]) - MADE_HERE


def assert_equals_truth(target: Target, shop: Shop, run: Run, stream: str, acronym: str) -> None:
    columns = columns_of(run, stream)
    assert target.table(stream, "id") == {
        document_id: entity_record(document, columns)
        for document_id, document in shop.documents(acronym).items()
    }


def settle(shop: Shop) -> None:
    """Let the index catch up, and nothing else happen."""
    shop.close()
    shop.pass_time(minutes=5)


@pytest.mark.parametrize(("stream", "acronym"), [("clients", "CL"), ("addresses", "AD")])
def test_a_full_and_two_incremental_runs(
    tap: Tap, shop: Shop, target: Target, stream: str, acronym: str
) -> None:
    settle(shop)
    shop.store.book.closed = 2**62
    shop.store.entities[acronym].closed = 2**62
    # In a month, enough happens for each of the three dates to be the only one that tells.
    for hours in (0, 30 * 24, 3):
        shop.pass_time(hours=hours)
        if hours:
            for number, document_id in enumerate(list(shop.documents(acronym))[::200]):
                shop.edit(acronym, document_id, firstName=f"Novo {number}", city="Natal")
        settle(shop)
        run = tap.sync(shop.config(), target, select={stream})

        assert_equals_truth(target, shop, run, stream, acronym)


def test_an_incremental_run_asks_for_next_to_nothing(tap: Tap, shop: Shop, target: Target) -> None:
    shop.close()
    tap.sync(shop.config(), target, select={"clients"})
    shop.pass_time(hours=3)
    tap.sync(shop.config(), target, select={"clients"})
    shop.pass_time(hours=3)
    shop.requests()

    run = tap.sync(shop.config(), target, select={"clients"})

    assert not run.records("clients")
    # How many are undated, how many there are, how many have changed, and these. There are none,
    # so: how many can be found by date at all.
    assert shop.requests() == {SEARCH: 4, SCROLL: 1}


def test_fields_of_the_stores_own_have_columns_of_their_own(
    tap: Tap, shop: Shop, target: Target
) -> None:
    settle(shop)

    run = tap.sync(shop.config(), target, select={"clients"}, discover=True)

    columns = columns_of(run, "clients")
    assert {"clubePontos", "limiteCredito", "aceitaWhatsapp", "ultimaCompra", "aura"} <= columns
    assert "Email" not in columns  # differs from a native field by letter case only
    assert_equals_truth(target, shop, run, "clients", "CL")
    kept = {key for row in target.tables["clients"].values() for key in row["custom_fields"]}
    assert kept == {"Email", "updatedBy_USER", "ultimaCompra"}


def test_discovery_says_what_it_makes_of_odd_fields(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(), more=["--discover"])

    assert "The field 'Email' gets no column of its own" in run.log
    assert "The field 'aura' has the unknown type 'Hologram'" in run.log


def test_a_role_that_may_read_documents_and_not_the_structure(
    tap: Tap, shop: Shop, target: Target
) -> None:
    settle(shop)
    shop.store.granted = {"Read only documents", "List Orders", "View order"}

    run = tap.sync(shop.config(), target, expect=1)  # the catalog is out of its reach

    assert "can't read the fields that the store has added to the entity CL" in run.log
    assert "'View data entity details'" in run.log
    assert_equals_truth(target, shop, run, "clients", "CL")


def test_documents_that_the_index_holds_twice_are_one_row(
    tap: Tap, shop: Shop, target: Target
) -> None:
    settle(shop)
    doubled = shop.store.entities["CL"].document_id(11)

    run = tap.sync(shop.config(), target, select={"clients"})

    assert_equals_truth(target, shop, run, "clients", "CL")
    assert doubled in target.table("clients", "id")
    assert doubled.upper() not in target.table("clients", "id")


def test_documents_without_a_date_that_come_later(tap: Tap, shop: Shop, target: Target) -> None:
    """Nothing but their number tells of them."""
    settle(shop)
    undated = [n for n in shop.numbers("CL").values() if n % 251 == 7]
    shop.store.entities["CL"].deleted[undated[0]] = 0
    tap.sync(shop.config(), target, select={"clients"})
    lost = shop.store.entities["CL"].document_id(undated[0])
    assert lost not in target.table("clients", "id")

    shop.store.entities["CL"].deleted.clear()
    shop.pass_time(hours=3)
    run = tap.sync(shop.config(), target, select={"clients"})

    assert_equals_truth(target, shop, run, "clients", "CL")


def test_a_start_date_is_one_of_last_activity(tap: Tap, shop: Shop, target: Target) -> None:
    settle(shop)
    start = "2026-10-01T00:00:00.000000Z"

    run = tap.sync(shop.config(start_date="2026-10-01"), target, select={"clients"})

    columns = columns_of(run, "clients")
    active = {
        key: record
        for key, document in shop.documents("CL").items()
        if ((record := entity_record(document, columns))["last_activity_at"] or "") >= start
    }
    assert target.table("clients", "id") == active
    assert 50 < len(active) < 1000


def test_an_earlier_start_date_loads_the_rest(tap: Tap, shop: Shop, target: Target) -> None:
    settle(shop)
    tap.sync(shop.config(start_date="2026-10-01"), target, select={"clients"})

    run = tap.sync(shop.config(), target, select={"clients"})

    assert_equals_truth(target, shop, run, "clients", "CL")


class TestEntitiesOfTheStoresOwn:
    def test_their_fields_are_columns(self, tap: Tap, shop: Shop, target: Target) -> None:
        settle(shop)
        config = shop.config(master_data_entities=["le"])

        run = tap.sync(config, target, select={"md_le"}, discover=True)

        assert {"correio", "nome", "aceite", "skuId"} <= columns_of(run, "md_le")
        assert_equals_truth(target, shop, run, "md_le", "LE")

    def test_one_that_cannot_be_asked_by_date_is_read_whole(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        settle(shop)
        entity = shop.store.entities["LE"]
        entity.fields = tuple(one._replace(is_filter=False) for one in entity.fields)
        config = shop.config(master_data_entities=["LE"])

        for _ in range(2):
            run = tap.sync(config, target, select={"md_le"})
            assert "LE can't be filtered by date" in run.log
            assert len({row["id"] for row in run.records("md_le")}) == len(shop.documents("LE"))
        assert_equals_truth(target, shop, run, "md_le", "LE")

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_one_that_does_not_exist_leaves_the_rest_be(
        self, tap: Tap, shop: Shop, target: Target, status: Any
    ) -> None:
        settle(shop)
        shop.store.quirks.unknown_entity = status
        config = shop.config(master_data_entities=["XX", "LE"])

        run = tap.sync(config, target, select={"md_xx", "md_le"}, expect=1)

        assert "Stream md_xx failed" in run.log
        assert "XX" in run.log
        assert "Traceback" not in run.log
        assert_equals_truth(target, shop, run, "md_le", "LE")

    def test_one_that_may_not_be_read_leaves_the_rest_be(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        settle(shop)
        shop.store.quirks.forbidden_entities = frozenset({"AD"})

        run = tap.sync(shop.config(), target, select={"addresses", "clients"}, expect=1)

        assert "'Read only documents' (product Dynamic Storage" in run.log
        assert_equals_truth(target, shop, run, "clients", "CL")


@pytest.mark.parametrize("discover", [True, False])
def test_fields_that_the_key_may_not_read(
    tap: Tap, shop: Shop, target: Target, discover: bool
) -> None:
    """All fields are refused then. By name, those that are readable are not."""
    settle(shop)
    private = {"limiteCredito", "document", "aura"} if discover else {"limiteCredito"}
    shop.store.quirks.private_fields = frozenset(private)

    run = tap.sync(shop.config(), target, select={"clients"}, discover=discover)

    assert "'CRM administrator'" in run.log
    columns = columns_of(run, "clients")
    secret = sorted(private & columns)
    assert not secret or f"may not read {', '.join(secret)} of" in run.log
    assert target.table("clients", "id") == {
        key: entity_record(document, columns) | dict.fromkeys(secret) | {"custom_fields": custom}
        for key, document in shop.documents("CL").items()
        for custom in [{"ultimaCompra": "31/02/2024"} if odd(document) and discover else None]
    }


def odd(document: dict[str, Any]) -> bool:
    return bool(document["ultimaCompra"] == "31/02/2024")


def test_deselected_fields_are_not_asked_for(tap: Tap, shop: Shop) -> None:
    run = tap.run(
        shop.config(), select={"clients"}, deselect={"clients": {"custom_fields", "email"}}
    )

    assert run.records("clients")
    assert all("email" not in record for record in run.records("clients"))
    assert all("_all" not in query for query in shop.store.queries)
    assert all("email" not in query for query in shop.store.queries)
