"""The parts of an order's document about items, discounts, changes and payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.clock import seven_digits
from sandbox.people import identifier

if TYPE_CHECKING:
    import random

    from sandbox.goods import Sku
    from sandbox.oms.gist import Gist, Line
    from sandbox.oms.lifecycle import State

Json = dict[str, Any]


def item(line: Line, dice: random.Random) -> Json:
    """An entry of the field items."""
    bought = line.sku
    selling_price = round(line.total / line.quantity)
    return {
        "uniqueId": identifier(dice).replace("-", "").upper(),
        "id": str(bought.sku_id),
        "productId": str(bought.product_id),
        "ean": bought.ean,
        "lockId": f"00-{dice.randrange(10**13)}-01",
        "itemAttachment": {"content": {}, "name": None},
        "attachments": [],
        "quantity": line.quantity,
        "seller": "1",
        "name": bought.name,
        "refId": bought.ref_id,
        "price": bought.price,
        "listPrice": bought.list_price,
        "manualPrice": None,
        "priceTags": _price_tags(line),
        "imageUrl": bought.image,
        "detailUrl": bought.link,
        "components": [],
        "bundleItems": [],
        "params": [],
        "offerings": [],
        "attachmentOfferings": [],
        "sellerSku": str(bought.sku_id),
        "priceValidUntil": None,
        "commission": 0,
        "tax": 0,
        "preSaleDate": None,
        "additionalInfo": {
            "brandName": bought.brand,
            "brandId": str(bought.brand_id),
            "categoriesIds": f"/{bought.category_id}/",
            "categories": [{"id": bought.category_id, "name": bought.category}],
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
        "measurementUnit": bought.unit,
        "unitMultiplier": bought.unit_multiplier,
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
        "costPrice": round(bought.price * 0.6),
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


def metadata(item: Sku) -> Json:
    """An entry of the field itemMetadata."""
    return {
        "Id": str(item.sku_id),
        "Seller": "1",
        "Name": item.name,
        "SkuName": item.name,
        "ProductId": str(item.product_id),
        "RefId": item.ref_id,
        "Ean": item.ean,
        "ImageUrl": item.image,
        "DetailUrl": item.link,
        "AssemblyOptions": [],
    }


def promotions(gist: Gist) -> Json:
    """The field ratesAndBenefitsData."""
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


def changes(gist: Gist, state: State) -> Json | None:
    """The field changesAttachment."""
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


def payment(gist: Gist, account: str) -> Json:
    """The field paymentData."""
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
                ],
            }
        ],
    }
