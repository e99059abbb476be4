"""The JSON that VTEX sends, which is not always JSON."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

import msgspec


def decode(content: bytes) -> Any:  # noqa: ANN401 - JSON can be anything
    r"""Read a body: strictly where it can be, and leniently where VTEX errs.

    Control characters inside texts, a byte order mark, bytes that are no UTF-8 and halves
    of surrogate pairs have all been seen. What no target can store is taken out: NUL
    (``\u0000``) is dropped, a broken character becomes U+FFFD.

    Raises:
        ValueError: this is no JSON at all, or not all of it.
    """
    try:
        value = msgspec.json.decode(content)
    except ValueError:
        value = json.loads(content.decode("utf-8-sig", "replace"), strict=False)
        return storable(value)
    return storable(value) if rb"\u0000" in content else value


def is_list_of_documents(body: object) -> TypeGuard[list[dict[str, Any]]]:
    """Whether a body is a list of objects."""
    return isinstance(body, list) and all(isinstance(item, dict) for item in body)


def is_document_or_nothing(body: object) -> TypeGuard[dict[str, Any] | None]:
    """Whether a body is an object, or the ``null`` that VTEX sends in place of some."""
    return body is None or isinstance(body, dict)


def documents_in(value: object) -> list[dict[str, Any]]:
    """The objects in what should be a list of them; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def storable(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    """A value without what no target can store: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole.replace("\0", "")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value
