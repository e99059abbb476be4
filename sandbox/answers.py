"""Answers as VTEX's APIs give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from sandbox.store import Store

STORE: web.AppKey[Store] = web.AppKey("store")


def json_answer(body: object, status: int = 200) -> web.Response:
    """An answer with a JSON body."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def oms_error(status: int, code: str, message: str) -> web.Response:
    """An error as VTEX's order management words it."""
    error = {"code": code, "message": message, "exception": None}
    return json_answer({"error": error}, status)
