"""Responses in the formats of VTEX's APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from sandbox.store import Store

STORE: web.AppKey[Store] = web.AppKey("store")
#: The text of the Date header, if it is not the store's time.
DATE: web.ResponseKey[str] = web.ResponseKey("date", str)


def json_response(body: object, status: int = 200) -> web.Response:
    """A response with a JSON body."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def oms_error(status: int, code: str, message: str) -> web.Response:
    """An error in the format of VTEX's OMS API."""
    error = {"code": code, "message": message, "exception": None}
    return json_response({"error": error}, status)
