"""Master Data of the store with prepared responses: counts, and scrolls with numbered pages.

A scroll's token names its query and next page, so each request has one response, rendered once.
The clock stands still, so a second load has the same queries and finds all of them cached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sandbox.masterdata import where
from sandbox.masterdata.scrolls import FIRST_NUMBERS

if TYPE_CHECKING:
    from sandbox.masterdata.entities import Entity, Entry
    from sandbox.store import Store

PREFIX: Final = "/api/dataentities/"
ROUTE: Final = f"{PREFIX}{{acronym}}/"


class Documents:
    """The responses to a store's searches and scrolls."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now = store.clock.now()
        #: By acronym and condition.
        self._entries: dict[tuple[str, str | None], list[Entry]] = {}
        #: Page bodies, by number of the query and of the page.
        self._pages: dict[tuple[int, int], bytes] = {}
        #: The queries of scrolls. Tokens contain their index.
        self._queries: list[dict[str, str]] = []
        #: Documents as JSON, by acronym and fields.
        self._rendered: dict[tuple[str, str], dict[Entry, msgspec.Raw]] = {}

    def get(self, path: str, query: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a response."""
        acronym, _, how = path.removeprefix(PREFIX).partition("/")
        entity = self._store.entities[acronym]
        if how == "scroll":
            return self._scroll(entity, query)
        # The tap uses search only to count, as long as a scroll is free.
        found = self._found(entity, query)
        headers = {"REST-Content-Range": f"resources=0-1/{len(found)}"}
        return self._body(entity, query["_fields"], found[:1]), headers

    def _scroll(self, entity: Entity, query: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        if "_token" in query:
            number, place = map(int, query["_token"].split("-"))
        else:
            number, place = self._open(query), 0
        first = FIRST_NUMBERS.get(self._store.quirks.scroll_pages)
        if "_page" in query and first is not None:
            place = int(query["_page"]) - first
        opened = self._queries[number]
        found = self._found(entity, opened)
        page = self._pages.get((number, place))
        if page is None:
            size = int(opened["_size"])
            entries = found[place * size : (place + 1) * size]
            page = self._pages[number, place] = self._body(entity, opened["_fields"], entries)
        return page, {
            "X-VTEX-MD-TOKEN": f"{number}-{place + 1}",
            "REST-Content-Total": str(len(found)),
        }

    def _open(self, query: dict[str, str]) -> int:
        if query not in self._queries:
            self._queries.append(query)
        return self._queries.index(query)

    def _found(self, entity: Entity, query: dict[str, str]) -> list[Entry]:
        text = query.get("_where")
        key = entity.acronym, text
        if key not in self._entries:
            self._entries[key] = entity.find(where.parse(text) if text else None, self._now)
        return self._entries[key]

    def _body(self, entity: Entity, fields: str, entries: list[Entry]) -> bytes:
        rendered = self._rendered.setdefault((entity.acronym, fields), {})
        for entry in entries:
            if entry not in rendered:
                document = entity.indexed_document(entry, self._now)
                kept = document if fields == "_all" else dict.fromkeys(fields.split(","))
                content = {name: document[name] for name in kept if name in document}
                rendered[entry] = msgspec.Raw(msgspec.json.encode(content))
        return msgspec.json.encode([rendered[entry] for entry in entries])
