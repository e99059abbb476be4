"""Packs bytes for the state: compressed, as Base64 text."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode


def packed(content: bytes) -> str:
    """Bytes, packed into text."""
    return b64encode(zlib.compress(content)).decode()


def unpacked(state: str) -> bytes:
    """The bytes in a packed text.

    Raises:
        TypeError, ValueError: The state holds something else.
    """
    try:
        return zlib.decompress(b64decode(state, validate=True))
    except zlib.error as error:
        raise ValueError("no packed bytes") from error
