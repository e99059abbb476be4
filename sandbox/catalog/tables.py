"""The rows of the catalog's short lists: brands, collections, sales channels, sellers."""

from __future__ import annotations

import json
from typing import Any

from sandbox.goods import BRANDS, FIRST_BRAND

Json = dict[str, Any]

#: A recognisable secret: tests look for it wherever it must not appear.
SELLER_PASSWORD = "NOTASECRETNOTASECRET-SELLER"  # noqa: S105 - it opens nothing
#: A brand without products.
BARE_BRAND = "Guapuruvu"


def brands() -> list[Json]:
    """Rows of the list of brands."""
    return [
        {
            "id": FIRST_BRAND + number,
            "name": name,
            "isActive": name != BARE_BRAND,
            "title": name if number % 2 else "",
            "metaTagDescription": f"Produtos {name}" if number % 3 else None,
            "imageUrl": None,
        }
        for number, name in enumerate((*BRANDS, BARE_BRAND))
    ]


def collections(names: dict[str, str], further: int) -> list[Json]:
    """Rows of the list of collections: those with products, and some without."""
    named = [(int(number), name) for number, name in names.items()]
    empty = [(1000 + number, f"Coleção {number + 1}") for number in range(further)]
    return [
        {
            "id": number,
            "name": name,
            "searchable": place % 2 == 0,
            "highlight": number == 142,
            "dateFrom": "2026-01-01T00:00:00",
            "dateTo": "2030-12-31T23:59:59.997",
            "totalSku": 2 * place,
            "totalProducts": place,
            "type": ("Manual", "Automatic", "Hybrid")[place % 3],
            "lastModifiedBy": None,  # always null, by VTEX's known issue 1211438
        }
        for place, (number, name) in enumerate([*named, *empty])
    ]


def sales_channels() -> list[Json]:
    """Rows of the list of sales channels."""
    rows = ((1, "Loja principal", True), (2, "Atacado", True), (3, "Quiosque", False))
    return [
        {
            "Id": number,
            "Name": name,
            "IsActive": is_active,
            "ProductClusterId": None,
            "CountryCode": "BRA",
            "CultureInfo": "pt-BR",
            "TimeZone": "E. South America Standard Time",
            "CurrencyCode": "BRL",
            "CurrencySymbol": "R$",
            "CurrencyLocale": 1046,
            "CurrencyFormatInfo": {
                "CurrencyDecimalDigits": 2,
                "CurrencyDecimalSeparator": ",",
                "CurrencyGroupSeparator": ".",
                "CurrencyGroupSize": 3,
                "StartsWithCurrencySymbol": True,
            },
            "Origin": None,
            "Position": number if is_active else None,
            "ConditionRule": "approved=true" if number == 2 else None,
            "CurrencyDecimalDigits": 2 if number == 1 else None,
        }
        for number, name, is_active in rows
    ]


def sellers(account: str) -> list[Json]:
    """Rows of the list of sellers, including the credentials that VTEX returns."""
    rows = (
        ("1", account, True, None),
        ("loja-sul", "Loja do Sul", True, SELLER_PASSWORD),
        ("feira", "Feira Livre", True, None),
        ("antiga", "Loja Antiga", False, SELLER_PASSWORD),
    )
    return [
        {
            "SellerId": seller_id,
            "Name": name,
            "Email": f"contato@{seller_id}.example.com.br" if seller_id != "1" else None,
            "Description": f"{name}, desde 2011",
            "ExchangeReturnPolicy": "",
            "DeliveryPolicy": "",
            "UseHybridPaymentOptions": False,
            "UserName": None if password is None else f"integracao-{seller_id}",
            "Password": password,
            "SecutityPrivacyPolicy": "",
            "CNPJ": f"{12345678000100 + number}",
            "CSCIdentification": seller_id,
            "ArchiveId": None,
            "UrlLogo": None,
            "ProductCommissionPercentage": 4.5 * number,
            "FreightCommissionPercentage": 0.0,
            "CategoryCommissionPercentage": _commissions(number),
            "FulfillmentEndpoint": _endpoint(seller_id, "fulfillment?sc=1"),
            "CatalogSystemEndpoint": _endpoint(seller_id, "catalog_system/"),
            "IsActive": is_active,
            "MerchantName": name if number else "",
            "FulfillmentSellerId": None,
            "SellerType": 2 if seller_id == "feira" else 1,
            "IsBetterScope": False,
            "TrustPolicy": "Default",
        }
        for number, (seller_id, name, is_active, password) in enumerate(rows)
    ]


def _commissions(number: int) -> str | None:
    """A list as JSON text in a field, as VTEX returns it here."""
    if number == 0:
        return None
    by_category = [{"CategoryId": 14, "ProductCommission": 15.0, "FreightCommission": 2.5}]
    return json.dumps(by_category if number % 2 else [], separators=(",", ":"))


def _endpoint(seller_id: str, path: str) -> str | None:
    if seller_id == "1":
        return None
    return f"http://{seller_id}.vtexcommercestable.com.br/api/{path}"
