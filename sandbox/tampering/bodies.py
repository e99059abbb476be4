"""Bodies that are broken, endless or far too large."""

from __future__ import annotations

import asyncio
import re
import zlib
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>VTEX ID</title></head><body>Login</body></html>"
ERROR_PAGE = "<html><body><h1>Service Unavailable</h1></body></html>"
JSON = {"Content-Type": "application/json"}
GZIP = {"Content-Encoding": "gzip"}
#: Status, body and headers that replace a response.
REPLACEMENTS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "html": (200, LOGIN_PAGE, {"Content-Type": "text/html"}),
    "empty": (200, b"", JSON),
    "null": (200, b"null", JSON),
    "bad_gzip": (200, b"this is not gzip", JSON | GZIP),
    "redirect": (302, b"", {"Location": "http://login.invalid/?from=store"}),
}
#: Where to insert control characters: at the start of human-readable text.
FREE_TEXT = re.compile(rb'"\w*(?:name|title|description|tradePolicyId)":"', re.IGNORECASE)
CONTROL_CHARACTERS = b"\x0b\t"
CHUNK = 1_000_000


def with_control_characters(body: bytes) -> bytes:
    """A body with raw control characters in its first human-readable text."""
    return FREE_TEXT.sub(lambda found: found[0] + CONTROL_CHARACTERS, body, count=1)


def with_nesting(body: bytes, depth: int) -> bytes:
    """A body with an extra field or row: arrays nested to ``depth``."""
    return _with_more(body, b"[" * depth + b"]" * depth)


def with_number(body: bytes, digits: int) -> bytes:
    """A body with an extra field or row: an integer of ``digits`` digits."""
    return _with_more(body, b"9" * digits)


def _with_more(body: bytes, json: bytes) -> bytes:
    more = msgspec.Raw(json)
    content = msgspec.json.decode(body)
    inner = content[0] if isinstance(content, list) and content else content
    if isinstance(inner, dict):
        inner["more"] = more
    elif isinstance(content, list):
        content.append(more)
    else:
        content = more
    return msgspec.json.encode(content)


def _padded(body: bytes, size: int) -> Iterator[bytes]:
    """A body in chunks, padded to ``size`` bytes with leading blanks."""
    blanks = max(0, size - len(body))
    yield from (b" " * CHUNK for _ in range(blanks // CHUNK))
    yield b" " * (blanks % CHUNK) + body


def bomb(body: bytes, size: int) -> bytes:
    """A body as gzip that inflates to ``size`` bytes, and takes about a thousandth of that."""
    packer = zlib.compressobj(wbits=31)
    packed = [packer.compress(part) for part in _padded(body, size)]
    return b"".join([*packed, packer.flush()])


async def send(
    request: web.Request, body: bytes, headers: dict[str, str], *, how: str, size: int
) -> web.StreamResponse:
    """Send a body by hand: ``cut`` off, in a ``drip``, or ``huge``."""
    length = max(size, len(body)) if how == "huge" else len(body)
    response = web.StreamResponse(headers={"Content-Length": str(length), **JSON, **headers})
    await response.prepare(request)
    if how == "cut":
        await response.write(body[: len(body) // 2])
        reset_connection(request)
    elif how == "drip":
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(1)
    else:
        for part in _padded(body, size):
            await response.write(part)
    return response


async def drip_headers(request: web.Request) -> None:
    """Send headers that never end, until the client hangs up."""
    rest = b"HTTP/1.1 200 OK\r\nX-Slow: "
    while request.transport is not None and not request.transport.is_closing():
        request.transport.write(rest)
        rest = b"z"
        await asyncio.sleep(1)


def reset_connection(request: web.Request) -> None:
    """Reset the connection."""
    if request.transport is not None:
        request.transport.abort()
