"""One request through all that VTEX and the way to it do to it."""

from __future__ import annotations

import logging
import math
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeGuard

import pytest

from tap_vtex.errors import (
    AbandonedError,
    AccessError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from tap_vtex.http.client import VtexClient
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.http.retry import RetryPolicy
from tap_vtex.settings import Settings
from tests.support.shop import ORDER_LIST, Shop

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = logging.getLogger("tests")


def is_page(body: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(body, dict) and "paging" in body


PAGE = Endpoint(ORDER_LIST, is_page, (Resource("OMS", "OMS access", "List Orders"),))


def client_of(
    shop: Shop, *, proven: float = 20, unproven: float = 20, **settings: Any
) -> VtexClient:
    policy = RetryPolicy(
        retry_for=proven,
        retry_unproven_for=unproven,
        retry_throttled_for=proven,
        min_wait_throttled=0.3,
    )
    return VtexClient(Settings.read(shop.config(**settings)), LOGGER, policy=policy)


def total(client: VtexClient) -> int:
    number = client.get(PAGE, params={"per_page": 1}).body["paging"]["total"]
    assert isinstance(number, int)
    return number


FAULTS: list[dict[str, Any]] = [
    *({"kind": "status", "status": status} for status in (408, 429, 500, 502, 503, 504)),
    {"kind": "status", "status": 503, "html": True},
    {"kind": "reset"},
    {"kind": "cut"},
    {"kind": "bad_gzip"},
    {"kind": "empty"},
    {"kind": "html"},
    {"kind": "null"},
    {"kind": "redirect"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
def test_what_passes_is_waited_for(shop: Shop, fault: dict[str, Any]) -> None:
    client = client_of(shop)
    shop.fail(**fault)

    assert total(client) > 390
    assert client.retries == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
def test_what_does_not_pass_ends_with_a_sentence(shop: Shop, fault: dict[str, Any]) -> None:
    client = client_of(shop, proven=0.1, unproven=0.1)
    shop.fail(**fault, times=None)

    with pytest.raises(UnavailableError) as caught:
        total(client)
    assert str(caught.value).startswith(f"VTEX gave no usable response to GET {ORDER_LIST}")
    assert "NOTASECRET" not in str(caught.value)
    assert "per_page" not in str(caught.value)


def test_json_with_control_characters_is_read(shop: Shop) -> None:
    client = client_of(shop)
    shop.fail("control_characters")

    assert total(client) > 390
    assert client.retries == 0


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured_in_both_forms(shop: Shop, as_date: bool) -> None:
    client = client_of(shop)
    shop.fail("status", status=503, retry_after=3, retry_after_as_date=as_date)
    began = time.monotonic()

    total(client)

    assert time.monotonic() - began >= 1.9  # a date has whole seconds


def test_one_429_makes_every_thread_wait(shop: Shop) -> None:
    client = client_of(shop)
    total(client)
    shop.fail("status", status=429, retry_after=1.5)
    first = threading.Thread(target=total, args=[client])
    first.start()
    time.sleep(0.3)
    began = time.monotonic()

    total(client)

    assert time.monotonic() - began >= 1
    first.join()


def test_a_429_without_more_words_is_given_time(shop: Shop) -> None:
    settings = Settings.read(shop.config())
    client = VtexClient(settings, LOGGER, policy=RetryPolicy(min_wait_throttled=2))
    shop.fail("status", status=429)
    began = time.monotonic()

    total(client)

    assert time.monotonic() - began >= 2


def test_a_429_for_longer_than_the_tap_waits_still_makes_the_others_wait(shop: Shop) -> None:
    client = client_of(shop, proven=1)
    shop.fail("status", status=429, retry_after=2)
    began = time.monotonic()

    with pytest.raises(UnavailableError, match="status 429"):
        total(client)
    total(client)

    assert time.monotonic() - began >= 2


def test_a_host_that_no_machine_can_have(shop: Shop) -> None:
    client = client_of(shop, unproven=0.1, api_url=f"http://{'a' * 70}.invalid")

    with pytest.raises(UnavailableError):
        total(client)


def test_the_clock_of_an_error_page_does_not_count(shop: Shop) -> None:
    client = client_of(shop)
    shop.pass_time(days=400)
    shop.fail("status", status=404)
    with pytest.raises(NotFoundError, match="check account_name"):
        total(client)
    shop.pass_time(days=-400)

    total(client)

    assert abs((client.now() - shop.now()).total_seconds()) < 5


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_is_far_off_is_said(
    open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture, days: int
) -> None:
    hour = math.copysign(1, days)
    shop = open_shop(now=datetime.now(UTC) + timedelta(days=days, hours=hour), orders=1)

    client_of(shop).get(PAGE)

    assert "VTEX's clock and this machine's differ by 400 days" in caplog.text


def test_a_quota_that_is_used_up_for_a_while(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(orders=100)
    client = client_of(shop, proven=30)
    shop.fail("status", status=429, times=None, lasting=4)

    assert total(client) > 90


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessError), (403, AccessError), (404, NotFoundError), (400, RefusedError)],
)
def test_a_refusal_is_final(shop: Shop, status: int, error: type[Exception]) -> None:
    client = client_of(shop)
    shop.fail("status", status=status, times=None)

    with pytest.raises(error, match=f"status {status}"):
        total(client)
    assert client.requests == 1


def test_a_401_of_a_key_that_was_accepted_before_may_pass(shop: Shop) -> None:
    client = client_of(shop)
    total(client)
    shop.fail("status", status=401, times=2)

    assert total(client) > 390


def test_a_401_that_stays_is_a_refusal_after_all(shop: Shop) -> None:
    client = client_of(shop, unproven=1)
    total(client)
    shop.fail("status", status=401, times=None)

    with pytest.raises(AccessError, match="List Orders"):
        total(client)


def test_the_time_is_vtexs(shop: Shop) -> None:
    client = client_of(shop)

    total(client)

    assert abs((client.now() - shop.now()).total_seconds()) < 5


def test_a_store_without_a_clock_has_the_time_of_this_machine(shop: Shop) -> None:
    assert abs((client_of(shop).now() - datetime.now(UTC)).total_seconds()) < 5


def test_who_waits_for_a_retry_can_be_sent_home(shop: Shop) -> None:
    client = client_of(shop)
    shop.fail("status", status=503, times=None, retry_after=15)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()

    with pytest.raises(AbandonedError):
        client.get(PAGE, stop=stop)
    assert time.monotonic() - began < 5


def test_the_pace_is_kept_as_the_store_counts_it(shop: Shop) -> None:
    client = client_of(shop, requests_per_minute=1200)
    began = time.monotonic()

    list(client.workers.each(lambda _number, _stop: total(client), range(61)))

    assert time.monotonic() - began >= 2.9
