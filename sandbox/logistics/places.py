"""Docks and pickup points."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DOCKS = 3
STREETS = ("Praça da Sé", "Rua Augusta", "Avenida Atlântica", "Ladeira da Memória")
BRAZIL = {"acronym": "BRA", "name": "Brasil"}


def dock(number: int) -> Json:
    """A row of the list of docks. VTEX's examples have two forms of addresses."""
    address = _address(number)
    if number % 2:
        place = address.pop("location")
        address["coordinates"] = [place["longitude"], place["latitude"]]
    return {
        "pickupStoreInfo": {
            "isPickupStore": number == 2,
            "storeId": None,
            "friendlyName": "Loja do porto" if number == 2 else None,
            "address": _address(number + 7) if number == 2 else None,
            "additionalInfo": None,
            "dockId": None,
            "distance": None,
            "businessHours": None,
            "pickupHolidays": None,
            "sellerId": None,
            "isThirdPartyPickup": False,
        },
        "storeId": None,
        "pickupInStoreInfo": {"isActice": number == 2, "additionalInfo": None},
        "deliveryFromStoreInfo": {
            "isActice": False,
            "deliveryRadius": 0.0,
            "deliveryFee": 0.0,
            "deliveryTime": "00:00:00",
            "maximumWeight": 0.0,
        },
        "address": address,
        "location": {
            "zipCode": address["postalCode"],
            "country": "BRA",
            "inStore": {"IsCheckedIn": False, "StoreId": None},
        }
        if number % 2
        else None,
        "shippingRatesProviders": [],
        "deliveryAgreementsIds": [],
        "id": f"{number + 1}_1",
        "name": f"Doca {number + 1}",
        "priority": number,
        "dockTimeFake": ("00:00:00", "1.00:00:00", "2.12:30:00")[number],
        "timeFakeOverhead": "00:00:00",
        "salesChannels": ["1", "2"][: number + 1],
        "salesChannel": "1" if number % 2 else None,
        "freightTableIds": [f"tabela-{number}"],
        "wmsEndPoint": None,
        "isActive": number != 1,
    }


def pickup_point(number: int) -> Json:
    """A row of the lists of pickup points."""
    return {
        "id": f"pup-{number:05d}",
        "name": f"Ponto de retirada {number + 1}",
        "description": "Loja na esquina",
        "instructions": "Apresente um documento" if number % 3 else "",
        "formatted_address": "undefined",
        "address": _address(number),
        "isActive": number % 5 != 4,
        "distance": 1574240387072.0 if number % 7 == 2 else 0.0,
        "seller": "loja-sul" if number % 4 == 3 else "1",
        "_sort": [1574240390000.0 + number],
        "businessHours": [
            {"dayOfWeek": day, "openingTime": "09:00:00", "closingTime": "18:00:00"}
            for day in range(1, 6)
        ],
        "tagsLabel": ["w67", "p34"] if number % 2 else [],
        "pickupHolidays": [
            {"date": "2026-12-28T03:00:00Z", "hourBegin": "09:00", "hourEnd": "13:00"}
        ]
        if number % 6 == 1
        else [],
        "isThirdPartyPickup": number % 9 == 8,
        "accountOwnerName": "ipe",
        "accountOwnerId": "1b4018ec-48bf-4a59-9eae-547403e11afc",
        "parentAccountName": "ipe",
        "originalId": f"pup-{number - 1:05d}" if number % 8 == 7 else None,
    }


def _address(number: int) -> Json:
    return {
        "postalCode": f"{1000 + number:05d}-000",
        "country": dict(BRAZIL),
        "city": "São Paulo",
        "state": "SP",
        "neighborhood": "Centro",
        "street": STREETS[number % len(STREETS)],
        "number": str(10 * number) if number % 4 else "",
        "complement": None if number % 3 else "Loja 2",
        "reference": "Perto do mercado" if number % 5 == 2 else None,
        "location": {"latitude": -23.55 - number / 1000, "longitude": -46.63},
    }
