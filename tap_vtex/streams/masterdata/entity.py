"""One entity of Master Data over HTTP: what scroll and search have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeGuard

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Mapping

    from tap_vtex.client import Answer, VtexClient
    from tap_vtex.streams.base import Document

#: The media type of version 1, which is the one that holds clients.
ACCEPT: Final = {"Accept": "application/vnd.vtex.ds.v10+json"}
#: Master Data's answer to a page that takes it too long.
TIMED_OUT: Final = 408


class LostError(Exception):
    """A reading came short: the token died, or there are fewer documents than announced."""


class TooManyError(LostError):
    """There are more documents than a search reaches."""


class Entity:
    """Asks for documents of one entity, and of these for some of their fields."""

    def __init__(self, client: VtexClient, acronym: str, fields: str) -> None:
        """``fields`` are names, separated by commas, or ``_all``."""
        self.acronym = acronym
        self.workers = client.workers
        self._client = client
        self._fields = fields

    def wanted(self, where: str | None) -> dict[str, str | int]:
        """The parameters for the documents that meet a condition; None is no condition."""
        return {"_fields": self._fields, **({"_where": where} if where else {})}

    def get(
        self,
        how: str,
        params: Mapping[str, str | int],
        *,
        headers: Mapping[str, str] | None = None,
        final: Collection[int] = (),
        stop: threading.Event | None = None,
    ) -> Answer[list[Document]]:
        """Ask for a page, by ``scroll`` or ``search``."""
        return self._client.get(
            f"/api/dataentities/{self.acronym}/{how}",
            _are_documents,
            params=params,
            headers={**ACCEPT, **(headers or {})},
            final=final,
            stop=stop,
        )


def announced(header: str | None) -> int | None:
    """The total in ``98`` or ``resources=0-10/98``, which also comes with a space."""
    numbers = re.findall(r"\d+", header or "")
    return int(numbers[-1]) if numbers else None


def compare(came: int, total: int | None) -> None:
    """See to it that as many documents came as there are; None where nobody knows.

    Raises:
        LostError: there are more.
    """
    if total is not None and came < total:
        raise LostError(f"{total:,} documents were announced and {came:,} came")


def _are_documents(body: object) -> TypeGuard[list[Document]]:
    return isinstance(body, list) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in body
    )
