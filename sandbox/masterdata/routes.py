"""The routes of VTEX's Master Data API, versions 1 and 2."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from sandbox.interception import INDEX_LAG
from sandbox.masterdata import where
from sandbox.masterdata.entities import INTERNAL_2
from sandbox.masterdata.scrolls import Cursor, TooManyScrollsError, UnknownTokenError
from sandbox.responses import STORE, json_response

if TYPE_CHECKING:
    from sandbox.interception import Handler
    from sandbox.masterdata.entities import Entity, Entry
    from sandbox.masterdata.where import Where
    from sandbox.store import Store

Json = dict[str, Any]

MAX_PAGE = 100
MAX_SEARCH_DEPTH = 10_000
MAX_SCROLL_SIZE = 1_000
#: The highest total of a search if the quirk `search_total` is ``low``.
LOW_TOTAL = 50
READING = (
    "Read only documents",
    "Insert or update document (not remove)",
    "Full access to all documents",
    "Master Data administrator",
)
ALWAYS_SENT = ("id", "accountId", "accountName", "dataEntityId")

routes = web.RouteTableDef()


class Refusal(Exception):  # noqa: N818 - a response, not a mistake
    """A request that Master Data refuses, with the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = json_response({"Message": message}, status)


def with_refusals(handler: Handler) -> Handler:
    """Wrap a route's handler to turn refusals into responses."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.StreamResponse:
        if not request.app[STORE].quirks.has_master_data:
            return json_response({"Message": "Internal Server Error"}, 500)
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response

    return handle


@routes.get("/api/dataentities")
@with_refusals
async def list_entities(request: web.Request) -> web.Response:
    """VTEX's List data entities."""
    store = request.app[STORE]
    if not store.may("List data entity", "Master Data administrator"):
        return json_response({"Message": "Unauthorized"}, 403)
    return json_response(
        [
            {"acronym": e.acronym, "name": e.name, "primaryKeyType": "GUID", "allowGetAll": False}
            for e in store.entities.values()
            if store.quirks.lists_version_2 or not e.is_version_2
        ]
    )


@routes.get("/api/dataentities/{acronym}")
@with_refusals
async def structure(request: web.Request) -> web.Response:
    """VTEX's Get data entity structure."""
    store = request.app[STORE]
    if not store.may("View data entity details", "Master Data administrator"):
        return json_response({"Message": "Unauthorized"}, 403)
    entity = _entity(store, request)
    if entity.is_version_2:
        raise Refusal(404, "Entity not found")
    return json_response(
        {
            "acronym": entity.acronym,
            "name": entity.name,
            "primaryKeyType": "GUID",
            "allowGetAll": False,
            "fields": [
                {
                    "name": one.name,
                    "type": one.type,
                    "displayName": one.name,
                    "isNullable": not one.is_internal,
                    "isSearchable": False,
                    "isFilter": one.is_filter,
                    "isInternal": one.is_internal,
                }
                for one in entity.fields
            ],
        }
    )


@routes.get("/api/dataentities/{acronym}/schemas")
@with_refusals
async def list_schemas(request: web.Request) -> web.Response:
    """VTEX's Get schemas: a list, or the schema itself if there is only one."""
    entity = _readable(request.app[STORE], request)
    if not entity.is_version_2:
        raise Refusal(404, "Entity not found")
    if len(entity.schemas) == 1:
        return json_response(entity.schemas[0].body)
    return json_response([{"name": one.name, "schema": one.body} for one in entity.schemas])


@routes.get("/api/dataentities/{acronym}/schemas/{schema}")
@with_refusals
async def get_schema(request: web.Request) -> web.Response:
    """VTEX's Get schema by name."""
    entity = _readable(request.app[STORE], request)
    schema = entity.schema(request.match_info["schema"])
    if schema is None:
        raise Refusal(404, "Schema not found")
    return json_response(schema.body)


@routes.get("/api/dataentities/{acronym}/search")
@with_refusals
async def search(request: web.Request) -> web.Response:
    """VTEX's Search documents."""
    store = request.app[STORE]
    entity = _readable(store, request)
    start, end = _range(request)
    found = _found(store, entity, request, _index_time(store, request))
    timeout_from = store.quirks.search_timeout_from
    if timeout_from is not None and len(found) >= timeout_from:
        raise Refusal(408, "Request Timeout")
    if request.query.get("_sort", "").endswith("DESC"):
        found = found[::-1]
    total = len(found)
    now = _index_time(store, request)
    fields = _fields(entity, request)
    response = json_response(_documents(store, entity, found[start:end], fields, now))
    announced = store.quirks.search_total
    if announced == "low":
        total = min(total, LOW_TOTAL)
    if announced != "missing" and (total or announced != "missing_when_empty"):
        joint = "=" if store.quirks.content_range_with_equals else " "
        response.headers["REST-Content-Range"] = (
            f"resources{joint}{start}-{min(end, total)}/{total}"
        )
    return response


def _range(request: web.Request) -> tuple[int, int]:
    bounds = re.fullmatch(r"resources=(\d+)-(\d+)", request.headers.get("REST-Range", ""))
    if bounds is None:
        raise Refusal(400, "REST-Range is required")
    start, end = int(bounds[1]), int(bounds[2])
    if end - start > MAX_PAGE:
        raise Refusal(400, "Too many documents in a range")
    if end > MAX_SEARCH_DEPTH:
        raise Refusal(400, "Search reaches 10000 documents")
    return start, end


@routes.get("/api/dataentities/{acronym}/scroll")
@with_refusals
async def scroll(request: web.Request) -> web.Response:
    """VTEX's Scroll documents."""
    store = request.app[STORE]
    now = store.clock.now()
    entity = _readable(store, request)
    token = request.query.get("_token") or _open(store, entity, request)
    mode = store.quirks.scroll_pages
    number = request.query.get("_page") if "_token" in request.query else None
    if number is not None and mode == "refused":
        raise Refusal(400, "Invalid parameter: _page")
    try:
        if number is None or mode == "ignored":
            cursor, entries, following = store.scrolls.page(token, now)
        else:
            cursor, entries = store.scrolls.numbered(token, int(number), now, mode)
            following = token
    except UnknownTokenError:
        raise Refusal(400, f"Operation not found for this token: '{token}'") from None
    # Documents are in the state they had when the scroll began.
    documents = _documents(store, cursor.entity, entries, cursor.fields, cursor.began)
    response = json_response(documents)
    response.headers["X-VTEX-MD-TOKEN"] = following
    if store.quirks.scroll_has_total:
        response.headers["REST-Content-Total"] = str(len(cursor.entries))
    return response


def _open(store: Store, entity: Entity, request: web.Request) -> str:
    size = int(request.query.get("_size", "100"))
    if size > MAX_SCROLL_SIZE:
        raise Refusal(400, "Maximum size is 1000")
    if size > store.quirks.max_scroll_size:
        raise Refusal(408, "Request Timeout")
    began, used = _index_time(store, request), store.clock.now()

    def find(at: int) -> list[Entry]:
        return _found(store, entity, request, at)

    found = find(began)
    if store.quirks.empty_scrolls:
        store.quirks.empty_scrolls -= 1
        found = []
    fields = _fields(entity, request)
    try:
        return store.scrolls.open(Cursor(entity, found, fields, size, began, used, find))
    except TooManyScrollsError:
        raise Refusal(400, "Maximum simultaneous scrolls rate exceeded (10)") from None


def _documents(
    store: Store, entity: Entity, entries: list[Entry], fields: str, at: int
) -> list[Json] | list[msgspec.Raw]:
    """The documents of index entries at a time, with the requested fields."""
    if store.rendered is None:
        return [_projected(entity.indexed_document(entry, at), fields) for entry in entries]
    made = store.rendered.setdefault((entity.acronym, fields, at, entity.changes()), {})
    for entry in entries:
        if entry not in made:
            document = _projected(entity.indexed_document(entry, at), fields)
            made[entry] = msgspec.Raw(msgspec.json.encode(document))
    return [made[entry] for entry in entries]


def _entity(store: Store, request: web.Request) -> Entity:
    entity = store.entities.get(request.match_info["acronym"])
    if entity is None:
        raise Refusal(store.quirks.unknown_entity, "Entity not found")
    return entity


def _readable(store: Store, request: web.Request) -> Entity:
    """The requested entity, if the key's role may read it and the requested fields."""
    acronym = request.match_info["acronym"]
    if not store.may(*READING) or acronym in store.quirks.forbidden_entities:
        raise Refusal(403, "Unauthorized")
    entity = _entity(store, request)
    fields = request.query.get("_fields", "")
    _check_schema(entity, request)
    private = store.quirks.private_fields
    if denied := private if fields == "_all" else private.intersection(fields.split(",")):
        message = store.quirks.private_fields_message.replace("{fields}", ", ".join(sorted(denied)))
        raise Refusal(store.quirks.private_fields_status, message)
    return entity


def _check_schema(entity: Entity, request: web.Request) -> None:
    """Refuse requests that a version 2 entity does not accept with its schema, or without one."""
    query = request.query
    if not entity.is_version_2 or "_token" in query:
        return
    if "_schema" not in query:
        if entity.without_schema == "refused" and ("_fields" in query or "_where" in query):
            raise Refusal(400, "_schema is required with _fields and _where")
        return
    schema = entity.schema(query["_schema"])
    if schema is None:
        raise Refusal(400, f"Schema '{query['_schema']}' not found")
    known = {"", "_all", *schema.body["properties"], *(one.name for one in INTERNAL_2)}
    for name in query.get("_fields", "").split(","):
        if name not in known:
            raise Refusal(400, f"Field '{name}' not found in schema")


def _fields(entity: Entity, request: web.Request) -> str:
    """The fields to send, as in ``_fields``."""
    if entity.without_schema == "ids" and "_schema" not in request.query:
        return ""
    return request.query.get("_fields", "")


def _found(store: Store, entity: Entity, request: web.Request, at: int) -> list[Entry]:
    text = request.query.get("_where")
    parsed: Where | None = None
    schema = entity.schema(request.query.get("_schema", ""))
    if text:
        try:
            parsed = where.parse(text)
        except where.WhereError:
            raise Refusal(400, "Invalid _where") from None
        filters = {one.name for one in entity.fields if one.is_filter}
        if schema:
            filters.update(schema.body.get("v-indexed", ()))
        for name in sorted(parsed.fields() - filters - store.quirks.also_filters):
            raise Refusal(400, f"Field '{name}' cannot be filtered")
    found = store.found(entity, text, parsed, at)
    if schema is None or schema.one_in == 1:
        return found
    return [entry for entry in found if entry.number % schema.one_in == 0]


def _index_time(store: Store, request: web.Request) -> int:
    return store.clock.now() - int(request.get(INDEX_LAG, 0))


def _projected(document: Json, fields: str) -> Json:
    if fields == "_all":
        return document
    names = (*ALWAYS_SENT, *fields.split(","))
    return {name: document[name] for name in names if name in document}
