"""Bytes in the state: compressed, as text."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode


def packed(content: bytes) -> str:
    """Bytes as text for the state."""
    return b64encode(zlib.compress(content)).decode()


def unpacked(state: str) -> bytes:
    """The bytes that a text of the state stands for.

    Raises:
        TypeError, ValueError: The state holds something else.
    """
    try:
        return zlib.decompress(b64decode(state, validate=True))
    except zlib.error as error:
        raise ValueError("no packed bytes") from error
