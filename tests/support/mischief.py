"""Answers that say what they should not, beside the faults that the sandbox knows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime


@dataclass
class Altered(Fault):
    """Answers of JSON that have been tampered with on their way."""

    async def respond(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
        now: datetime,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer, and alter what the answer holds."""
        answer = await handler(request)
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        if answer.content_type == "application/json":
            # Unlike the sandbox's own, this encoder writes NaN, and halves of pairs.
            altered = self.alter(json.loads(answer.body), answer.status)
            answer.body = json.dumps(altered).encode()
        return answer

    def alter(self, content: Any, status: int) -> Any:
        """What an answer is to hold in place of its content."""
        raise NotImplementedError


@dataclass
class Distortion(Altered):
    """Answers in which fields of some names hold a text that does not belong there."""

    fields: str = ""
    text: str = ""

    def alter(self, content: Any, status: int) -> Any:
        """Put the text into each of the fields, however deep."""
        if isinstance(content, list):
            return [self.alter(one, status) for one in content]
        if not isinstance(content, dict):
            return content
        return {
            key: self.text if re.search(self.fields, key) else self.alter(one, status)
            for key, one in content.items()
        }


@dataclass
class Gossip(Fault):
    """An error that tells, in body and headers, what nobody needs to know."""

    text: str = ""

    async def respond(
        self,
        request: web.Request,  # noqa: ARG002
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer with the text wherever a text can be."""
        body = f"<p>{self.text}</p>" if self.html else json.dumps({"Message": self.text})
        headers = {"Location": f"/{quote(self.text)}", "Retry-After": quote(self.text)}
        return web.Response(status=self.status, body=body.encode(), headers=headers, reason="Oh")
