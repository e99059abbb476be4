"""The items of a cart, read from what VTEX's scripts leave of it.

``rclastcart`` is meant to be the end of a URL that fills the cart again, such as
``add?sku=1&qty=1&seller=1&sku=2&qty=3&seller=loja2&sc=1``. Keys come in any order; ``sc`` comes
for each item, once, or not at all; sellers have names as well as numbers. Some stores put whole
URLs or JSON there, and URLs with HTML entities.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from tap_vtex.http.bodies import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

Item = dict[str, Any]

#: The keys of an item in URLs ...
IN_URLS: Final = {
    "sku": "sku_id",
    "qty": "quantity",
    "seller": "seller_id",
    "sc": "sales_channel",
}
#: ... and in JSON, the more specific ones first: an ``id`` may be that of the cart's line.
IN_JSON: Final = (
    *IN_URLS.items(),
    ("skuid", "sku_id"),
    ("id", "sku_id"),
    ("quantity", "quantity"),
    ("sellerid", "seller_id"),
    ("saleschannel", "sales_channel"),
)


def items_of(cart: object) -> list[Item] | None:
    """The items of a cart: [] for an empty one, None if there is none or it can't be read."""
    if not isinstance(cart, str):
        return None
    text = _plain(cart)
    if not text:
        return []
    groups = _in_json(text) if text[0] in "[{" else _in_url(text)
    return None if groups is None else _items(groups)


def link_of(cart: object, items: list[Item] | None, store_url: str) -> str | None:
    """The URL that fills a cart again; None for a cart without items."""
    if not isinstance(cart, str) or not items:
        return None
    text = _plain(cart)
    if text.lower().startswith(("http://", "https://")):
        return text
    if text[0] in "[{":
        text = f"add?{urlencode([pair for item in items for pair in _pairs(item)])}"
    text = text.lstrip("/").removeprefix("checkout/cart/")
    return f"{store_url}/checkout/cart/{text if '?' in text else f'add?{text}'}"


def _plain(cart: str) -> str:
    """A cart without HTML entities and characters that no target can store."""
    return str(storable(cart)).replace("&amp;", "&").strip()


def _in_url(text: str) -> list[Mapping[str, Any]]:
    """The keys in a URL, grouped by item: a repeated key begins the next item."""
    groups: list[dict[str, Any]] = [{}]
    pairs = parse_qsl(text.rpartition("?")[2].partition("#")[0], keep_blank_values=True)
    for key, value in pairs:
        name = IN_URLS.get(key.strip().lower())
        if name is None:
            continue
        if name in groups[-1]:
            groups.append({})
        groups[-1][name] = value.strip()
    return _with_channel(groups)


def _with_channel(groups: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """A sales channel that is named once applies to all items, even on its own at the end."""
    channels = {group["sales_channel"] for group in groups if "sales_channel" in group}
    if len(channels) == 1:
        if len(groups) > 1 and groups[-1].keys() == {"sales_channel"}:
            groups.pop()
        (channel,) = channels
        return [{"sales_channel": channel, **group} for group in groups]
    return list(groups)


def _in_json(text: str) -> list[Mapping[str, Any]] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, dict):
        content = content.get("items", [content])
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        return None
    return [_named(one) for one in content]


def _named(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of an item in JSON, by our names."""
    values = {key.lower(): value for key, value in entry.items()}
    group: dict[str, Any] = {}
    for key, name in IN_JSON:
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
    """An id as text, as it is elsewhere."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return storable(str(value)).strip() or None


def _quantity(value: object) -> int | None:
    """The quantity: one if it is missing, None if it is no number."""
    if value is None:
        return 1
    try:
        number = float(str(value))
        return int(number) if number.is_integer() else None
    except ValueError:
        return None


def _pairs(item: Item) -> list[tuple[str, str]]:
    return [(key, item[name]) for key, name in IN_URLS.items() if item[name] is not None]
