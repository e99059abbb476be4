"""An order's document, as Get order returns it, and its row in the list.

Both follow from the order's number and its state. The shapes are those of VTEX's public
reference, with what real answers add to it: nulls, seven-digit fractions, decimals where
whole numbers are declared, keys that only some orders have.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.clock import DAY, MINUTE, seven_digits, whole_seconds
from sandbox.goods import Sku, sku
from sandbox.people import Person, identifier, person

if TYPE_CHECKING:
    from sandbox.oms.book import Order
    from sandbox.oms.lifecycle import State

Json = dict[str, Any]

IN_PORTUGUESE = {
    "payment-pending": "Pagamento Pendente",
    "payment-approved": "Pagamento Aprovado",
    "ready-for-handling": "Pronto para o Manuseio",
    "handling": "Preparando Entrega",
    "invoiced": "Faturado",
    "canceled": "Cancelado",
}
PAYMENTS = (
    ("2", "Visa", "creditCard"),
    ("4", "Mastercard", "creditCard"),
    ("6", "Boleto Bancário", "bankInvoice"),
    ("125", "Pix", "instantPayment"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A SKU in an order; money in cents."""

    sku: Sku
    quantity: int
    off: int

    @property
    def full_price(self) -> int:
        """What the pieces cost before the discount."""
        return self.sku.price * self.quantity

    @property
    def total(self) -> int:
        """What the pieces cost."""
        return self.full_price - self.off


class Gist:
    """What an order is about; the rest of its document is dressing."""

    def __init__(self, order: Order, created: int, seed: int, clients: int, skus: int) -> None:
        self.order_id = order.order_id
        self.created = created
        self.dice = dice = random.Random(f"order {seed} {order.left_incomplete} {order.number}")
        self.buyer: Person = person(seed, dice.randrange(clients))
        self.lines = [
            _line(sku(seed, dice.randrange(skus)), dice)
            for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5)))
        ]
        self.shipping = dice.choice((0, 0, 990, 1490, 2390, 3990))
        self.payment = dice.choice(PAYMENTS)
        self.sequence = str(500000 + order.number)
        self.from_marketplace = self.order_id.startswith("MLB-")

    @property
    def value(self) -> int:
        """What the buyer pays, in cents."""
        return sum(line.total for line in self.lines) + self.shipping


def _line(item: Sku, dice: random.Random) -> Line:
    quantity = dice.choice((1, 1, 1, 2, 3))
    off = round(item.price * quantity * 0.1) if dice.random() < 0.3 else 0
    return Line(item, quantity, off)


def row(gist: Gist, state: State) -> Json:
    """An order's row in the list."""
    return {
        "orderId": gist.order_id,
        "creationDate": whole_seconds(gist.created),
        "clientName": gist.buyer.name,
        "items": None,
        # The list's index keeps floating-point numbers.
        "totalValue": float(gist.value),
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
        "invoiceInput": None,
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
    dice, buyer = gist.dice, gist.buyer
    order_form = identifier(dice).replace("-", "")
    full_prices = sum(line.full_price for line in gist.lines)
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
        "value": gist.value,
        "creationDate": seven_digits(gist.created),
        "lastChange": seven_digits(state.last_change),
        "orderGroup": gist.order_id.rpartition("-")[0] or None,
        "totals": [
            {"id": "Items", "name": "Total dos Itens", "value": full_prices},
            {
                "id": "Discounts",
                "name": "Total dos Descontos",
                "value": -sum(line.off for line in gist.lines),
            },
            {"id": "Shipping", "name": "Total do Frete", "value": gist.shipping},
            {"id": "Tax", "name": "Total da Taxa", "value": 0},
        ],
        "items": [_item(line, dice) for line in gist.lines],
        "marketplaceItems": [],
        "clientProfileData": _client(buyer, dice),
        "giftRegistryData": None,
        "marketingData": _marketing(dice),
        "ratesAndBenefitsData": _promotions(gist),
        "shippingData": _shipping(gist, buyer),
        "paymentData": _payment(gist, account),
        "packageAttachment": {"packages": _packages(gist, state)},
        "sellers": [
            {"id": "1", "name": "Loja Ipê", "logo": "", "fulfillmentEndpoint": "http://x/api"}
        ],
        "callCenterOperatorData": None,
        "followUpEmail": f"{identifier(dice).replace('-', '')}@ct.vtex.com.br",
        "lastMessage": state.message,
        "hostname": account,
        "invoiceData": None,
        "changesAttachment": _changes(gist, state),
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
        "itemMetadata": {"Items": [_metadata(line.sku) for line in gist.lines]},
        "subscriptionData": None,
        "taxData": None,
        "checkedInPickupPointId": None,
        "cancellationData": _cancellation(state),
        "clientPreferencesData": {
            "locale": "pt-BR",
            "optinNewsLetter": dice.choice((True, False, None)),
        },
    }


def _optional(at: int | None, plus: int = 0, *, whole: bool = False) -> str | None:
    if at is None:
        return None
    return whole_seconds(at + plus) if whole else seven_digits(at + plus)


def _item(line: Line, dice: random.Random) -> Json:
    item = line.sku
    selling_price = round(line.total / line.quantity)
    return {
        "uniqueId": identifier(dice).replace("-", "").upper(),
        "id": str(item.sku_id),
        "productId": str(item.product_id),
        "ean": item.ean,
        "lockId": f"00-{dice.randrange(10**13)}-01",
        "itemAttachment": {"content": {}, "name": None},
        "attachments": [],
        "quantity": line.quantity,
        "seller": "1",
        "name": item.name,
        "refId": item.ref_id,
        "price": item.price,
        "listPrice": item.list_price,
        "manualPrice": None,
        "priceTags": _price_tags(line),
        "imageUrl": f"http://ipe.vteximg.com.br/arquivos/ids/{155000 + item.sku_id}-55-55/foto.jpg",
        "detailUrl": item.link,
        "components": [],
        "bundleItems": [],
        "params": [],
        "offerings": [],
        "attachmentOfferings": [],
        "sellerSku": str(item.sku_id),
        "priceValidUntil": None,
        "commission": 0,
        "tax": 0,
        "preSaleDate": None,
        "additionalInfo": {
            "brandName": item.brand,
            "brandId": str(item.brand_id),
            "categoriesIds": f"/{item.category_id}/",
            "categories": [{"id": item.category_id, "name": item.category}],
            "productClusterId": "135,142,166",
            "commercialConditionId": "1",
            "dimension": {
                "cubicweight": 0.1667,
                "height": 10.2,
                "length": 20.0,
                "weight": 420.0,
                "width": 15.5,
            },
            "offeringInfo": None,
            "offeringType": None,
            "offeringTypeId": None,
        },
        "measurementUnit": item.unit,
        "unitMultiplier": item.unit_multiplier,
        "sellingPrice": selling_price,
        "isGift": False,
        "shippingPrice": None,
        "rewardValue": 0,
        "freightCommission": 0,
        "priceDefinition": {
            "sellingPrices": [{"value": selling_price, "quantity": line.quantity}],
            "calculatedSellingPrice": selling_price,
            "total": line.total,
            "reason": None,
        },
        "taxCode": "",
        "parentItemIndex": None,
        "parentAssemblyBinding": None,
        "callCenterOperator": None,
        "serialNumbers": None,
        "assemblies": [],
        "costPrice": round(item.price * 0.6),
    }


def _price_tags(line: Line) -> list[Json]:
    if not line.off:
        return []
    return [
        {
            "name": "discount@price-2a7acc17-1eb9-4541-8ac6-2776ce9628e6#9f3a",
            "value": -line.off,
            "isPercentual": False,
            "identifier": "2a7acc17-1eb9-4541-8ac6-2776ce9628e6",
            "rawValue": -line.off / 100,
            "rate": None,
            "jurisCode": None,
            "jurisType": None,
            "jurisName": None,
        }
    ]


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


def _promotions(gist: Gist) -> Json:
    applied = any(line.off for line in gist.lines)
    return {
        "id": "ratesAndBenefitsData",
        "rateAndBenefitsIdentifiers": [
            {
                "id": "2a7acc17-1eb9-4541-8ac6-2776ce9628e6",
                "name": "10% na categoria",
                "featured": False,
                "description": None,
                "matchedParameters": {"category@CatalogSystem": "10|inclusive"},
                "additionalInfo": None,
            }
        ]
        if applied
        else [],
    }


def _address(buyer: Person) -> Json:
    return {
        "addressType": "residential",
        "receiverName": buyer.name,
        "addressId": buyer.address_id,
        "versionId": None,
        "entityId": None,
        "postalCode": buyer.postal_code,
        "city": buyer.city,
        "state": buyer.state,
        "country": "BRA",
        "street": buyer.street,
        "number": buyer.number,
        "neighborhood": buyer.neighborhood,
        "complement": buyer.complement,
        "reference": None,
        "geoCoordinates": [-43.3373718, -23.0105873],
    }


def _shipping(gist: Gist, buyer: Person) -> Json:
    address = _address(buyer)
    pickup = {
        "additionalInfo": None,
        "address": None,
        "dockId": None,
        "friendlyName": None,
        "isPickupStore": False,
    }
    share = gist.shipping // len(gist.lines)
    return {
        "id": "shippingData",
        "address": address,
        "logisticsInfo": [
            {
                "itemIndex": index,
                "selectedSla": "Normal",
                "lockTTL": "10d",
                "price": share,
                "listPrice": share,
                "sellingPrice": share,
                "deliveryWindow": None,
                "deliveryCompany": "Transportadora",
                "shippingEstimate": "5bd",
                "shippingEstimateDate": seven_digits(gist.created + 6 * DAY),
                "slas": [
                    {
                        "id": sla,
                        "name": sla,
                        "shippingEstimate": "5bd",
                        "deliveryWindow": None,
                        "price": share,
                        "deliveryChannel": "delivery",
                        "pickupStoreInfo": pickup,
                        "polygonName": "",
                        "lockTTL": "10d",
                        "pickupPointId": None,
                        "transitTime": "3d",
                        "pickupDistance": 0.0,
                    }
                    for sla in ("Normal", "Expressa")
                ],
                "shipsTo": ["BRA"],
                "deliveryIds": [
                    {
                        "courierId": "136769c",
                        "courierName": "Correios",
                        "dockId": "dock_1f95",
                        "quantity": line.quantity,
                        "warehouseId": "1_1",
                        "accountCarrierName": "ipe",
                        "kitItemDetails": [],
                    }
                ],
                "deliveryChannels": [{"id": "delivery", "stockBalance": 0}],
                "deliveryChannel": "delivery",
                "pickupStoreInfo": pickup,
                "addressId": buyer.address_id,
                "versionId": None,
                "entityId": None,
                "polygonName": "",
                "pickupPointId": None,
                "transitTime": "3d",
            }
            for index, line in enumerate(gist.lines)
        ],
        "trackingHints": None,
        "selectedAddresses": [address],
        "contactInformation": [],
    }


def _payment(gist: Gist, account: str) -> Json:
    system, name, group = gist.payment
    by_card = group == "creditCard"
    digits = f"{gist.dice.randrange(10**10):010d}"
    return {
        "giftCards": [],
        "transactions": [
            {
                "isActive": True,
                "transactionId": identifier(gist.dice).replace("-", "").upper(),
                "merchantName": account.upper(),
                "payments": [
                    {
                        "id": identifier(gist.dice).replace("-", "").upper(),
                        "paymentSystem": system,
                        "paymentSystemName": name,
                        "value": gist.value,
                        "installments": gist.dice.choice((1, 1, 2, 3, 6)) if by_card else 1,
                        "referenceValue": gist.value,
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
                        # Keys that differ by letter case only, as connectors send them.
                        "connectorResponses": {"Tid": digits, "tid": digits, "ReturnCode": "00"},
                        "giftCardProvider": None,
                        "koinUrl": None,
                        "accountId": None,
                        "parentAccountId": None,
                        "bankIssuedInvoiceIdentificationNumber": None,
                        "billingAddress": None,
                        "paymentOrigin": None,
                    }
                ],
            }
        ],
    }


def _packages(gist: Gist, state: State) -> list[Json]:
    packages = []
    if state.invoiced is not None:
        packages.append(_package(gist, "Output", state.invoiced, state.tracked))
    if state.returned is not None:
        packages.append(_package(gist, "Input", state.returned, None))
    return packages


def _package(gist: Gist, kind: str, at: int, tracked: int | None) -> Json:
    return {
        "items": [
            {
                "itemIndex": index,
                "quantity": line.quantity,
                "price": line.sku.price,
                "description": None,
                "unitMultiplier": line.sku.unit_multiplier,
            }
            for index, line in enumerate(gist.lines)
        ],
        "courier": "Correios",
        "invoiceNumber": gist.sequence,
        "invoiceValue": gist.value,
        "invoiceUrl": None,
        "issuanceDate": seven_digits(at - MINUTE),
        "trackingNumber": f"BR{gist.sequence}X",
        "invoiceKey": None,
        "trackingUrl": "",
        "embeddedInvoice": "",
        "type": kind,
        "courierStatus": None
        if tracked is None
        else {
            "status": "ok",
            "finished": False,
            "deliveredDate": None,
            "data": [
                {
                    "lastChange": seven_digits(tracked),
                    "city": "",
                    "state": "",
                    "description": "Objeto postado",
                    "createDate": seven_digits(tracked),
                }
            ],
        },
        "cfop": None,
        "restitutions": {},
        "volumes": None,
        "EnableInferItems": None,
    }


def _changes(gist: Gist, state: State) -> Json | None:
    if state.item_removed is None:
        return None
    gone = gist.lines[-1]
    return {
        "id": "changeAttachment",
        "changesData": [
            {
                "reason": "Sem estoque",
                "discountValue": gone.total,
                "incrementValue": 0,
                "itemsAdded": [],
                "itemsRemoved": [
                    {
                        "id": str(gone.sku.sku_id),
                        "name": gone.sku.name,
                        "quantity": gone.quantity,
                        "price": gone.sku.price,
                        "unitMultiplier": None,
                    }
                ],
                "receipt": {
                    "date": seven_digits(state.item_removed),
                    "orderId": gist.order_id,
                    "receipt": "029f9ab8-751a-4b1e-bf81-7dd25d14b49b",
                },
            }
        ],
    }


def _metadata(item: Sku) -> Json:
    return {
        "Id": str(item.sku_id),
        "Seller": "1",
        "Name": item.name,
        "SkuName": item.name,
        "ProductId": str(item.product_id),
        "RefId": item.ref_id,
        "Ean": item.ean,
        "ImageUrl": f"http://ipe.vteximg.com.br/arquivos/ids/{155000 + item.sku_id}-55-55/foto.jpg",
        "DetailUrl": item.link,
        "AssemblyOptions": [],
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
