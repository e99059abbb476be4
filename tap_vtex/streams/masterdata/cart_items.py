"""Parse the items of a cart from ``rclastcart``.

It is meant to be the end of a URL that restores the cart, such as
``add?sku=1&qty=1&seller=1&sku=2&qty=3&seller=loja2&sc=1``. Keys come in any order; ``sc`` comes
for each item, once, or not at all; seller ids can be names or numbers. Some stores save full
URLs, URLs with HTML entities, or JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from tap_vtex.http.bodies import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

Item = dict[str, Any]

#: Keys of an item in a URL, and their columns.
URL_KEYS: Final = {
    "sku": "sku_id",
    "qty": "quantity",
    "seller": "seller_id",
    "sc": "sales_channel",
}
#: The same in JSON, specific keys first: an ``id`` may be that of the cart line.
JSON_KEYS: Final = (
    *URL_KEYS.items(),
    ("skuid", "sku_id"),
    ("id", "sku_id"),
    ("quantity", "quantity"),
    ("sellerid", "seller_id"),
    ("saleschannel", "sales_channel"),
)


def items_of(cart: object) -> list[Item] | None:
    """The items of a cart: [] for an empty cart, None for no cart or an unreadable one."""
    if not isinstance(cart, str):
        return None
    text = _cleaned(cart)
    if not text:
        return []
    groups = _parse_json(text) if text[0] in "[{" else _parse_url(text)
    return None if groups is None else _items(groups)


def link_of(cart: object, items: list[Item] | None, store_url: str) -> str | None:
    """The URL that restores a cart; None for a cart without items."""
    if not isinstance(cart, str) or not items:
        return None
    text = _cleaned(cart)
    if text.lower().startswith(("http://", "https://")):
        return text
    if text[0] in "[{":
        text = f"add?{urlencode([pair for item in items for pair in _pairs(item)])}"
    text = text.lstrip("/").removeprefix("checkout/cart/")
    return f"{store_url}/checkout/cart/{text if '?' in text else f'add?{text}'}"


def _cleaned(cart: str) -> str:
    """Remove HTML entities, and characters that targets can't store."""
    return str(storable(cart)).replace("&amp;", "&").strip()


def _parse_url(text: str) -> list[Mapping[str, Any]]:
    """Group the keys of a URL by item: a repeated key starts the next item."""
    groups: list[dict[str, Any]] = [{}]
    pairs = parse_qsl(text.rpartition("?")[2].partition("#")[0], keep_blank_values=True)
    for key, value in pairs:
        name = URL_KEYS.get(key.strip().lower())
        if name is None:
            continue
        if name in groups[-1]:
            groups.append({})
        groups[-1][name] = value.strip()
    return _with_channel(groups)


def _with_channel(groups: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """A sales channel given once applies to all items, even on its own at the end."""
    channels = {group["sales_channel"] for group in groups if "sales_channel" in group}
    if len(channels) == 1:
        if len(groups) > 1 and groups[-1].keys() == {"sales_channel"}:
            groups.pop()
        (channel,) = channels
        return [{"sales_channel": channel, **group} for group in groups]
    return list(groups)


def _parse_json(text: str) -> list[Mapping[str, Any]] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, dict):
        content = content.get("items", [content])
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        return None
    return [_renamed(one) for one in content]


def _renamed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rename the fields of an item in JSON to our columns."""
    values = {key.lower(): value for key, value in entry.items()}
    group: dict[str, Any] = {}
    for key, name in JSON_KEYS:
        if values.get(key) is not None:
            group.setdefault(name, values[key])
    return group


def _items(groups: list[Mapping[str, Any]]) -> list[Item] | None:
    """The groups as items; None if one of them lacks a SKU or a quantity."""
    items = [
        {
            "sku_id": _text(group.get("sku_id")),
            "quantity": _quantity(group.get("quantity")),
            "seller_id": _text(group.get("seller_id")),
            "sales_channel": _text(group.get("sales_channel")),
        }
        for group in groups
    ]
    whole = all(item["sku_id"] and item["quantity"] is not None for item in items)
    return items if whole else None


def _text(value: object) -> str | None:
    """An id as text, the type it has in other streams."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return storable(str(value)).strip() or None


def _quantity(value: object) -> int | None:
    """The quantity: 1 if missing, None if not a whole number."""
    if value is None:
        return 1
    try:
        number = float(str(value))
        return int(number) if number.is_integer() else None
    except ValueError:
        return None


def _pairs(item: Item) -> list[tuple[str, str]]:
    return [(key, item[name]) for key, name in URL_KEYS.items() if item[name] is not None]
