"""Master Data over HTTP: endpoints, conditions, and the requests of one entity."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex.counting import counted
from tap_vtex.errors import AccessError, IncompleteListError, RefusedError
from tap_vtex.http.bodies import is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.streams.masterdata.rows import CREATED, DATES, Row, are_rows, decode
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
#: The media type of version 1, which is the one that holds clients. Version 2 takes it, too.
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

#: The JSON Schemas of an entity of version 2: a list, or the schema itself if there is only one.
JSON_SCHEMAS: Final = Endpoint("/api/dataentities/{}/schemas", _are_schemas, _DOCUMENTS)
JSON_SCHEMA: Final = Endpoint("/api/dataentities/{}/schemas/{}", _is_schema, _DOCUMENTS)
ENTITIES: Final = Endpoint(
    "/api/dataentities",
    is_list,
    (Resource("Dynamic Storage", "Data entity", "List data entity"), _ADMINISTRATOR),
)

#: Master Data's answer to a page that takes it too long.
TIMED_OUT: Final = 408
UNAUTHORIZED: Final = 401
#: The words of a refusal that is about the number of open scrolls, and passes.
TOO_MANY_SCROLLS: Final = "simultaneous scrolls"

# -- dates and conditions ----------------------------------------------------------------
# Conditions only name dates: each store decides which other fields can be filtered. Ranges
# are written with ``between``, the only form for which VTEX's reference gives examples with
# dates. VTEX does not say whether it includes its ends, so each range reaches one second into
# the next.

#: Before VTEX had customers. Documents with an older date were imported; they are read in one
#: go.
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
END: Final = datetime(2199, 12, 31, tzinfo=UTC)

UNDATED: Final = f"({CREATED} is null)"
DATED: Final = f"({CREATED}<{END:%Y-%m-%dT%H:%M:%S}.000Z)"


def within(name: str, window: Window) -> str:
    """A date lies in a window, including all of the window's last second."""
    start, end = (f"{at:%Y-%m-%dT%H:%M:%S}" for at in (window.start, window.end + SECOND))
    return f"({name} between {start}.000Z AND {end}.999Z)"


def before(moment: datetime) -> str:
    """A document was created before a moment, or in its second."""
    return f"({CREATED}<{moment + SECOND:%Y-%m-%dT%H:%M:%S}.000Z)"


#: Documents with dates from before VTEX had customers.
BEFORE_THE_BEGINNING: Final = before(BEGINNING)


def active_in(window: Window) -> str:
    """A document was created, updated or interacted with in a window."""
    return any_of(within(name, window) for name in DATES)


def without_interaction(where: str) -> str:
    """A condition for activity without ``lastInteractionIn``.

    VTEX documents that entities of version 2 can be searched by the other two dates.
    """
    return re.sub(r" OR \(lastInteractionIn between [^()]*\)", "", where)


def any_of(conditions: Iterable[str]) -> str:
    """One of several conditions."""
    return f"({' OR '.join(conditions)})"


def all_of(*conditions: str | None) -> str:
    """All of several conditions; None is no condition."""
    return " AND ".join(condition for condition in conditions if condition)


# -- requests ----------------------------------------------------------------------------


class LostError(Exception):
    """A reading came short: its token died, or fewer documents came than were announced."""


class TooManyError(LostError):
    """There are more documents than a search reaches."""


def incomplete(acronym: str, which: str, reason: object) -> IncompleteListError:
    """The error about a part of an entity that comes short."""
    return IncompleteListError(
        f"The documents of {acronym} {which} can't be read to the end: {reason}. "
        "The next run reads them again."
    )


class Page(NamedTuple):
    """A page of documents."""

    documents: list[Row]
    #: Rows, including those that can't be read.
    rows: int
    headers: Mapping[str, str]
    #: Whether the page was requested by its number.
    is_numbered: bool = False

    @property
    def spelled(self) -> list[str]:
        """The ids as VTEX spells them."""
        return [document.spelled for document in self.documents]


class Received(NamedTuple):
    """What a reading has received."""

    #: Rows, as VTEX counts them.
    rows: int
    #: Rows beyond the first one of each document.
    copies: int
    #: Those of them whose id is spelled like that of the first one.
    repeats: int


class Entity:
    """Requests documents of one entity, with some of their fields."""

    def __init__(
        self, client: VtexClient, acronym: str, fields: str, schema: str | None = None
    ) -> None:
        """Prepare for an entity.

        Args:
            client: The client.
            acronym: Its acronym, or its name.
            fields: Names separated by commas, or ``_all``.
            schema: The JSON Schema to read it by.
        """
        self.acronym = acronym
        self.client = client
        #: Whether rows without a readable id are left out. If not, they spoil the reading.
        self.leaves_out_unreadable = False
        #: How many such rows were left out.
        self.left_out = 0
        #: Whether it has refused to be filtered by ``lastInteractionIn``.
        self.refuses_interaction = False
        self._query = {"_fields": fields, **schema_query(schema)}

    def query(self, where: str | None) -> dict[str, str | int]:
        """The parameters for documents that meet a condition; None is no condition."""
        return {**self._query, **({"_where": where} if where else {})}

    def get(
        self,
        endpoint: Endpoint[list[Row | None]],
        params: Mapping[str, str | int],
        **options: Any,  # noqa: ANN401 - those of the client
    ) -> Page:
        """Request a page of `SCROLL` or `SEARCH`.

        If the entity can't be filtered by ``lastInteractionIn``, that is left out of the
        condition, now and from then on.
        """
        where = str(params.get("_where", ""))
        fewer = {**params, "_where": without_interaction(where)} if where else params
        if self.refuses_interaction or fewer == params:
            return self._get(endpoint, fewer, **options)
        # A refusal may be an accident. Changes would be missed if one was believed.
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
            LostError: A row has no readable id, and such rows are not to be left out.
        """
        missing = page.rows - len(page.documents)
        if missing and not self.leaves_out_unreadable:
            raise LostError("a document came without a readable id")
        self.left_out += missing
        return page.documents


def schema_query(schema: str | None) -> dict[str, str]:
    """The parameter that names a JSON Schema, if there is one."""
    return {"_schema": schema} if schema else {}


def announced(header: str | None) -> int | None:
    """The total in ``98`` or ``resources=0-10/98``. A space can replace the equals sign."""
    numbers = re.findall(r"\b\d{1,18}\b", header or "")
    return int(numbers[-1]) if numbers else None


def compare(received: int, total: int | None) -> None:
    """Check that all documents were received; the total is None if nobody knows it.

    Raises:
        LostError: Fewer were.
    """
    if total is not None and received < total:
        raise LostError(f"{counted(total, 'documents')} announced, {received:,} came")
