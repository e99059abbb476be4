"""What the sandbox's documents have to look like as records."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

DATES = ("creationDate", "lastChange", "authorizedDate", "invoicedDate")


def utc(text: str | None) -> str | None:
    """A seven-digit date of the sandbox's as the tap writes it."""
    return None if text is None else f"{text[:26]}Z"


MASTER_DATA_DATES = (
    *("createdIn", "updatedIn", "lastInteractionIn"),
    *("birthDate", "rclastsessiondate", "ultimaCompra", "dateSubmitted", "searchDate"),
)


def seven_to_six(text: str | None) -> str | None:
    """A date of Master Data's as the tap writes it."""
    if text is None:
        return None
    return f"{text[:19]}.{text[20:-1][:6]:0<6}Z"


def latest(document: Json) -> str | None:
    """When a document was last made, updated or interacted with."""
    dates = [seven_to_six(document[name]) for name in MASTER_DATA_DATES[:3]]
    return max((date for date in dates if date), default=None)


def entity_record(document: Json, columns: set[str]) -> Json:
    """The record of a document of Master Data; what has no column is in custom_fields."""
    record: Json = {name: document.get(name) for name in columns}
    custom = {name: value for name, value in document.items() if name not in columns}
    assert custom.pop("accountName") == "ipe"  # as in account_name
    for name in columns & set(MASTER_DATA_DATES):
        if document.get(name) == "31/02/2024":
            custom[name], record[name] = document[name], None
        else:
            record[name] = seven_to_six(document.get(name))
    if record.get("rclastcartvalue") is not None:
        record["rclastcartvalue"] = str(document["rclastcartvalue"])
    if isinstance(record.get("geoCoordinate"), list):
        record["geoCoordinate"] = json.dumps(record["geoCoordinate"])
    return {
        **record,
        "account_name": "ipe",
        "last_activity_at": latest(document),
        "custom_fields": custom or None,
    }


def order_record(document: Json) -> Json:
    """The record of an order."""
    dates = {name: utc(document[name]) for name in DATES}
    added = {"account_name": "ipe", "value_difference": 0, "other_fields": None}
    return {**document, **dates, **added}
