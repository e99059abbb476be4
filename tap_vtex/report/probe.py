"""How VTEX behaves for this store, where its documentation is silent.

``tap-vtex --check --format json`` prints the findings, fit for a public report. They are numbers,
booleans and words from this package: never a value that VTEX sent, an id, a name, or the size of
anything in the store.
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

#: A finding: never a string that VTEX sent.
Finding = bool | int | str | None

OK: Final = 200
#: For findings without a readable response.
UNKNOWN: Final = "unknown"
ALL, SOME, NONE = "all", "some", "none"
#: An id that no store uses.
NOBODYS_ID: Final = 2_147_483_647


class ProbeResponse(NamedTuple):
    """The response to one request. A refusal has no body."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def is_ok(self) -> bool:
        """Whether VTEX sent data."""
        return self.status == OK


class Probe:
    """Requests data, and collects findings under names like ``orders.page_31_status``."""

    def __init__(self, client: VtexClient) -> None:
        self.found: dict[str, Finding] = {}
        self._client = client
        self._numbers: Counter[str] = Counter()
        #: Seconds left for requests without a response, in total.
        self._seconds_left = 3 * client.policy.retry_check_for

    @property
    def now(self) -> datetime:
        """The time by VTEX's clock."""
        return self._client.now()

    def numbered(self, kind: str) -> str:
        """A neutral name for something the store has named: ``entity_1`` and so on."""
        self._numbers[kind] += 1
        return f"{kind}_{self._numbers[kind]}"

    def ask(
        self,
        endpoint: Endpoint[Any],
        *ids: object,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ProbeResponse:
        """Request an endpoint. A refusal counts as a response.

        Raises:
            VtexError: There was no response.
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
            return ProbeResponse(error.status, None, {})
        return ProbeResponse(OK, response.body, response.headers)

    @contextmanager
    def finding(self, *names: str) -> Generator[None]:
        """Suppress errors in the block, and set the findings it did not make to unknown."""
        unusable = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
        with suppress(VtexError, *unusable):
            yield
        for name in names:
            self.found.setdefault(name, UNKNOWN)


def share(values: Iterable[object]) -> str:
    """Whether all, some or none of the values are present (not None)."""
    present = [value is not None for value in values]
    if not present:
        return UNKNOWN
    return ALL if all(present) else SOME if any(present) else NONE


def zone_of(dates: Iterable[object]) -> str:
    """How dates give their zone: ``Z``, ``+00:00``, ``offset``, ``none``, or ``mixed``."""
    zones = {_zone(date) for date in dates if isinstance(date, str)}
    return zones.pop() if len(zones) == 1 else "mixed" if zones else UNKNOWN


def _zone(date: str) -> str:
    if date.endswith("Z"):
        return "Z"
    if date.endswith("+00:00"):
        return "+00:00"
    return "offset" if re.search(r"T.*[+-]\d\d:?\d\d$", date) else "none"


def copies_in(ids: Iterable[object]) -> int:
    """The number of repeated ids, ignoring case."""
    folded = [str(one).lower() for one in ids]
    return len(folded) - len(set(folded))
