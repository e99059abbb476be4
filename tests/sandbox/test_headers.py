"""Faults of headers: Date, Retry-After, rate limits."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.asking import Asker

UNREADABLE = (
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Mon, 23 Nov 2026 12:00:00 +9999",
    "yesterday",
)


def ahead(ask: Asker, name: str = "coupons") -> timedelta:
    """How far a response's Date is ahead of the store's clock."""
    date = parsedate_to_datetime(ask.route(name).headers["Date"])
    return date - ask.shop.now().replace(microsecond=0)


@pytest.mark.parametrize("seconds", [5 * 3600, -7200, 1, 10**9])
def test_a_date_is_off_once(ask: Asker, seconds: int) -> None:
    assert ahead(ask) == timedelta(0)
    ask.shop.fail("date", seconds=seconds)
    assert ahead(ask) == timedelta(seconds=seconds)
    assert ahead(ask) == timedelta(0)


def test_a_date_is_off_for_a_while_or_for_good(ask: Asker) -> None:
    ask.shop.fail("date", seconds=60, times=None, lasting=0.3)
    assert ahead(ask) == timedelta(seconds=60)
    deadline = time.monotonic() + 30
    while ahead(ask):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ask.shop.fail("date", "/api/oms", seconds=-60, times=None)
    assert {ahead(ask, "orders") for _ in range(5)} == {timedelta(seconds=-60)}
    assert ahead(ask) == timedelta(0)


@pytest.mark.parametrize("date", UNREADABLE)
def test_a_date_can_be_any_text(ask: Asker, date: str) -> None:
    ask.shop.fail("date", date=date)
    response = ask.route("coupons")
    assert response.headers["Date"] == date
    assert len(response.json()) == 30


def test_a_date_is_wrong_on_errors_too(ask: Asker) -> None:
    ask.shop.fail("date", date="never", times=None)
    ask.shop.fail("status", status=503)
    response = ask.route("coupons")
    assert (response.status_code, response.headers["Date"]) == (503, "never")
    assert ask.route("coupons").headers["Date"] == "never"


@pytest.mark.parametrize(
    "text",
    ["3600", "86400", "inf", "1e300", "-5", "nan", "soon", "", "Mon, 23 Nov 2026 13:00:00 GMT"],
)
def test_retry_after_can_be_any_text(ask: Asker, text: str) -> None:
    ask.shop.fail("status", status=429, retry_after=text)
    response = ask.route("coupons")
    assert (response.status_code, response.headers["Retry-After"]) == (429, text)
    assert ask.route("coupons").status_code == 200


def test_retry_after_in_seconds_as_number_and_date(ask: Asker) -> None:
    ask.shop.fail("status", status=429, retry_after=3600)
    assert ask.route("coupons").headers["Retry-After"] == "3600"
    ask.shop.fail("status", status=429, retry_after=3600, retry_after_as_date=True)
    date = parsedate_to_datetime(ask.route("coupons").headers["Retry-After"])
    assert date - ask.shop.now().replace(microsecond=0) == timedelta(hours=1)
    ask.shop.fail("status", status=429)
    assert "Retry-After" not in ask.route("coupons").headers


def test_prices_come_with_rate_limits_that_a_fault_can_change(ask: Asker) -> None:
    limits = ("Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset")
    price = ask.route("price")
    assert [price.headers[name] for name in limits] == ["2000", "1999", "60"]
    assert all(name in ask.route("price", 6).headers for name in limits)  # without a price
    spent = {"Ratelimit-Remaining": "0", "Ratelimit-Reset": "7"}
    ask.shop.fail("headers", "/ipe/pricing/", headers=spent)
    response = ask.route("price")
    assert [response.headers[name] for name in limits] == ["2000", "0", "7"]
    assert response.json() == price.json()
    ask.shop.fail("status", "/ipe/pricing/", status=429, headers=spent)
    response = ask.route("price")
    assert response.status_code == 429
    assert [response.headers.get(name) for name in limits] == [None, "0", "7"]
    assert "Ratelimit-Limit" not in ask.route("coupons").headers
