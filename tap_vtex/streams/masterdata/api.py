"""Master Data over HTTP: endpoints, conditions, and the requests of one entity."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex.counting import counted
from tap_vtex.errors import AccessError, IncompleteListError, RefusedError
from tap_vtex.http.bodies import is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.streams.masterdata.rows import CREATED_IN, DATES, Row, are_rows, decode
from tap_vtex.windows import SECOND

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.types import Document
    from tap_vtex.windows import Window

# -- endpoints ---------------------------------------------------------------------------


def _is_structure(body: object) -> TypeGuard[Document]:
    if not isinstance(body, dict) or not isinstance(body.get("fields"), list):
        return False
    return all(isinstance(f, dict) and isinstance(f.get("name"), str) for f in body["fields"])


def _is_schema(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict)


def _are_schemas(body: object) -> TypeGuard[list[object] | Document]:
    return isinstance(body, list | dict)


_ADMINISTRATOR: Final = Resource(
    "Dynamic Storage", "Dynamic storage generic resources", "Master Data administrator"
)
_DOCUMENTS: Final = (
    Resource("Dynamic Storage", "Dynamic storage generic resources", "Read only documents"),
    _ADMINISTRATOR,
)
#: The media type of version 1, which holds the clients. Version 2 accepts it, too.
_VERSION_1: Final = {"Accept": "application/vnd.vtex.ds.v10+json"}

SEARCH: Final = Endpoint(
    "/api/dataentities/{}/search", are_rows, _DOCUMENTS, headers=_VERSION_1, decode=decode
)
SCROLL: Final = Endpoint(
    "/api/dataentities/{}/scroll", are_rows, _DOCUMENTS, headers=_VERSION_1, decode=decode
)
STRUCTURE: Final = Endpoint(
    "/api/dataentities/{}",
    _is_structure,
    (Resource("Dynamic Storage", "Data entity", "View data entity details"), _ADMINISTRATOR),
)

#: The JSON Schemas of a version 2 entity: a list, or the schema itself if there is only one.
JSON_SCHEMAS: Final = Endpoint("/api/dataentities/{}/schemas", _are_schemas, _DOCUMENTS)
JSON_SCHEMA: Final = Endpoint("/api/dataentities/{}/schemas/{}", _is_schema, _DOCUMENTS)
ENTITIES: Final = Endpoint(
    "/api/dataentities",
    is_list,
    (Resource("Dynamic Storage", "Data entity", "List data entity"), _ADMINISTRATOR),
)

#: The status of a page that takes Master Data too long.
TIMED_OUT: Final = 408
UNAUTHORIZED: Final = 401
#: Part of VTEX's message when too many scrolls are open, which is temporary.
TOO_MANY_SCROLLS: Final = "simultaneous scrolls"

# -- dates and conditions ----------------------------------------------------------------
# Conditions filter by date only: each store decides which other fields can be filtered.
# ``between`` is the only form of range that VTEX's reference shows with dates. VTEX does not
# say whether it includes both ends, so each range extends one second into the next.

#: Before VTEX had customers. Documents with an older date were imported and are read in a
#: single query.
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
END: Final = datetime(2199, 12, 31, tzinfo=UTC)

UNDATED: Final = f"({CREATED_IN} is null)"
DATED: Final = f"({CREATED_IN}<{END:%Y-%m-%dT%H:%M:%S}.000Z)"


def within(name: str, window: Window) -> str:
    """The condition for a date in a window, including the window's whole last second."""
    start, end = (f"{at:%Y-%m-%dT%H:%M:%S}" for at in (window.start, window.end + SECOND))
    return f"({name} between {start}.000Z AND {end}.999Z)"


def before(moment: datetime) -> str:
    """The condition for documents created before a moment, or in the same second."""
    return f"({CREATED_IN}<{moment + SECOND:%Y-%m-%dT%H:%M:%S}.000Z)"


BEFORE_THE_BEGINNING: Final = before(BEGINNING)


def active_in(window: Window) -> str:
    """The condition for documents created, updated or interacted with in a window."""
    return any_of(within(name, window) for name in DATES)


def without_interaction(where: str) -> str:
    """Remove ``lastInteractionIn`` from a condition for activity.

    For version 2 entities, VTEX documents searches by the other two dates only.
    """
    return re.sub(r" OR \(lastInteractionIn between [^()]*\)", "", where)


def any_of(conditions: Iterable[str]) -> str:
    """Join conditions with OR."""
    return f"({' OR '.join(conditions)})"


def all_of(*conditions: str | None) -> str:
    """Join conditions with AND; None means no condition."""
    return " AND ".join(condition for condition in conditions if condition)


# -- requests ----------------------------------------------------------------------------


class ShortReadError(Exception):
    """A read was incomplete: its token expired, or fewer documents arrived than announced."""


class TooManyError(ShortReadError):
    """A query has more documents than search can return."""


def incomplete(acronym: str, which: str, reason: object) -> IncompleteListError:
    """The error for a part of an entity that could not be read completely."""
    return IncompleteListError(
        f"The documents of {acronym} ({which}) can't be read to the end: {reason}. "
        "The next run reads them again."
    )


class Page(NamedTuple):
    """A page of documents."""

    documents: list[Row]
    #: The number of rows, including unreadable ones.
    rows: int
    headers: Mapping[str, str]
    #: Whether the page was requested by number.
    is_numbered: bool = False

    @property
    def raw_ids(self) -> list[str]:
        """The ids as VTEX spells them."""
        return [document.raw_id for document in self.documents]


class Received(NamedTuple):
    """What a read returned, in numbers."""

    #: Rows, as VTEX counts them.
    rows: int
    #: Rows beyond the first of each document.
    copies: int
    #: Copies whose id is spelled the same as in the first row.
    repeats: int


class Entity:
    """Requests documents of one entity, limited to certain fields."""

    def __init__(
        self, client: VtexClient, acronym: str, fields: str, schema: str | None = None
    ) -> None:
        """Set the query parameters that all requests share.

        Args:
            client: The client.
            acronym: The entity's acronym or name.
            fields: Field names separated by commas, or ``_all``.
            schema: The name of the JSON Schema to query with.
        """
        self.acronym = acronym
        self.client = client
        #: Whether to skip rows without a readable id. If not, they fail the read.
        self.skips_unreadable = False
        #: How many such rows were skipped.
        self.skipped = 0
        #: Whether the entity has refused to be filtered by ``lastInteractionIn``.
        self.refuses_interaction = False
        self._query = {"_fields": fields, **schema_query(schema)}

    def query(self, where: str | None) -> dict[str, str | int]:
        """The parameters that select documents by a condition; None selects all."""
        return {**self._query, **({"_where": where} if where else {})}

    def get(
        self,
        endpoint: Endpoint[list[Row | None]],
        params: Mapping[str, str | int],
        **options: Any,  # noqa: ANN401 - the client's
    ) -> Page:
        """Request a page of `SCROLL` or `SEARCH`.

        If the entity can't be filtered by ``lastInteractionIn``, this request and all later
        ones leave it out of the condition.
        """
        where = str(params.get("_where", ""))
        fewer = {**params, "_where": without_interaction(where)} if where else params
        if self.refuses_interaction or fewer == params:
            return self._get(endpoint, fewer, **options)
        # A single refusal may be a glitch, and trusting it would miss changes.
        for _ in range(2):
            try:
                return self._get(endpoint, params, **options)
            except (AccessError, RefusedError) as refusal:
                is_scrolls = TOO_MANY_SCROLLS in refusal.vtex_message
                if refusal.status in {TIMED_OUT, UNAUTHORIZED} or is_scrolls:
                    raise
        page = self._get(endpoint, fewer, **options)
        self.refuses_interaction = True
        return page

    def _get(
        self,
        endpoint: Endpoint[list[Row | None]],
        params: Mapping[str, str | int],
        *,
        headers: Mapping[str, str] | None = None,
        no_retry: Collection[int] = (),
        stop: threading.Event | None = None,
        retry_for: float | None = None,
    ) -> Page:
        response = self.client.get(
            endpoint,
            self.acronym,
            params=params,
            headers=headers,
            no_retry=no_retry,
            retry_for=retry_for,
            stop=stop,
        )
        documents = [row for row in response.body if row]
        return Page(documents, len(response.body), response.headers)

    def readable(self, page: Page) -> list[Row]:
        """The documents of a page.

        Raises:
            ShortReadError: A row has no readable id, and such rows must not be skipped.
        """
        missing = page.rows - len(page.documents)
        if missing and not self.skips_unreadable:
            raise ShortReadError("a document came without a readable id")
        self.skipped += missing
        return page.documents


def schema_query(schema: str | None) -> dict[str, str]:
    """The query parameter for a JSON Schema, if there is one."""
    return {"_schema": schema} if schema else {}


def announced_total(header: str | None) -> int | None:
    """Parse the total from ``98`` or ``resources=0-10/98``, also with a space for the ``=``."""
    numbers = re.findall(r"\b\d{1,18}\b", header or "")
    return int(numbers[-1]) if numbers else None


def check_total(received: int, total: int | None) -> None:
    """Check that all documents arrived; a total of None is unknown and passes.

    Raises:
        ShortReadError: Fewer arrived.
    """
    if total is not None and received < total:
        raise ShortReadError(f"{counted(total, 'documents')} announced, {received:,} received")
