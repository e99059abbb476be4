"""Faults of bodies: broken, slow, and far larger or deeper than they should be."""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.sandbox.asking import HEADERS, ROUTES

if TYPE_CHECKING:
    from tests.sandbox.asking import Asker


def raw(ask: Asker, path: str, timeout: float = 10.0) -> requests.Response:
    """A response whose body is still to come."""
    return requests.get(ask.shop.url + path, headers=HEADERS, stream=True, timeout=timeout)


def test_a_bomb_is_small_and_inflates_to_valid_json(ask: Asker) -> None:
    path = ROUTES["coupons"].path
    true = ask.get(path).json()
    ask.shop.fail("bomb", path, size=20_000_000, times=2)
    with raw(ask, path) as response:
        packed = response.raw.read(decode_content=False)
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 50_000
    body = gzip.decompress(packed)
    assert len(body) == 20_000_000
    assert json.loads(body) == true
    assert ask.get(path).json() == true  # as a client sees it that does not look at sizes


def test_a_huge_body_is_valid_json(ask: Asker) -> None:
    path = ROUTES["coupons"].path
    true = ask.get(path).json()
    ask.shop.fail("huge", path, size=30_000_000)
    response = ask.get(path)
    assert response.headers["Content-Length"] == str(len(response.content)) == "30000000"
    assert "Content-Encoding" not in response.headers
    assert response.json() == true
    assert ask.get(path).json() == true


def test_a_client_may_leave_a_huge_body(ask: Asker) -> None:
    path = ROUTES["coupons"].path
    ask.shop.fail("huge", path, size=200_000_000)
    with raw(ask, path) as response:
        assert next(response.iter_content(1000))
    assert ask.get(path).status_code == 200


def test_a_size_below_the_bodys_own_changes_nothing(ask: Asker) -> None:
    path = ROUTES["coupons"].path
    true = ask.get(path)
    ask.shop.fail("huge", path, size=10)
    assert ask.get(path).content == true.content
    ask.shop.fail("bomb", path, size=10)
    assert ask.get(path).content == true.content


@pytest.mark.parametrize("name", ROUTES)
def test_a_body_is_deep(ask: Asker, name: str) -> None:
    true = ask.route(name).content
    ask.shop.fail("deep", ROUTES[name].path.replace("{id}", ""), depth=1000)
    body = ask.route(name).content
    nested = b"[" * 1000 + b"]" * 1000
    assert nested in body
    assert len(true) < len(body.replace(nested, b"")) < len(true) + 20  # the rest is there
    ask.shop.fail("deep", ROUTES[name].path.replace("{id}", ""), depth=200_000)
    with pytest.raises(RecursionError):
        json.loads(ask.route(name).content)


@pytest.mark.parametrize("name", ROUTES)
def test_a_body_has_a_long_number(ask: Asker, name: str) -> None:
    true = ask.route(name).content
    ask.shop.fail("digits", ROUTES[name].path.replace("{id}", ""), digits=5000)
    body = ask.route(name).content
    number = b"9" * 5000
    assert number in body
    assert len(true) < len(body.replace(number, b"")) < len(true) + 20  # the rest is there


def test_a_body_drips(ask: Asker) -> None:
    ask.shop.fail("drip", ROUTES["warehouses"].path)
    begin = time.monotonic()
    with raw(ask, ROUTES["warehouses"].path) as response:
        assert response.status_code == 200
        assert int(response.headers["Content-Length"]) > 100
        body = response.iter_content(1)
        assert next(body) + next(body) + next(body) == b'[{"'
    assert time.monotonic() - begin > 1.9


def test_headers_drip(ask: Asker) -> None:
    ask.shop.fail("drip_headers", ROUTES["warehouses"].path)
    with pytest.raises(requests.exceptions.ReadTimeout):
        raw(ask, ROUTES["warehouses"].path, timeout=0.5)


def test_null_and_empty_and_html_replace_any_body(ask: Asker) -> None:
    ask.shop.fail("null", ROUTES["coupons"].path)
    ask.shop.fail("empty", ROUTES["coupons"].path)
    ask.shop.fail("html", ROUTES["coupons"].path)
    found = [ask.route("coupons") for _ in range(4)]
    assert [one.status_code for one in found] == [200] * 4
    assert [one.content for one in found[:2]] == [b"null", b""]
    assert found[2].headers["Content-Type"] == "text/html"
    assert len(found[3].json()) == 30
