"""Carts for the made-up store: some bought after a while, others left a few days ago."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from sandbox.store import APP_KEY, APP_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from http.client import HTTPResponse

Json = dict[str, Any]

#: How long before their order clients left what they then bought.
BEFORE = (timedelta(minutes=40), timedelta(hours=9), timedelta(hours=50), timedelta(days=9))
STAGES = ("Carrinho", "DadosPessoais", "Endereco", "FormaPagamento")
#: Orders of these days are looked at; so many of their clients had left a cart before.
DAYS, ONE_IN = 120, 3
#: Of all other clients, so many left a cart in the last days.
WAITING_ONE_IN = 8


def leave_carts(url: str) -> None:
    """Let clients of the sandbox at ``url`` leave carts."""
    bought: dict[str, Json] = {}
    for each in _orders(url):
        bought[each["clientProfileData"]["userProfileId"]] = each
    now = max(_date(order["creationDate"]) for order in bought.values())
    since = now - timedelta(days=DAYS)
    recent = {
        user: order
        for user, order in bought.items()
        if order["status"] != "canceled" and _date(order["creationDate"]) > since
    }
    for number, (user, client) in enumerate(sorted(_clients(url).items())):
        stage = STAGES[number // ONE_IN % len(STAGES)]
        if user in recent:
            if number % ONE_IN == 0:
                order = recent[user]
                before = BEFORE[number // ONE_IN % 7 % len(BEFORE)]
                skus = [item["id"] for item in order["items"]]
                _put(url, client, skus, stage, _date(order["creationDate"]) - before)
        elif number % WAITING_ONE_IN == 0:
            left = now - timedelta(days=number % 25, hours=2)
            _put(url, client, [str(1 + number % 200)], stage, left)


def _put(url: str, client: str, skus: Iterable[str], stage: str, visit: datetime) -> None:
    cart = "&".join(f"sku={sku}&qty=1&seller=1" for sku in skus)
    fields = {
        "rclastcart": f"add?{cart}&sc=1",
        "rclastcartvalue": None,  # the models know today's prices
        "rclastsessiondate": f"{visit:%Y-%m-%dT%H:%M:%S.%f}0Z",
        "carttag": None,
        "checkouttag": {"DisplayValue": stage},
    }
    body = {"entity": "CL", "action": "edit", "ids": [client], "fields": fields}
    _open(f"{url}/_sandbox/documents", json.dumps(body).encode()).close()


def _orders(url: str) -> Iterator[Json]:
    """All orders, the oldest first."""
    with _open(f"{url}/_sandbox/orders") as answer:
        yield from sorted(map(json.loads, answer), key=lambda order: order["creationDate"])


def _clients(url: str) -> dict[str, str]:
    """The id of each client's document by the key that orders have."""
    found: dict[str, str] = {}
    question = {"_size": "1000", "_fields": "id,userId"}
    while True:
        with _open(f"{url}/api/dataentities/CL/scroll?{urlencode(question)}") as answer:
            rows, question = json.load(answer), {"_token": answer.headers["X-VTEX-MD-TOKEN"]}
        if not rows:
            return found
        found |= {row["userId"]: row["id"] for row in rows}


def _open(address: str, body: bytes | None = None) -> HTTPResponse:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-VTEX-API-AppKey": APP_KEY,
        "X-VTEX-API-AppToken": APP_TOKEN,
    }
    answer: HTTPResponse = urlopen(Request(address, data=body, headers=headers))
    return answer


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text[:26]).replace(tzinfo=UTC)
