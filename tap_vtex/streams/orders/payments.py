"""The rows of payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.streams.orders.parts import object_in, objects_in, order_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_vtex.types import Document

#: Fields of a transaction that a row keeps under VTEX's names.
KEPT_OF_TRANSACTION: Final = ("isActive", "merchantName")
#: Fields of a payment that a row keeps under VTEX's names. None of them can be used to pay, as the
#: code of a gift card could.
KEPT: Final = (
    *("paymentSystem", "paymentSystemName", "group", "value", "referenceValue", "installments"),
    *("firstDigits", "lastDigits", "tid", "dueDate", "paymentOrigin"),
    *("giftCardId", "giftCardName", "giftCardCaption", "giftCardProvider", "giftCardAsDiscount"),
    *("accountId", "parentAccountId", "connectorResponses"),
)


def payments_of(order: Document) -> Iterator[Document]:
    """Yield a row per payment in each transaction of an order.

    Amounts are in hundredths of the currency. Where VTEX sends no id, the position is the id.
    """
    common = order_columns(order)
    transactions = objects_in(object_in(order.get("paymentData")).get("transactions"))
    for position, transaction in enumerate(transactions):
        for number, payment in enumerate(objects_in(transaction.get("payments"))):
            yield {
                **common,
                "transaction_id": transaction.get("transactionId") or str(position),
                "payment_id": payment.get("id") or str(number),
                **{name: transaction.get(name) for name in KEPT_OF_TRANSACTION},
                **{name: payment.get(name) for name in KEPT},
            }
