"""The scroll of Master Data, whatever becomes of its pages."""

from __future__ import annotations

import logging
import random
import re
import threading
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.errors import RefusedError
from tap_vtex.http.request import Response
from tap_vtex.http.workers import Workers
from tap_vtex.streams.masterdata import scroll
from tap_vtex.streams.masterdata.api import SCROLL, SEARCH, ShortReadError
from tap_vtex.streams.masterdata.reader import MAX_READINGS, EntityReader
from tests.support.fake import FakeClient

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

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
    ) -> Response[object]:
        total = len(self._entries)
        if endpoint is SEARCH:
            assert headers
            start, end = map(int, re.findall(r"\d+", headers["REST-Range"]))
            found = {"REST-Content-Range": f"resources={start}-{end}/{total}"}
            return Response(rows_of(self._entries[start:end]), found)
        rows = self._page(next(self._troubles, None), is_first="_token" not in params)
        found = {"X-VTEX-MD-TOKEN": "token", "REST-Content-Total": str(total)}
        return Response(rows_of(rows), found)

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


def rows_of(entries: list[Document]) -> object:
    return SCROLL.decode(msgspec.json.encode(entries))


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


def read(index: Index) -> dict[str, str]:
    """What a target holds in the end: of each document, the version that came last."""
    reader = EntityReader(cast("VtexClient", index), logging.getLogger("tests"), "CL", "_all")
    return {row.id: row.document()["updatedIn"] for row in reader.read(None)}


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
        found = read(Index(entries, troubles))
    except ShortReadError:
        return
    assert found == truth(entries)


@given(
    ENTRIES,
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(TROUBLES)), max_size=MAX_READINGS - 1),
)
def test_a_few_troubles_are_none(entries: list[Document], troubles: list[tuple[int, str]]) -> None:
    """Each spoils one reading at most, and there are more readings than that."""
    script = [one for quiet, trouble in troubles for one in (*[None] * quiet, trouble)]

    assert read(Index(entries, script)) == truth(entries)


@pytest.mark.parametrize("trouble", ["lost", "empty", "dead", "late"])
def test_a_trouble_that_stays_is_an_error(trouble: str) -> None:
    entries = [entry(number, is_copy=False, day=1) for number in range(9)]

    with pytest.raises(ShortReadError):
        read(Index(entries, [None, trouble] * 20))


# -- pages by their numbers --------------------------------------------------------------


class Scrambled(Workers):
    """Workers whose requests are answered in any order."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(4)
        self._dice = dice

    def ahead(self, make: Callable[[threading.Event], Any], steps: int) -> Any:  # noqa: ARG002
        return make(threading.Event())

    def in_order(
        self, work: Callable[..., Any], items: Iterable[Any], limit: int
    ) -> Generator[Any, None, None]:
        waiting = iter(items)
        while batch := list(islice(waiting, limit)):
            results = {item: work(item, None) for item in self._dice.sample(batch, k=len(batch))}
            yield from (results[item] for item in batch)


class NumberedIndex(Index):
    """An index whose pages can be requested by number, more or less."""

    def __init__(
        self,
        entries: list[Document],
        troubles: Iterable[str | None],
        manner: str,
        dice: random.Random,
    ) -> None:
        super().__init__(entries, troubles)
        self.workers = Scrambled(dice)
        self._manner = manner
        self.by_number = 0

    def wait(self, seconds: float, _stop: threading.Event | None = None) -> None:
        """Wait no longer than a test can."""

    def get(
        self, endpoint: object, *ids: object, params: Document, **options: Any
    ) -> Response[object]:
        if "_page" not in params or self._manner == "ignored":
            return super().get(endpoint, *ids, params=params, **options)
        self.by_number += 1
        trouble = next(self._troubles, None)
        if trouble == "late":
            raise RefusedError("", status=408)
        if trouble == "dead" or self._manner == "refused":
            raise RefusedError("", status=400)
        step = PAGE - 1 if self._manner == "overlapping" else PAGE
        start = (params["_page"] - (self._manner == "from 1")) * step
        start = max(0, start + {"lost": PAGE, "again": -PAGE, "moved": 1}.get(trouble or "", 0))
        rows = self._entries[start : start + PAGE]
        total = len(self._entries) - (trouble == "total")
        found = {"X-VTEX-MD-TOKEN": "token", "REST-Content-Total": str(total)}
        rows = {"empty": [], "short": rows[:-1]}.get(trouble or "", rows)
        return Response(rows_of(rows), found)


@pytest.fixture(scope="module")
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scroll, "PAGE_SIZES", (PAGE,) * len(scroll.PAGE_SIZES))
        yield


MANNERS = ("from 0", "from 1", "ignored", "refused", "overlapping")


@pytest.mark.usefixtures("_small_pages")
@given(
    ENTRIES,
    st.sampled_from(MANNERS),
    st.lists(st.sampled_from([None, None, *TROUBLES, "moved", "total", "short"]), max_size=40),
    st.randoms(use_true_random=False),
)
def test_pages_by_number_end_with_all_documents_or_with_an_error(
    entries: list[Document], manner: str, troubles: list[str | None], dice: random.Random
) -> None:
    index = NumberedIndex(entries, troubles, manner, dice)
    try:
        found = read(index)
    except ShortReadError:
        return
    assert found == truth(entries)


@pytest.mark.usefixtures("_small_pages")
@given(
    ENTRIES,
    st.sampled_from(MANNERS[:-1]),
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(TROUBLES)), max_size=MAX_READINGS - 1),
    st.randoms(use_true_random=False),
)
def test_a_few_troubles_of_pages_by_number_are_none(
    entries: list[Document],
    manner: str,
    troubles: list[tuple[int, str]],
    dice: random.Random,
) -> None:
    script = [one for quiet, trouble in troubles for one in (*[None] * quiet, trouble)]

    assert read(NumberedIndex(entries, script, manner, dice)) == truth(entries)


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.parametrize("manner", MANNERS)
def test_pages_by_number_without_trouble(manner: str) -> None:
    """The property would hold if they were never used."""
    entries = [entry(number, is_copy=False, day=1) for number in range(50)]
    index = NumberedIndex(entries, [], manner, random.Random(1))

    assert read(index) == truth(entries)
    # 17 pages, the one behind them, and the look at the first.
    assert (index.by_number >= 18) is manner.startswith("from")
