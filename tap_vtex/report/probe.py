"""How this store's VTEX behaves where VTEX's documentation is silent.

``tap-vtex --check --format json`` prints the findings, so that somebody can paste them into a
public report. They are numbers, booleans and words that stand in this package: no value that VTEX
sent, no id, no name and no size of anything the store has.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_vtex.errors import VtexError
from tap_vtex.http.bodies import is_anything

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.endpoint import Endpoint

#: What is found out about something: never a text that VTEX sent.
Finding = bool | int | str | None

OK: Final = 200
#: For what could not be found out, since VTEX gave no answer or one that can't be read.
UNKNOWN: Final = "unknown"
ALL, SOME, NONE = "all", "some", "none"
#: An id that no store has given to anything.
NOBODYS_ID: Final = 2_147_483_647


class Answer(NamedTuple):
    """What VTEX said to one request."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def is_ok(self) -> bool:
        """Whether data came."""
        return self.status == OK


class Probe:
    """Asks VTEX, and keeps what it finds out under names like ``orders.page_31_status``."""

    def __init__(self, client: VtexClient) -> None:
        self.found: dict[str, Finding] = {}
        self._client = client
        self._numbers: Counter[str] = Counter()
        #: How long to wait for answers that do not come, in seconds, all of it together.
        self._seconds_left = 3 * client.policy.retry_check_for

    @property
    def now(self) -> datetime:
        """The time by VTEX's clock."""
        return self._client.now()

    def numbered(self, kind: str) -> str:
        """What to call something whose name the store made up: ``entity_1`` and so on."""
        self._numbers[kind] += 1
        return f"{kind}_{self._numbers[kind]}"

    def ask(
        self,
        endpoint: Endpoint[Any],
        *ids: object,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Request an endpoint. A refusal is an answer, too.

        Raises:
            VtexError: There was no answer.
        """
        endpoint = replace(endpoint, validate=is_anything, identity=None)
        retry_for = min(self._client.policy.retry_check_for, self._seconds_left)
        began = time.monotonic()
        try:
            response = self._client.get(
                endpoint, *ids, params=params, headers=headers, retry_for=retry_for
            )
        except VtexError as error:
            if not error.status:
                self._seconds_left = max(0.0, self._seconds_left - (time.monotonic() - began))
                raise
            return Answer(error.status, None, {})
        return Answer(OK, response.body, response.headers)

    @contextmanager
    def finding(self, *names: str) -> Generator[None]:
        """Find something out; what the block leaves open is unknown. It never fails."""
        unusable = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
        with suppress(VtexError, *unusable):
            yield
        for name in names:
            self.found.setdefault(name, UNKNOWN)


def share(values: Iterable[object]) -> str:
    """Whether all, some or none of several values are there."""
    there = [value is not None for value in values]
    if not there:
        return UNKNOWN
    return ALL if all(there) else SOME if any(there) else NONE


def zone_of(dates: Iterable[object]) -> str:
    """How dates name their zone: ``Z``, ``+00:00``, ``offset``, ``none``, or ``mixed``."""
    zones = {_zone(date) for date in dates if isinstance(date, str)}
    return zones.pop() if len(zones) == 1 else "mixed" if zones else UNKNOWN


def _zone(date: str) -> str:
    if date.endswith("Z"):
        return "Z"
    if date.endswith("+00:00"):
        return "+00:00"
    return "offset" if re.search(r"T.*[+-]\d\d:?\d\d$", date) else "none"


def copies_in(ids: Iterable[object]) -> int:
    """How many of several ids came before, letter case apart."""
    folded = [str(one).lower() for one in ids]
    return len(folded) - len(set(folded))
