"""One request through all that VTEX and the way to it do to it."""

from __future__ import annotations

import logging
import math
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

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

    from tests.support.clock import FakeTime

LOGGER = logging.getLogger("tests")


def is_page(body: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(body, dict) and "paging" in body


PAGE = Endpoint(ORDER_LIST, is_page, (Resource("OMS", "OMS access", "List Orders"),))


class Opened(Protocol):
    """Makes clients of a store, whose waits take no time."""

    def __call__(
        self, shop: Shop, *, proven: float = 20, unproven: float = 20, **settings: Any
    ) -> VtexClient: ...


@pytest.fixture
def client_of(clock: FakeTime) -> Opened:
    def open_one(
        shop: Shop, *, proven: float = 20, unproven: float = 20, **settings: Any
    ) -> VtexClient:
        policy = RetryPolicy(
            retry_for=proven, retry_unproven_for=unproven, retry_throttled_for=proven
        )
        config = Settings.read(shop.config(**settings))
        return VtexClient(config, LOGGER, policy=policy, shutdown=clock)

    return open_one


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
def test_what_passes_is_waited_for(client_of: Opened, shop: Shop, fault: dict[str, Any]) -> None:
    client = client_of(shop)
    shop.fail(**fault)

    assert total(client) > 390
    assert client.retries == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
def test_what_does_not_pass_ends_with_a_sentence(
    client_of: Opened, shop: Shop, fault: dict[str, Any]
) -> None:
    client = client_of(shop)
    shop.fail(**fault, times=None)

    with pytest.raises(UnavailableError) as caught:
        total(client)
    assert str(caught.value).startswith(f"VTEX gave no usable response to GET {ORDER_LIST}")
    assert "NOTASECRET" not in str(caught.value)
    assert "per_page" not in str(caught.value)


def test_json_with_control_characters_is_read(client_of: Opened, shop: Shop) -> None:
    client = client_of(shop)
    shop.fail("control_characters")

    assert total(client) > 390
    assert client.retries == 0


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured_in_both_forms(
    client_of: Opened, clock: FakeTime, shop: Shop, as_date: bool
) -> None:
    client = client_of(shop)
    shop.fail("status", status=503, retry_after=3, retry_after_as_date=as_date)

    total(client)

    assert len(clock.waits) == 1
    assert 2 <= clock.waits[0] <= 3  # a date has whole seconds


def test_one_429_makes_every_thread_wait(client_of: Opened, clock: FakeTime, shop: Shop) -> None:
    client = client_of(shop)
    total(client)
    shop.fail("status", status=429, retry_after=15)
    clock.now += 1  # so that the limiter has nothing to wait for
    # While the throttled request waits, another one comes.
    clock.meanwhile = lambda: total(client)

    total(client)

    assert [wait for wait in clock.waits if wait >= 14.9] == [
        pytest.approx(15, abs=0.1),
        pytest.approx(15, abs=0.1),
    ]


def test_a_429_without_more_words_is_given_time(
    client_of: Opened, clock: FakeTime, shop: Shop
) -> None:
    shop.fail("status", status=429)

    total(client_of(shop))

    assert max(clock.waits) == pytest.approx(RetryPolicy.min_wait_throttled)


def test_a_429_for_longer_than_the_tap_waits_still_makes_the_others_wait(
    client_of: Opened, clock: FakeTime, shop: Shop
) -> None:
    client = client_of(shop, proven=1)
    shop.fail("status", status=429, retry_after=20)

    with pytest.raises(UnavailableError, match="status 429"):
        total(client)
    assert max(clock.waits, default=0) < 1
    total(client)

    assert max(clock.waits) == pytest.approx(20, abs=0.1)


def test_a_host_that_no_machine_can_have(client_of: Opened, shop: Shop) -> None:
    client = client_of(shop, unproven=0.1, api_url=f"http://{'a' * 70}.invalid")

    with pytest.raises(UnavailableError):
        total(client)


def test_the_clock_of_an_error_page_does_not_count(client_of: Opened, shop: Shop) -> None:
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
    client_of: Opened, open_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture, days: int
) -> None:
    hour = math.copysign(1, days)
    shop = open_shop(now=datetime.now(UTC) + timedelta(days=days, hours=hour), orders=1)

    client_of(shop).get(PAGE)

    assert "VTEX's clock and this machine's differ by 400 days" in caplog.text


def test_a_quota_that_is_used_up_for_a_while(
    client_of: Opened, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(orders=100)
    client = client_of(shop, proven=60)
    shop.fail("status", status=429, times=3)

    assert total(client) > 90


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessError), (403, AccessError), (404, NotFoundError), (400, RefusedError)],
)
def test_a_refusal_is_final(
    client_of: Opened, shop: Shop, status: int, error: type[Exception]
) -> None:
    client = client_of(shop)
    shop.fail("status", status=status, times=None)

    with pytest.raises(error, match=f"status {status}"):
        total(client)
    assert client.requests == 1


def test_a_401_of_a_key_that_was_accepted_before_may_pass(client_of: Opened, shop: Shop) -> None:
    client = client_of(shop)
    total(client)
    shop.fail("status", status=401, times=2)

    assert total(client) > 390


def test_a_401_that_stays_is_a_refusal_after_all(client_of: Opened, shop: Shop) -> None:
    client = client_of(shop, unproven=1)
    total(client)
    shop.fail("status", status=401, times=None)

    with pytest.raises(AccessError, match="List Orders"):
        total(client)


def test_the_time_is_vtexs(client_of: Opened, shop: Shop) -> None:
    client = client_of(shop)

    total(client)

    assert abs((client.now() - shop.now()).total_seconds()) < 5


def test_a_store_without_a_clock_has_the_time_of_this_machine(
    client_of: Opened, shop: Shop
) -> None:
    assert abs((client_of(shop).now() - datetime.now(UTC)).total_seconds()) < 5


def test_who_waits_for_a_retry_can_be_sent_home(
    client_of: Opened, clock: FakeTime, shop: Shop
) -> None:
    client = client_of(shop)
    shop.fail("status", status=503, times=None, retry_after=15)
    stop = threading.Event()
    clock.meanwhile = stop.set

    with pytest.raises(AbandonedError):
        client.get(PAGE, stop=stop)
    assert client.requests == 1


def test_the_pace_is_kept_as_the_store_counts_it(
    client_of: Opened, clock: FakeTime, shop: Shop
) -> None:
    client = client_of(shop, requests_per_minute=60)
    began = clock.now

    list(client.workers.each(lambda _number, _stop: total(client), range(64)))

    assert clock.now - began >= 60 + 2.9
