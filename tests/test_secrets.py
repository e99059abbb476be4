"""Secrets and personal data: in no log, no exception text and no state, at any log level."""

from __future__ import annotations

import json
import re
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from sandbox.catalog.tables import SELLER_PASSWORD
from sandbox.store import APP_KEY, APP_TOKEN
from tap_vtex.tap import TapVTEX
from tests.support.mischief import Distortion, Gossip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

Json = dict[str, Any]

SECRETS = (APP_KEY, APP_TOKEN, SELLER_PASSWORD)
DEBUG = {"TAP_VTEX_LOGLEVEL": "DEBUG"}
#: Fields of documents that say who somebody is, or where.
TELLING = re.compile(
    r"userId|userProfileId|e-?mail|correio|(first|last|receiver)?name|nome|document|\w*phone|"
    r"street|postalCode|addressId|addressName|neighborhood|complement|rclast(cart|session)",
    re.IGNORECASE,
)
#: What is shorter can stand in a log by chance.
LEAST_LENGTH = 5

#: Every route of VTEX's that the tap takes, as faults name them.
ROUTES = (
    r"/api/oms/pvt/orders$",
    r"/api/oms/pvt/orders/.",
    r"/api/dataentities/CL/",
    r"/api/dataentities/AD/",
    r"/api/dataentities/NL/",
    r"/api/dataentities/LE/",
    r"/api/dataentities/\w+$",
    r"/api/catalog_system/pvt/products/GetProductAndSkuIds",
    r"/api/catalog_system/pvt/sku/stockkeepingunitByProductId",
    r"/api/catalog_system/pvt/sku/stockkeepingunitbyid",
    r"/api/catalog_system/pub/category",
    r"/api/catalog/pvt/",
    r"/api/catalog_system/p../brand",
    r"/api/catalog_system/p../seller",
    r"/api/catalog_system/p../saleschannel",
    r"/api/rnb/pvt/benefits",
    r"/api/rnb/pvt/coupon",
    r"/api/logistics/pvt/configuration",
    r"/api/logistics/pvt/inventory",
    r"/\w+/pricing",
)


# -- searching ---------------------------------------------------------------------------


def texts_in(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a document, each with the name of its field."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from texts_in(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one, name)
    elif isinstance(value, str):
        yield name, value


def people_of(shop: Shop) -> set[str]:
    """Whatever the store's documents say of people."""
    documents = [
        part
        for incomplete in (False, True)
        for order in shop.orders(incomplete=incomplete).values()
        for part in (
            order["clientProfileData"],
            order["shippingData"]["address"],
            order["shippingData"]["selectedAddresses"],
            order["followUpEmail"],
        )
    ]
    documents += [
        {**document, "userId": [document.get("userId"), document["id"]]}
        for acronym in shop.store.entities
        for document in shop.documents(acronym).values()
    ]
    return {
        text
        for document in documents
        for name, text in texts_in(document, "email")
        if TELLING.fullmatch(name) and len(text) >= LEAST_LENGTH
    }


def leaks(text: str, values: Iterable[str]) -> list[str]:
    """Which values are in a text, in any of the ways to write them."""
    text = text.lower()
    return [
        value
        for value in values
        if any(
            form.lower() in text
            for form in {value, quote(value), quote_plus(value), json.dumps(value)[1:-1]}
        )
    ]


@dataclass
class Search:
    """Searches what a run left behind."""

    people: set[str]

    def __call__(self, run: Run) -> Run:
        states = [line for line in run.lines if '"type":"STATE"' in line]
        assert not leaks(run.log, {*SECRETS, *self.people}), run.log[-3000:]
        assert not leaks("\n".join(states), {*SECRETS, *self.people})
        assert not leaks("\n".join(run.lines), SECRETS)
        return run


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A small store with everything in it."""
    return open_shop(orders=60, days=30, clients=40, skus=12)


@pytest.fixture
def search(shop: Shop) -> Search:
    return Search(people_of(shop))


def everything(shop: Shop, **settings: Any) -> Json:
    """Settings with which every stream that there can be is read."""
    listed = {"entity": "LE", "email_field": "correio", "name_field": "nome"}
    return shop.config(
        master_data_entities=[
            *("LE", "NL", "productReviews", "vtex_return_app_returnRequest", "pesquisa-NPS"),
            {"entity": "wishlist", "schema": "wishlist"},
            {"entity": "contact_information", "schema": "contact"},
        ],
        newsletter_entities=[{"entity": "NL"}, listed],
        **settings,
    )


# -- mischief ----------------------------------------------------------------------------

KINDS: tuple[Json, ...] = (
    {"kind": "status", "status": 503},
    {"kind": "html"},
    {"kind": "cut"},
    {"kind": "status", "status": 429, "retry_after": 0},
    {"kind": "bad_gzip"},
    {"kind": "redirect"},
    {"kind": "null"},
    {"kind": "reset"},
    {"kind": "empty"},
    {"kind": "control_characters"},
    {"kind": "status", "status": 401},
)


# -- the tests ---------------------------------------------------------------------------


def test_the_search_finds_what_is_hidden(shop: Shop, tap: Tap, search: Search) -> None:
    """So that it means something when it finds nothing."""
    documents = shop.documents("CL").values()
    ana = next(one for one in documents if one["firstName"] and one["rclastcart"])
    for name in ("email", "document", "homePhone", "userId", "id", "rclastcart", "Email"):
        assert ana[name] in search.people
    address = next(iter(shop.documents("AD").values()))
    order = next(iter(shop.orders().values()))
    for value in (
        *(address[name] for name in ("street", "postalCode", "receiverName")),
        *(order["clientProfileData"][name] for name in ("email", "document", "phone")),
        *(order["shippingData"]["address"][name] for name in ("street", "receiverName")),
    ):
        assert value in search.people
        for text in (value, value.upper(), json.dumps(value), quote(value), quote_plus(value)):
            assert value in leaks(f"DEBUG | told {text}.", search.people)
    assert not leaks("a log with nothing in it", search.people)

    # The records do hold these, and the search sees it: personal data is where it belongs.
    run = tap.run(everything(shop))
    found = leaks("\n".join(run.lines), search.people)
    assert len(found) == len(search.people)
    run.log += f"\n{ana['email']}"
    with pytest.raises(AssertionError):
        search(run)


def test_a_run_that_goes_well_tells_nothing(tap: Tap, shop: Shop, search: Search) -> None:
    run = search(tap.run(everything(shop), env=DEBUG))

    assert "DEBUG" in run.log
    read = {message["stream"] for message in run.messages if message["type"] == "RECORD"}
    assert read == TapVTEX(config=everything(shop), offline=True).streams.keys()
    # A second one, from a state, with changes to find.
    shop.pass_time(hours=30)
    search.people |= people_of(shop)
    search(tap.run(everything(shop), state=run.state, env=DEBUG))


@pytest.mark.parametrize("turn", range(3))
def test_failures_of_every_kind_on_every_route_tell_nothing(
    tap: Tap, shop: Shop, search: Search, turn: int
) -> None:
    for number, route in enumerate(ROUTES):
        for fault in (KINDS[(4 * turn + number) % len(KINDS)], KINDS[(number - turn) % len(KINDS)]):
            shop.fail(**fault, path=route, skip=number % 3, times=1)
    # And one route of each area that does not come back.
    for lost, skip in (("oms/pvt/orders/.", 9), ("dataentities/AD/s", 1), ("rnb/pvt/coupon", 0)):
        shop.fail(**KINDS[turn], path=f"/api/{lost}", skip=skip, times=None)

    run = search(tap.run(everything(shop), expect=1, env=DEBUG, hurry=True))
    assert "retrying in" in run.log
    assert "Traceback" not in run.log


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 503])
def test_what_errors_tell_is_not_told_on(tap: Tap, shop: Shop, search: Search, status: int) -> None:
    text = f"{APP_TOKEN} {' '.join(sorted(search.people)[::9])}"
    for number, route in enumerate(ROUTES):
        gossip = Gossip("status", route, skip=1, times=2, status=status, text=text)
        gossip.html = bool(number % 2)
        shop.store.faults.append(gossip)

    run = search(tap.run(everything(shop), expect=None, env=DEBUG, hurry=True))
    assert "Traceback" not in run.log


@pytest.mark.parametrize(
    "fields",
    [
        "[dD]ate|In$|lastChange|Utc$",
        "total|pages|Price|price|value|quantity|Quantity",
        "^(items|list|data|fields|SkuSellers|Scores|fixedPrices|balance|carttag)$",
    ],
)
def test_documents_that_hold_the_wrong_things_tell_nothing(
    tap: Tap, shop: Shop, search: Search, fields: str
) -> None:
    """An e-mail address in place of a date, say: texts of exceptions like to quote such.

    Not in place of ids, which are asked for by their names.
    """
    email = next(iter(shop.documents("CL").values()))["email"]
    shop.store.faults.append(Distortion("status", "", times=None, fields=fields, text=email))

    search(tap.run(everything(shop), expect=None, env=DEBUG, hurry=True))


def test_an_error_that_nobody_foresaw_tells_where_it_was_and_not_what_it_saw(
    tap: Tap, shop: Shop, search: Search
) -> None:
    """The text of a ValueError holds the value. At DEBUG, the log tells where a map failed."""
    maps = {"clients": {"luck": "int(record['email'])"}}
    run = search(tap.run(everything(shop, stream_maps=maps), expect=1, env=DEBUG))

    assert run.reason.startswith("The stream map of clients failed on a record: ValueError. ")
    assert "mapper.py" in run.log
    assert "ValueError" in run.log
    # The summary follows all the same.
    assert re.search(r"clients .* stopped\n", run.log)
    assert "Traceback" not in run.log


def test_what_a_stream_map_sees_is_not_told(tap: Tap, shop: Shop, search: Search) -> None:
    maps = {"clients": {"__filter__": "record['email']", "email": "sha256(self)"}}
    run = search(tap.run(everything(shop, stream_maps=maps), env=DEBUG))

    assert {row["id"] for row in run.records("clients")} == shop.documents("CL").keys()


def test_an_expression_that_fails_is_told(tap: Tap, shop: Shop, search: Search) -> None:
    maps = {"clients": {"luck": "sha256(emial)"}}
    run = search(tap.run(everything(shop, stream_maps=maps), expect=1, env=DEBUG))

    assert "Failed to evaluate simpleeval expressions sha256(emial)" in run.log


@pytest.mark.parametrize("option", ["--check", "--discover", "--test", "--about"])
@pytest.mark.parametrize("trouble", ["none", "token", "access", "failures"])
def test_the_other_commands_tell_nothing(
    tap: Tap, shop: Shop, search: Search, option: str, trouble: str
) -> None:
    config = everything(shop)
    if trouble == "token":
        config["app_token"] = f"{APP_TOKEN}WRONG"
    if trouble == "access":
        shop.store.granted = {"List Orders"}
    if trouble == "failures":
        shop.fail("status", status=400, path="/api/[dr]", times=None)

    run = search(tap.run(config, more=[option], expect=None, env=DEBUG, hurry=True))
    if option != "--test":
        assert not leaks("\n".join(run.lines), search.people)


def test_a_key_that_is_refused_is_not_told(tap: Tap, shop: Shop, search: Search) -> None:
    config = everything(shop, app_token=f"{APP_TOKEN}WRONG")

    run = search(tap.run(config, expect=1, env=DEBUG))
    assert "account_name, app_key and app_token" in run.log


@pytest.mark.parametrize("setting", ["app_key", "app_token"])
def test_a_key_that_is_no_key_is_not_told(
    tap: Tap, shop: Shop, search: Search, setting: str
) -> None:
    for wrong in (f"{APP_TOKEN} {APP_KEY}", f"https://{APP_TOKEN}/{APP_KEY}", [APP_TOKEN, APP_KEY]):
        search(tap.run(everything(shop) | {setting: wrong}, expect=1, env=DEBUG))


def test_a_state_that_is_broken_is_not_told(tap: Tap, shop: Shop, search: Search) -> None:
    state = tap.run(everything(shop)).state
    email = next(iter(shop.documents("CL").values()))["email"]
    for stream in state["bookmarks"].values():
        for partition in stream["partitions"]:
            for name in partition.keys() - {"context", "version"}:
                partition[name] = email

    # The SDK repeats the state that it was given. It is the log that must not have it.
    run = tap.run(everything(shop), state=state, expect=1, env=DEBUG)
    assert "can't be read" in run.log
    assert not leaks(run.log, {*SECRETS, *search.people})


@pytest.mark.parametrize("stream", ["orders", "clients", "skus"])
def test_a_signal_tells_nothing(
    tap: Tap, shop: Shop, search: Search, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAP_VTEX_LOGLEVEL", "DEBUG")
    shop.fail("never", r"/\w+/pricing", times=None)  # the run does not end by itself
    with tap.start(everything(shop)) as process:
        assert process.stdout
        assert process.stderr
        log: list[str] = []
        # At this level the log fills its pipe before the records come.
        listener = threading.Thread(target=log.extend, args=[process.stderr])
        listener.start()
        states: list[str] = []
        while not (states and f'"{stream}"' in states[-1]):
            line = process.stdout.readline()
            assert line
            states += [line] * ('"STATE"' in line)
        process.send_signal(signal.SIGTERM)
        states += [line for line in process.stdout.readlines() if '"STATE"' in line]
        listener.join()

    assert process.returncode == 143
    assert "Stopped by a signal" in "".join(log)
    assert not leaks("".join(log), {*SECRETS, *search.people})
    assert not leaks("".join(states), search.people)
