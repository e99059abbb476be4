"""The item and discount parts of an order's document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.people import identifier

if TYPE_CHECKING:
    from sandbox.goods import Sku
    from sandbox.oms.gist import Gist, Line

Json = dict[str, Any]


def item(line: Line, gist: Gist) -> Json:
    """An entry of the field items."""
    bought, dice = line.sku, gist.dice
    commission = 1200 if gist.is_of_another_seller else 0
    selling_price = round(line.total / line.quantity)
    return {
        "uniqueId": identifier(dice).replace("-", "").upper(),
        "id": str(bought.sku_id),
        "productId": str(bought.product_id),
        "ean": bought.ean,
        "lockId": f"00-{dice.randrange(10**13)}-01",
        "itemAttachment": {"content": {}, "name": None},
        "attachments": _attachments(line),
        "quantity": line.quantity,
        "seller": "1",
        "name": bought.name,
        "refId": bought.ref_id,
        "price": bought.price,
        "listPrice": bought.list_price,
        "manualPrice": None,
        "priceTags": _price_tags(line, gist),
        "imageUrl": bought.image,
        "detailUrl": bought.link,
        "components": [],
        "bundleItems": _services(line),
        "params": [],
        "offerings": [],
        "attachmentOfferings": [],
        "sellerSku": str(bought.sku_id),
        "priceValidUntil": None,
        "commission": commission,
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
        "rewardValue": 150 if line.wrapping else 0,
        "freightCommission": commission // 4,
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


def _price_tags(line: Line, gist: Gist) -> list[Json]:
    tags = []
    if line.off and line.off_in_percent:
        promotion = "discount@price-2a7acc17-1eb9-4541-8ac6-2776ce9628e6#9f3a"
        tags.append({**_price_tag(promotion, -10), "isPercentual": True})
    elif line.off:
        tags.append(
            _price_tag("discount@price-2a7acc17-1eb9-4541-8ac6-2776ce9628e6#9f3a", -line.off)
        )
    if line.shipping_off:
        tags.append(_price_tag("discount@shipping-138#DiscountResource", -line.shipping_off))
    if gist.marketplace_shipping_off:
        tags.append(_price_tag("DISCOUNT@SHIPPINGMARKETPLACE", -gist.marketplace_shipping_off))
    return tags


def _price_tag(name: str, value: int) -> Json:
    return {
        "name": name,
        "value": value,
        "isPercentual": False,
        "identifier": name.partition("-")[2].partition("#")[0] or name,
        "rawValue": value / 100,
        "rate": None,
        "jurisCode": None,
        "jurisType": None,
        "jurisName": None,
    }


def _services(line: Line) -> list[Json]:
    """The services bought with a line. That their price is per piece is a guess."""
    if not line.wrapping:
        return []
    greeting = {"name": "message", "content": {"text": "Com carinho"}}
    wrapping = {"type": "1", "id": 33, "name": "Embalagem", "price": line.wrapping}
    return [{**wrapping, "attachments": [greeting]}]


def _attachments(line: Line) -> list[Json]:
    return [{"name": "Bordado", "content": {"cor": "azul"}}] if line.wrapping else []


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
