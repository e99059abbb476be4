"""Rows of payments, cut out of an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.streams.orders.parts import object_in, objects_in, of_the_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_vtex.types import Document

#: Fields of a transaction, and of a payment, that a row keeps under VTEX's own names. What pays
#: for whoever knows it, such as the code of a gift card, is not among them.
KEPT_OF_TRANSACTION: Final = ("isActive", "merchantName")
KEPT: Final = (
    *("paymentSystem", "paymentSystemName", "group", "value", "referenceValue", "installments"),
    *("firstDigits", "lastDigits", "tid", "dueDate", "paymentOrigin"),
    *("giftCardId", "giftCardName", "giftCardCaption", "giftCardProvider", "giftCardAsDiscount"),
    *("accountId", "parentAccountId", "connectorResponses"),
)


def payments_of(order: Document) -> Iterator[Document]:
    """Yield a row for each means of payment in each transaction of an order.

    Amounts are in hundredths of the currency. Where VTEX sends no id, the place stands for it.
    """
    common = of_the_order(order)
    transactions = objects_in(object_in(order.get("paymentData")).get("transactions"))
    for place, transaction in enumerate(transactions):
        for number, payment in enumerate(objects_in(transaction.get("payments"))):
            yield {
                **common,
                "transaction_id": transaction.get("transactionId") or str(place),
                "payment_id": payment.get("id") or str(number),
                **{name: transaction.get(name) for name in KEPT_OF_TRANSACTION},
                **{name: payment.get(name) for name in KEPT},
            }
