"""The detail of a promotion or a tax, and its row in the lists."""

from __future__ import annotations

import random
from typing import Any

from sandbox import goods
from sandbox.clock import DAY, HOUR, SECOND, moment
from sandbox.people import identifier

Json = dict[str, Any]

TYPES = ("regular", "progressive", "forThePriceOf", "combo", "buyAndWin", "multipleEffects")
OCCASIONS = ("Aniversário", "Dia das Mães", "Verão", "Inverno", "Primeira compra", "Volta às aulas")
#: What a promotion may apply to. The row counts each kind.
SUBJECTS = ("skus", "products", "collections", "categories", "brands")


def shortest(at: int) -> str:
    """A time in UTC without trailing zeros: ``2026-04-16T02:30:00.25Z``."""
    fraction = f".{at % SECOND:07d}".rstrip("0").rstrip(".")
    return f"{moment(at).isoformat()[:19]}{fraction}Z"


def with_digits(at: int, digits: int) -> int:
    """A time close to another whose fraction has a given number of digits."""
    step: int = 10 ** (7 - digits)
    return at - at % step + step * (1 - at // step % 10 % 2)


def promotion_id(seed: int, number: int) -> str:
    """A promotion's id."""
    return identifier(random.Random(f"promotion id {seed} {number}"))


def promotion_document(seed: int, number: int, at: int, skus: int) -> Json:
    """A promotion's detail; ``at`` is when it was last modified."""
    dice = random.Random(f"promotion {seed} {number}")
    begin = at - at % DAY + 3 * HOUR + (1_589 * SECOND // 100 if number % 3 == 2 else 0)
    kind = TYPES[number % len(TYPES)]
    document = {
        "idCalculatorConfiguration": promotion_id(seed, number),
        "name": f"{OCCASIONS[number % len(OCCASIONS)]} {number + 1}",
        "description": "Combinada com o comercial" if number % 3 else "",
        "beginDateUtc": shortest(begin),
        "endDateUtc": shortest(begin + dice.randrange(3, 400) * DAY),
        "lastModified": shortest(at),
        "isActive": number % 5 != 3,
        "isArchived": False,
        "type": kind,
        **_standing(),
        **_effects(kind, dice),
        **_conditions(number),
        **_subjects(seed, number, skus, dice),
        **_limits(number, dice),
    }
    if number % 4 == 1:  # no end
        del document["endDateUtc"]
    if kind == "multipleEffects":
        document["multipleSkusCause"] = {
            str(1 + dice.randrange(skus)): float(dice.randrange(5, 50)) for _ in range(5)
        }
    return document


def tax_document(seed: int, number: int, at: int, skus: int) -> Json:
    """A tax's detail, which has the same fields."""
    return promotion_document(seed, number, at, skus) | {
        "idCalculatorConfiguration": identifier(random.Random(f"tax id {seed} {number}")),
        "name": f"Taxa {number + 1}",
        "type": "tax",
        "discountType": "",
        "percentualDiscountValue": 0.0,
        "nominalDiscountValue": 0.0,
        "percentualTax": 0.0 if number % 2 else 4.5 + number,
        "nominalTax": 1.25 if number % 2 else 0.0,
    }


def _standing() -> Json:
    """The fields that are the same in all promotions."""
    return {
        "isFeatured": False,
        "disableDeal": False,
        "daysAgoOfPurchases": 0,
        "offset": -3,
        "newOffset": -3.0,
        "activateGiftsMultiplier": False,
        "maxPricesPerItems": [],
        "marketingTags": [],
        "marketingTagsAreNotInclusive": False,
        "stores": [],
        "storesAreInclusive": False,
        "campaigns": [],
        "restrictionsBins": [],
        "cardIssuers": [],
        "merchants": [],
        "clusterExpressions": [],
        "paymentsRules": [],
        "giftListTypes": [],
        "productsSpecifications": [],
        "affiliates": [],
        "coupon": [],
        "origin": "marketplace",
        "useNewProgressiveAlgorithm": False,
        "optIn": None,
    }


def _effects(kind: str, dice: random.Random) -> Json:
    nominal = dice.random() < 0.3
    return {
        "cumulative": dice.random() < 0.5,
        "discountType": "nominal" if nominal else "percentual",
        "nominalDiscountType": dice.choice(("item", "cart")),
        "nominalDiscountValue": round(dice.uniform(5, 50), 2) if nominal else 0.0,
        "percentualDiscountValue": 0.0 if nominal else float(dice.randrange(5, 40)),
        "percentualDiscountValueList": [5.0, 10.5] if kind == "progressive" else [],
        "percentualDiscountValueList1": 0.0,
        "percentualDiscountValueList2": 0.0,
        "maximumUnitPriceDiscount": 0.0,
        "nominalShippingDiscountValue": 0.0,
        "absoluteShippingDiscountValue": 0.0,
        "percentualShippingDiscountValue": 100.0 if dice.random() < 0.2 else 0.0,
        "rebatePercentualDiscountValue": 0.0,
        "percentualTax": 0.0,
        "shippingPercentualTax": 0.0,
        "nominalTax": 0.0,
        "nominalRewardValue": 0.0,
        "percentualRewardValue": 0.0,
        "orderStatusRewardValue": "invoiced",
        "applyToAllShippings": False,
        "skusGift": {"quantitySelectable": 1, "gifts": ["4"]}
        if kind == "buyAndWin"
        else {"quantitySelectable": 0},
    }


def _conditions(number: int) -> Json:
    return {
        "utmSource": f"parceiro{number}" if number % 2 else "",
        "utmCampaign": f"campanha{number}" if number % 3 else "",
        "conditionsIds": [],
        "activeDaysOfWeek": [0, 6] if number % 6 == 2 else [],
        "idSeller": "loja-sul" if number % 7 == 1 else "",
        "idSellerIsInclusive": number % 7 == 1,
        "idsSalesChannel": ["1", "2"] if number % 4 == 0 else [],
        "areSalesChannelIdsExclusive": False,
        "paymentsMethods": [{"id": "125", "name": "Pix (125)"}] if number % 5 == 2 else [],
        "zipCodeRanges": [{"zipCodeFrom": "01000-000", "zipCodeTo": "09999-999", "inclusive": True}]
        if number % 6 == 4
        else [],
        "countries": ["BRA"],
        "slasIds": [],
        "isSlaSelected": False,
        "isFirstBuy": number % 6 == 4,
        "firstBuyIsProfileOptimistic": True,
        "compareListPriceAndPrice": False,
        "isDifferentListPriceAndPrice": False,
        "installment": 0,
        "isMinMaxInstallments": False,
        "minInstallment": 0,
        "maxInstallment": 0,
    }


def _subjects(seed: int, number: int, skus: int, dice: random.Random) -> Json:
    """What the promotion applies to, as lists of ids and names."""
    bought = [goods.sku(seed, dice.randrange(skus)) for _ in range(3)]
    subject = number % 4
    both = number % len(TYPES) in {3, 4}
    return {
        "skus": _named((one.sku_id, one.name) for one in bought) if subject == 0 else [],
        "skusAreInclusive": True,
        "products": _named((one.product_id, one.product_name) for one in bought[:2])
        if subject == 1
        else [],
        "productsAreInclusive": True,
        "categories": _named([(bought[0].category_id, bought[0].category)]) if subject == 2 else [],
        "categoriesAreInclusive": number % 8 != 2,
        "brands": _named([(bought[0].brand_id, bought[0].brand)]) if subject == 2 else [],
        "brandsAreInclusive": True,
        "collections": _named([(142, "Frete grátis")]) if number == 7 else [],
        "collectionsIsInclusive": True,
        "collections1BuyTogether": [],
        "collections2BuyTogether": [],
        "listSku1BuyTogether": _named((s.sku_id, s.name) for s in bought[:1]) if both else [],
        "listSku2BuyTogether": _named((s.sku_id, s.name) for s in bought[1:]) if both else [],
        "minimumQuantityBuyTogether": 2 if both else 0,
        "quantityToAffectBuyTogether": 1 if both else 0,
        "enableBuyTogetherPerSku": False,
    }


def _named(things: Any) -> list[Json]:  # noqa: ANN401 - any source of pairs
    return [{"id": str(number), "name": name} for number, name in things]


def _limits(number: int, dice: random.Random) -> Json:
    return {
        "totalValueFloor": round(dice.uniform(50, 300), 2) if number % 3 == 1 else 0.0,
        "totalValueCeling": 0.0,
        "totalValueIncludeAllItems": False,
        "totalValueMode": "IncludeMatchedItems",
        "totalValuePurchase": 0.0,
        "itemMinPrice": 0.0,
        "itemMaxPrice": 0.0,
        "maxNumberOfAffectedItems": 0,
        "maxNumberOfAffectedItemsGroupKey": "perCart",
        "maxUsage": 500 if number % 6 == 5 else 0,
        "maxUsagePerClient": 1 if number % 6 == 4 else 0,
        "multipleUsePerClient": False,
        "shouldDistributeDiscountAmongMatchedItems": False,
        "accumulateWithManualPrice": False,
    }


def promotion_row(document: Json) -> Json:
    """A promotion's row, with other field names. Optional keys are left out, not null."""
    row = {
        "idCalculatorConfiguration": document["idCalculatorConfiguration"],
        "lastModifiedUtc": document["lastModified"],
        "name": document["name"],
        "beginDate": document["beginDateUtc"],
        "endDate": document.get("endDateUtc"),
        "isActive": document["isActive"],
        "description": document["description"],
        "type": document["type"],
        "utmSource": document["utmSource"],
        "utmCampain": document["utmCampaign"],
        "utmiCampaign": "",
        "nominalDiscountType": document["nominalDiscountType"],
        "status": "active" if document["isActive"] else "inactive",
        "percentualTax": document["percentualTax"],
        "isArchived": document["isArchived"],
        "hasMaxPricePerItem": False,
        "isTax": document["type"] == "tax",
        "Campaigns": [],
        "conditionsIds": document["conditionsIds"],
        "activateGiftsMultiplier": document["activateGiftsMultiplier"],
        "scope": _scope(document),
        "maxUsage": document["maxUsage"],
        "idsSalesChannel": document["idsSalesChannel"],
        "areSalesChannelIdsExclusive": document["areSalesChannelIdsExclusive"],
    }
    if row["endDate"] is None:
        del row["endDate"]
    if document["isArchived"]:
        row["generalValues"] = {"origin": "admin"}  # undocumented, seen on some rows
    return row


def _scope(document: Json) -> Json:
    counts = {subject: len(document[subject]) for subject in SUBJECTS}
    sellers = int(bool(document["idSeller"]))
    scope: Json = {"allCatalog": not any(counts.values())}
    for subject, number in counts.items():
        is_inclusive = document.get(f"{subject}AreInclusive", document["collectionsIsInclusive"])
        scope |= {subject: number, f"{subject}AreInclusive": is_inclusive}
    return scope | {"sellers": sellers, "sellersAreInclusive": document["idSellerIsInclusive"]}
