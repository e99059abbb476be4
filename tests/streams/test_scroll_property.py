"""The scroll of Master Data, whatever becomes of its pages."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.errors import RefusedError
from tap_vtex.http.client import Response
from tap_vtex.streams.masterdata.api import SEARCH, LostError
from tap_vtex.streams.masterdata.reader import MAX_READINGS, EntityReader
from tests.support.fake import FakeClient

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_vtex.http.client import VtexClient

Document = dict[str, Any]

PAGE = 3
TROUBLES = (
    "lost",  # VTEX has sent the page, and goes on with the one after it
    "empty",  # it comes without documents
    "again",  # it comes a second time
    "dead",  # its token is not known any more
    "late",  # it times out
    "taken",  # no scroll can be had
)


class Index(FakeClient):
    """Takes the place of the client: an entity whose pages have a trouble each, or none."""

    def __init__(self, entries: list[Document], troubles: Iterable[str | None]) -> None:
        self._entries = entries
        self._troubles = iter(troubles)
        self._next = 0

    def get(
        self,
        endpoint: object,
        *_ids: object,
        params: Document,
        headers: Document | None = None,
        **_: object,
    ) -> Response[list[Document]]:
        total = len(self._entries)
        if endpoint is SEARCH:
            assert headers
            start, end = map(int, re.findall(r"\d+", headers["REST-Range"]))
            found = {"REST-Content-Range": f"resources={start}-{end}/{total}"}
            return Response(self._entries[start:end], found)
        rows = self._page(next(self._troubles, None), is_first="_token" not in params)
        return Response(rows, {"X-VTEX-MD-TOKEN": "token", "REST-Content-Total": str(total)})

    def _page(self, trouble: str | None, *, is_first: bool) -> list[Document]:
        if trouble == "late":
            raise RefusedError("", status=408)
        if trouble == "taken" and is_first:
            raise RefusedError(
                "", status=400, vtex_message="Maximum simultaneous scrolls rate exceeded"
            )
        if trouble == "dead" and not is_first:
            raise RefusedError("", status=400, vtex_message="Operation not found for this token")
        start = 0 if is_first else self._next
        start += {"lost": PAGE, "again": -PAGE}.get(trouble or "", 0)
        start = max(start, 0)
        self._next = start + PAGE
        return [] if trouble == "empty" else self._entries[start : start + PAGE]


def entry(number: int, *, is_copy: bool, day: int) -> Document:
    """What the index holds of a document, in the version of a day; a copy has an id of its own."""
    document_id = f"{number:08}-aaaa-4bbb-8ccc-dddddddddddd"
    return {
        "id": document_id.upper() if is_copy else document_id,
        "createdIn": "2026-01-01T00:00:00Z",
        "updatedIn": f"2026-02-{day:02}T00:00:00Z",
    }


ENTRIES = st.lists(
    st.builds(entry, st.integers(0, 12), is_copy=st.booleans(), day=st.integers(1, 9)),
    unique_by=lambda one: one["id"],
    max_size=14,
)


def read(entries: list[Document], troubles: Iterable[str | None]) -> dict[str, str]:
    """What a target holds in the end: of each document, the version that came last."""
    client = cast("VtexClient", Index(entries, troubles))
    reader = EntityReader(client, logging.getLogger("tests"), "CL", "_all")
    return {document["id"]: document["updatedIn"] for document, _ in reader.read(None)}


def truth(entries: list[Document]) -> dict[str, str]:
    newest: dict[str, str] = {}
    for one in entries:
        key = one["id"].lower()
        newest[key] = max(newest.get(key, ""), one["updatedIn"])
    return newest


@given(ENTRIES, st.lists(st.sampled_from([None, *TROUBLES]), max_size=40))
def test_a_scroll_ends_with_all_documents_or_with_an_error(
    entries: list[Document], troubles: list[str | None]
) -> None:
    try:
        found = read(entries, troubles)
    except LostError:
        return
    assert found == truth(entries)


@given(
    ENTRIES,
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(TROUBLES)), max_size=MAX_READINGS - 1),
)
def test_a_few_troubles_are_none(entries: list[Document], troubles: list[tuple[int, str]]) -> None:
    """Each spoils one reading at most, and there are more readings than that."""
    script = [one for quiet, trouble in troubles for one in (*[None] * quiet, trouble)]

    assert read(entries, script) == truth(entries)


@pytest.mark.parametrize("trouble", ["lost", "empty", "dead", "late"])
def test_a_trouble_that_stays_is_an_error(trouble: str) -> None:
    entries = [entry(number, is_copy=False, day=1) for number in range(9)]

    with pytest.raises(LostError):
        read(entries, [None, trouble] * 20)
