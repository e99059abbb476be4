"""Subscribers from all the places where stores keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_vtex.streams.masterdata.newsletter import parse_consent
from tests.support.expect import latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

ONLY = {"newsletter"}
WAITING_LIST = {
    "entity": "LE",
    "email_field": "correio",
    "name_field": "nome",
    "opt_in_field": "aceite",
}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=50, days=100, clients=400)
    shop.close()
    shop.pass_time(minutes=5)
    return shop


def subscribers(target: Target, source: str) -> dict[str, tuple[Any, ...]]:
    return {
        row["id"]: (row["email"], row["name"], row["opt_in"], row["last_activity_at"])
        for row in target.tables["newsletter"].values()
        if row["source_entity"] == source
    }


def clients(shop: Shop) -> dict[str, tuple[Any, ...]]:
    return {
        key: (
            document["email"],
            f"{document['firstName'] or ''} {document['lastName'] or ''}".strip() or None,
            document["isNewsletterOptIn"],
            latest(document),
        )
        for key, document in shop.documents("CL").items()
    }


def faststore(shop: Shop) -> dict[str, tuple[Any, ...]]:
    return {
        key: (
            document["email"],
            document["name"],
            document["isNewsletterOptIn"],
            latest(document),
        )
        for key, document in shop.documents("NL").items()
    }


def waiting_list(shop: Shop) -> dict[str, tuple[Any, ...]]:
    consents = {"true": True, "sim": True, "false": False, None: None}
    return {
        key: (
            document["correio"],
            document["nome"],
            consents[document["aceite"]],
            latest(document),
        )
        for key, document in shop.documents("LE").items()
    }


def test_clients_and_faststores_entity_by_themselves(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=ONLY)

    assert subscribers(target, "CL") == clients(shop)
    assert subscribers(target, "NL") == faststore(shop)
    consents = {opt_in for _, _, opt_in, _ in subscribers(target, "CL").values()}
    assert consents == {True, False, None}


def test_the_earlier_name_of_faststores_field(tap: Tap, shop: Shop, target: Target) -> None:
    subscriber = next(iter(shop.documents("NL")))
    shop.edit("NL", subscriber, name=None, nome="Ana")
    shop.pass_time(minutes=5)

    tap.sync(shop.config(), target, select=ONLY)

    assert subscribers(target, "NL")[subscriber][1] == "Ana"


def test_an_opt_out_reaches_the_target(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=ONLY)
    client = next(key for key, d in shop.documents("CL").items() if d["isNewsletterOptIn"])
    subscriber = next(key for key, d in shop.documents("NL").items() if d["isNewsletterOptIn"])
    shop.pass_time(hours=3)
    shop.edit("CL", client, isNewsletterOptIn=False)
    shop.edit("NL", subscriber, isNewsletterOptIn=None)
    shop.pass_time(minutes=5)

    run = tap.sync(shop.config(), target, select=ONLY)

    assert {record["id"] for record in run.records("newsletter")} == {client, subscriber}
    assert subscribers(target, "CL") == clients(shop)
    assert subscribers(target, "NL") == faststore(shop)


def test_a_store_without_faststores_entity(tap: Tap, shop: Shop, target: Target) -> None:
    del shop.store.entities["NL"]

    run = tap.sync(shop.config(), target, select=ONLY)

    assert subscribers(target, "CL") == clients(shop)
    assert not subscribers(target, "NL")
    line = next(line for line in run.log.splitlines() if "no Master Data entity NL" in line)
    assert "INFO" in line


def test_faststores_entity_that_the_key_may_not_read(tap: Tap, shop: Shop, target: Target) -> None:
    """That is no failure, for the store may well have none; but whoever has one reads of it."""
    shop.store.quirks.forbidden_entities = frozenset({"NL"})

    run = tap.sync(shop.config(), target, select=ONLY)

    line = next(line for line in run.log.splitlines() if "no Master Data entity NL" in line)
    assert "WARNING" in line
    assert "'Read only documents'" in line
    assert not subscribers(target, "NL")


@pytest.mark.parametrize("status", [403, 404])
def test_faststores_entity_that_is_gone_after_it_was_read(
    tap: Tap, shop: Shop, target: Target, status: Any
) -> None:
    tap.sync(shop.config(), target, select=ONLY)
    shop.store.quirks.unknown_entity = status
    subscribed = shop.store.entities.pop("NL")
    shop.pass_time(hours=3)

    run = tap.sync(shop.config(), target, select=ONLY, expect=1)
    assert "Stream newsletter (NL) failed" in run.log

    shop.store.entities["NL"] = subscribed
    shop.edit("NL", next(iter(shop.documents("NL"))), isNewsletterOptIn=False)
    shop.pass_time(minutes=5)
    tap.sync(shop.config(), target, select=ONLY)
    assert subscribers(target, "NL") == faststore(shop)


def test_a_field_that_the_key_may_not_read_is_null(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.quirks.private_fields = frozenset({"lastName", "isNewsletterOptIn"})

    run = tap.sync(shop.config(), target, select=ONLY)

    assert "The key may not read isNewsletterOptIn, lastName of the Master Data entity CL" in (
        run.log
    )
    assert subscribers(target, "CL") == {
        key: (document["email"], document["firstName"], None, latest(document))
        for key, document in shop.documents("CL").items()
    }


def test_entities_with_fields_of_other_names(tap: Tap, shop: Shop, target: Target) -> None:
    config = shop.config(newsletter_entities=[WAITING_LIST])

    tap.sync(config, target, select=ONLY)

    assert subscribers(target, "LE") == waiting_list(shop)
    assert not subscribers(target, "NL")  # not named, so not taken


def test_an_entity_that_is_added_later_is_read_from_its_beginning(
    tap: Tap, shop: Shop, target: Target
) -> None:
    tap.sync(shop.config(), target, select=ONLY)
    shop.pass_time(hours=3)
    config = shop.config(newsletter_entities=[{"entity": "NL"}, WAITING_LIST])

    run = tap.sync(config, target, select=ONLY)

    assert subscribers(target, "LE") == waiting_list(shop)
    assert {record["source_entity"] for record in run.records("newsletter")} == {"LE"}


def test_an_entity_that_is_granted_later_is_read_from_its_beginning(
    tap: Tap, shop: Shop, target: Target
) -> None:
    config = shop.config(newsletter_entities=[{"entity": "NL"}])
    shop.store.quirks.forbidden_entities = frozenset({"NL"})
    run = tap.sync(config, target, select=ONLY, expect=1)
    assert "Stream newsletter (NL) failed" in run.log
    assert subscribers(target, "CL") == clients(shop)

    shop.store.quirks.forbidden_entities = frozenset()
    shop.pass_time(hours=3)
    tap.sync(config, target, select=ONLY)

    assert subscribers(target, "NL") == faststore(shop)


def test_the_document_is_kept_as_it_came(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(newsletter_entities=[WAITING_LIST]), target, select=ONLY)

    documents = {
        row["id"]: row["document"]
        for row in target.tables["newsletter"].values()
        if row["source_entity"] == "LE"
    }
    assert documents == shop.documents("LE")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (True, True),
        (False, False),
        (None, None),
        ("True", True),
        (" FALSE ", False),
        (1, True),
        (0, False),
        ("sim", True),
        ("Não", False),
        ("sí", True),
        ("", None),
        ("talvez", None),
        ({}, None),
        (2, None),
    ],
)
def test_consent_in_the_forms_that_stores_give_it(value: object, meaning: bool | None) -> None:
    assert parse_consent(value) is meaning
