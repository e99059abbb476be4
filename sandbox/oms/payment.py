"""The payment parts of an order's document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.oms.gist import PAYMENTS
from sandbox.people import identifier

if TYPE_CHECKING:
    import random

    from sandbox.oms.gist import Gist

Json = dict[str, Any]

#: A full card number and its security code. VTEX's own example has such a code.
CARD_NUMBER, SECURITY_CODE = "4111111111111111", "7351"


def payment(gist: Gist, account: str) -> Json:
    """The field paymentData."""
    extras = gist.extras
    usual = _payment(gist.dice, gist.payment, gist.value)
    transaction = {
        "isActive": True,
        "transactionId": identifier(gist.dice).replace("-", "").upper(),
        "merchantName": account.upper(),
        "payments": [usual],
    }
    gift_cards, transactions = [], [transaction]
    part = gist.value // 3
    if gist.paid_by == "two cards":
        second = _payment(extras, PAYMENTS[1], part)
        transaction["payments"] = [_with_value(usual, gist.value - part), second]
    elif gist.paid_by == "gift card and another":
        card = _gift_card(extras, part)
        gift_cards.append(card)
        by_gift_card = _payment(extras, ("16", "Vale", "giftCard"), part) | {
            "giftCardId": card["id"],
            "giftCardCaption": card["caption"],
            "redemptionCode": card["redemptionCode"],
            "giftCardProvider": card["provider"],
        }
        transaction["payments"] = [by_gift_card, _with_value(usual, gist.value - part)]
    elif gist.paid_by == "second attempt":
        refused = {
            "isActive": False,
            "transactionId": identifier(extras).replace("-", "").upper(),
            "payments": [_payment(extras, PAYMENTS[0], gist.value)],
        }
        transactions.insert(0, {**transaction, **refused})
    return {"giftCards": gift_cards, "transactions": transactions}


def show_cards(order: Json) -> None:
    """Add card data that nobody may store, wherever an order may have it."""
    for transaction in order["paymentData"]["transactions"]:
        for paid in transaction["payments"]:
            paid |= {"cvv2": SECURITY_CODE, "cardNumber": CARD_NUMBER}
            paid["connectorResponses"] |= {
                "Message": f"Card {CARD_NUMBER[:4]} 1111-1111 1111 approved",
                "Cvv2": SECURITY_CODE,
            }
    checkout = {"cardNumber": int(CARD_NUMBER), "securityCode": int(SECURITY_CODE)}
    order["customData"] = {"customApps": [{"id": "pos", "major": 1, "fields": checkout}]}
    order["openTextField"] = {"value": f"Cobrar no {CARD_NUMBER}, por favor"}


def _with_value(paid: Json, value: int) -> Json:
    return {**paid, "value": value, "referenceValue": value}


def _payment(dice: random.Random, by: tuple[str, str, str], value: int) -> Json:
    system, name, group = by
    by_card = group == "creditCard"
    digits = f"{dice.randrange(10**10):010d}"
    return {
        "id": identifier(dice).replace("-", "").upper(),
        "paymentSystem": system,
        "paymentSystemName": name,
        "value": value,
        "installments": dice.choice((1, 1, 2, 3, 6)) if by_card else 1,
        "referenceValue": value,
        "cardHolder": None,
        "cardNumber": None,
        "firstDigits": digits[:6] if by_card else None,
        "lastDigits": digits[6:] if by_card else None,
        "cvv2": None,
        "expireMonth": None,
        "expireYear": None,
        "url": None,
        "giftCardId": None,
        "redemptionCode": None,
        "group": group,
        "tid": digits,
        "dueDate": None,
        # Connectors send keys that differ only in letter case.
        "connectorResponses": {"Tid": digits, "tid": digits, "ReturnCode": "00"},
        "giftCardProvider": None,
        "koinUrl": None,
        "accountId": None,
        "parentAccountId": None,
        "bankIssuedInvoiceIdentificationNumber": None,
        "billingAddress": None,
        "paymentOrigin": None,
    }


def _gift_card(dice: random.Random, value: int) -> Json:
    return {
        "id": str(dice.randrange(10**6)),
        "redemptionCode": f"IPE-{dice.randrange(10**8):08d}",
        "name": "loyalty-program",
        "caption": "Pontos",
        "value": value,
        "balance": 0.0,
        "provider": "VtexGiftCard",
        "groupName": None,
        "inUse": True,
        "isSpecialCard": False,
    }
