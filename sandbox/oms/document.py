"""An order's document, as Get order returns it, and its row in the list.

Both are computed from the order's number and state. They follow VTEX's public reference, with
the peculiarities of real responses: nulls, seven-digit fractions, decimals where the reference
declares integers, keys that only some orders have.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sandbox.clock import DAY, seven_digits, whole_seconds
from sandbox.oms import delivery, payment, purchase
from sandbox.oms.changes import Changes
from sandbox.people import identifier

if TYPE_CHECKING:
    import random

    from sandbox.oms.gist import Gist
    from sandbox.oms.lifecycle import State
    from sandbox.people import Person

Json = dict[str, Any]

IN_PORTUGUESE = {
    "payment-pending": "Pagamento Pendente",
    "payment-approved": "Pagamento Aprovado",
    "ready-for-handling": "Pronto para o Manuseio",
    "handling": "Preparando Entrega",
    "invoiced": "Faturado",
    "canceled": "Cancelado",
}

#: The store's apps, and the fields that each adds to an order.
APPS: Final = (
    ("gift-wrapping", ("paper", "ribbon", "card", "sender", "recipient")),
    ("delivery-notes", ("gate", "doorman", "landmark", "secondPhone", "bestTime")),
    ("loyalty", ("programme", "tier", "pointsEarned", "pointsSpent", "campaign")),
    ("sales-person", ("code", "store", "commission", "table", "approvedBy")),
    ("antifraud", ("score", "decision", "fingerprint", "session", "analyst")),
    ("erp", ("branch", "costCenter", "carrierContract", "priceTable", "operation")),
)


class Size:
    """The minimum size of a document; apps add fields until it is reached."""

    #: Bytes of JSON, for the whole process; 0 adds nothing.
    minimum = 0


def row(gist: Gist, state: State) -> Json:
    """An order's row in the list."""
    return {
        "orderId": gist.order_id,
        "creationDate": whole_seconds(gist.created),
        "clientName": gist.buyer.name,
        "items": None,
        # The list's index stores floating-point numbers.
        "totalValue": float(gist.value + Changes(gist, state).value),
        "paymentNames": "" if gist.from_marketplace else gist.payment[1],
        "status": state.status,
        "statusDescription": IN_PORTUGUESE.get(state.status or ""),
        "marketPlaceOrderId": gist.order_id[4:] if gist.from_marketplace else None,
        "sequence": gist.sequence,
        "salesChannel": "1",
        "affiliateId": "MLB" if gist.from_marketplace else "",
        "origin": "Fulfillment" if gist.from_marketplace else "Marketplace",
        "workflowInErrorState": False,
        "workflowInRetry": False,
        "lastMessageUnread": state.message,
        "ShippingEstimatedDate": _optional(state.authorized, DAY * 4, whole=True),
        "ShippingEstimatedDateMax": None,
        "ShippingEstimatedDateMin": None,
        "orderIsComplete": state.status is not None,
        "listId": None,
        "listType": None,
        "authorizedDate": _optional(state.authorized, whole=True),
        "callCenterOperatorName": None,
        "totalItems": sum(line.quantity for line in gist.lines),
        "currencyCode": "BRL",
        "hostname": None,
        "invoiceOutput": None,
        "invoiceInput": None if state.returned is None else ["1"],
        "lastChange": whole_seconds(state.last_change),
        "isAllDelivered": False,
        "isAnyDelivered": False,
        "giftCardProviders": None,
        "orderFormId": None,
        "paymentApprovedDate": _optional(state.authorized, whole=True),
        "readyForHandlingDate": None,
        "deliveryDates": None,
    }


def document(gist: Gist, state: State, account: str) -> Json:
    """An order's document."""
    order = _document(gist, state, account)
    if Size.minimum:
        missing = Size.minimum - len(msgspec.json.encode(order))
        order["customData"] = _custom_data(max(0, missing) // _BYTES_PER_APP)
    return order


def _document(gist: Gist, state: State, account: str) -> Json:
    dice, buyer = gist.dice, gist.buyer
    order_form = identifier(dice).replace("-", "")
    changes = Changes(gist, state)
    return {
        "orderId": gist.order_id,
        "sequence": gist.sequence,
        "marketplaceOrderId": gist.order_id[4:] if gist.from_marketplace else "",
        "marketplaceServicesEndpoint": f"http://oms.vtexinternal.com.br/api/oms?an={account}",
        "sellerOrderId": f"00-{gist.order_id}",
        "origin": "Fulfillment" if gist.from_marketplace else "Marketplace",
        "affiliateId": "MLB" if gist.from_marketplace else "",
        "salesChannel": "1",
        "merchantName": None,
        "status": state.status,
        "workflowIsInError": False,
        "statusDescription": IN_PORTUGUESE.get(state.status or ""),
        "value": gist.value + changes.value,
        "creationDate": seven_digits(gist.created),
        "lastChange": seven_digits(state.last_change),
        "orderGroup": gist.order_id.rpartition("-")[0] or None,
        "totals": _totals(gist, changes),
        "items": [purchase.item(line, gist) for line in gist.lines],
        "marketplaceItems": [],
        "clientProfileData": _client(buyer, dice),
        "giftRegistryData": None,
        "marketingData": _marketing(dice),
        "ratesAndBenefitsData": purchase.promotions(gist),
        "shippingData": delivery.shipping(gist, buyer),
        "paymentData": payment.payment(gist, account),
        "packageAttachment": {"packages": delivery.packages(gist, state)},
        "sellers": [
            {"id": "1", "name": "Loja Ipê", "logo": "", "fulfillmentEndpoint": "http://x/api"}
        ],
        "callCenterOperatorData": None,
        "followUpEmail": f"{identifier(dice).replace('-', '')}@ct.vtex.com.br",
        "lastMessage": state.message,
        "hostname": account,
        "invoiceData": None,
        "changesAttachment": changes.attachment(),
        "openTextField": None,
        "roundingError": 0,
        "orderFormId": order_form,
        "commercialConditionData": None,
        "isCompleted": state.status is not None,
        "customData": None,
        "storePreferencesData": _preferences(),
        "allowCancellation": state.status not in {"invoiced", "canceled"},
        "allowEdition": False,
        "isCheckedIn": False,
        "marketplace": None,
        "authorizedDate": _optional(state.authorized),
        "invoicedDate": _optional(state.invoiced),
        "cancelReason": "Pedido não pago" if state.canceled else None,
        "itemMetadata": {"Items": [purchase.metadata(line.sku) for line in gist.lines]},
        "subscriptionData": None,
        "taxData": None,
        "checkedInPickupPointId": None,
        "cancellationData": _cancellation(state),
        "cancellationRequests": None,
        "authorizationPolicyData": None,
        "clientPreferencesData": {
            "locale": "pt-BR",
            "optinNewsLetter": dice.choice((True, False, None)),
        },
    }


def _totals(gist: Gist, changes: Changes) -> list[Json]:
    """The field totals. Including services in the items' total is a guess."""
    totals = [
        ("Items", "Total dos Itens", sum(line.full_price + line.services for line in gist.lines)),
        ("Discounts", "Total dos Descontos", -sum(line.off for line in gist.lines)),
        ("Shipping", "Total do Frete", gist.shipping),
        ("Tax", "Total da Taxa", 0),
    ]
    if changes.made:
        totals.append(("Change", "Total das mudanças", changes.value))
    return [{"id": kind, "name": name, "value": value} for kind, name, value in totals]


def _optional(at: int | None, plus: int = 0, *, whole: bool = False) -> str | None:
    if at is None:
        return None
    return whole_seconds(at + plus) if whole else seven_digits(at + plus)


def _client(buyer: Person, dice: random.Random) -> Json:
    return {
        "id": "clientProfileData",
        "email": f"{identifier(dice).replace('-', '')}@ct.vtex.com.br",
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "documentType": "cpf",
        "document": buyer.document,
        "phone": buyer.phone,
        "corporateName": None,
        "tradeName": None,
        "corporateDocument": None,
        "stateInscription": None,
        "corporatePhone": None,
        "isCorporate": False,
        "userProfileId": buyer.user_id,
        "userProfileVersion": None,
        "customerClass": None,
        "customerCode": None,
    }


def _marketing(dice: random.Random) -> Json | None:
    if dice.random() < 0.6:
        return None
    return {
        "id": "marketingData",
        "utmSource": dice.choice(("google", "instagram", "newsletter")),
        "utmPartner": None,
        "utmMedium": dice.choice(("cpc", "email", None)),
        "utmCampaign": "primavera",
        "coupon": "BEMVINDO10" if dice.random() < 0.3 else None,
        "utmiCampaign": "",
        "utmipage": "",
        "utmiPart": "",
        "marketingTags": [],
    }


def _cancellation(state: State) -> Json | None:
    if state.canceled is None:
        return None
    return {
        "RequestedByUser": state.authorized is not None,
        "RequestedBySystem": state.authorized is None,
        "RequestedBySellerNotification": False,
        "RequestedByPaymentNotification": False,
        "Reason": "Pedido não pago",
        "CancellationDate": seven_digits(state.canceled).replace("+00:00", "Z"),
    }


def _preferences() -> Json:
    return {
        "countryCode": "BRA",
        "currencyCode": "BRL",
        "currencyFormatInfo": {
            "CurrencyDecimalDigits": 2,
            "CurrencyDecimalSeparator": ",",
            "CurrencyGroupSeparator": ".",
            "CurrencyGroupSize": 3,
            "StartsWithCurrencySymbol": True,
        },
        "currencyLocale": 1046,
        "currencySymbol": "R$",
        "timeZone": "E. South America Standard Time",
    }


@cache
def _custom_data(apps: int) -> msgspec.Raw:
    """The encoded custom data of a number of apps, cached because encoding is slow."""
    return msgspec.Raw(msgspec.json.encode({"customApps": [_app(n) for n in range(apps)]}))


def _app(number: int) -> Json:
    app, fields = APPS[number % len(APPS)]
    return {
        "id": f"{app}-{number}",
        "major": 1,
        "fields": {
            f"{field}{copy}": f"{field} {number}.{copy}, as the buyer filled it in"
            for copy in range(2)
            for field in fields
        },
    }


_BYTES_PER_APP: Final = len(msgspec.json.encode(_app(len(APPS))))
