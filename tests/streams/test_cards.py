"""What of a card is taken out of an order, and what only looks like it and stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tap_vtex.streams.orders.cards import remove_cards

Json = dict[str, Any]

VISA, AMEX, MASKED = "4111111111111111", "378282246310005", "411111******1111"


def cleaned(**order: Any) -> Json:
    remove_cards(order)
    return order


def paid(**payment: Any) -> Json:
    return {"transactions": [{"payments": [payment]}]}


@pytest.mark.parametrize(
    "name", ["cvv2", "CVV", "Cvv", "cvc", "securityCode", "security_code", "CardSecurityCode"]
)
@pytest.mark.parametrize("value", ["123", 123, "x"])
def test_codes_are_removed_from_what_others_write(name: str, value: object) -> None:
    assert cleaned(customData={"apps": [{"fields": {name: value, "a": "b"}}]}) == {
        "customData": {"apps": [{"fields": {name: None, "a": "b"}}]}
    }
    assert cleaned(items=[{"attachments": [{"content": {name: value}}]}]) == {
        "items": [{"attachments": [{"content": {name: None}}]}]
    }
    assert cleaned(something_new={name: value}) == {"something_new": {name: None}}


@pytest.mark.parametrize("name", ["cardNumber", "CardNumber", "card_number", "creditCardNumber"])
@pytest.mark.parametrize(
    ("value", "left"),
    [
        (VISA, MASKED),
        (int(VISA), MASKED),
        ("4111-1111 1111.1111", MASKED),
        (AMEX, "378282*****0005"),
        ("************1111", "************1111"),
        (MASKED, MASKED),
        (None, None),
        (True, True),
    ],
)
def test_card_numbers_lose_their_middle(name: str, value: object, left: object) -> None:
    assert cleaned(paymentData=paid(**{name: value}))["paymentData"] == paid(**{name: left})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"card {VISA} approved", f"card {MASKED} approved"),
        ("4111 1111-1111 1111", MASKED),
        ("4111111111111112", "4111111111111112"),  # the check digit is wrong
        (f"{VISA}{VISA}", f"{VISA}{VISA}"),  # a bar code
        ("7891000315507", "7891000315507"),  # of goods
        (MASKED, MASKED),
    ],
)
def test_numbers_in_texts(text: str, left: str) -> None:
    order = cleaned(
        paymentData=paid(connectorResponses={"Message": text, "tid": VISA, "Nsu": VISA}),
        openTextField={"value": text},
        lastMessage=text,
    )

    answers = {"Message": left, "tid": VISA, "Nsu": VISA}
    assert order["paymentData"] == paid(connectorResponses=answers)
    assert (order["openTextField"], order["lastMessage"]) == ({"value": left}, left)


def test_digits_are_as_many_as_their_names_say() -> None:
    order = cleaned(paymentData=paid(firstDigits=VISA, lastDigits=VISA, tid=VISA))

    assert order["paymentData"] == paid(firstDigits="411111", lastDigits="1111", tid=VISA)


def test_all_else_stays() -> None:
    order = {
        "orderId": VISA,
        "items": [{"ean": VISA, "price": int(VISA), "attachments": [], "params": 7}],
        "paymentData": paid(firstDigits="411111", lastDigits="1111", cardHolder="Ana", cvv2=None),
        "shippingData": {"address": {"number": VISA}},
        "customData": {"customApps": [{"fields": {"cardColor": "4", "civil": "x"}}]},
        "openTextField": None,
    }

    assert cleaned(**copy.deepcopy(order)) == order
