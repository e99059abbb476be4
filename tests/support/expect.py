"""What the sandbox's documents have to look like as records."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DATES = ("creationDate", "lastChange", "authorizedDate", "invoicedDate")


def utc(text: str | None) -> str | None:
    """A seven-digit date of the sandbox's as the tap writes it."""
    return None if text is None else f"{text[:26]}Z"


def order_record(document: Json) -> Json:
    """The record of an order."""
    dates = {name: utc(document[name]) for name in DATES}
    return {**document, **dates, "account_name": "ipe", "other_fields": None}
