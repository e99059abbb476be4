"""An entity read in many runs, each of which may end anywhere."""

from __future__ import annotations

import json
import logging
import random
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import SECOND, ticks
from sandbox.masterdata.where import Condition, parse
from tap_vtex.http.client import VtexClient
from tap_vtex.http.retry import RetryPolicy
from tap_vtex.settings import Settings
from tap_vtex.streams.masterdata import parts, search
from tap_vtex.streams.masterdata.api import (
    BEFORE_THE_BEGINNING,
    BEGINNING,
    UNDATED,
    TooManyError,
    within,
)
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.replication import EntityReplication
from tap_vtex.streams.masterdata.rows import CREATED_IN
from tap_vtex.windows import Window, whole_second
from tests.support.expect import latest, seven_to_six
from tests.support.shop import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

LOGGER = logging.getLogger("tests")
SCROLL, SEARCH = (f"/api/dataentities/{{acronym}}/{how}" for how in ("scroll", "search"))


class Loader:
    """Reads clients again and again, and keeps what it read and where it stood."""

    def __init__(self, shop: Shop) -> None:
        self.rows: dict[str, Any] = {}
        self.state: dict[str, Any] | None = None
        self._settings = Settings.read(shop.config())

    def run(self, most: int | None = None) -> int:
        """Read on, no more than so many documents; how many there were."""
        client = VtexClient(self._settings, LOGGER)
        entity = EntityReader(
            client, LOGGER, "CL", "id,email,createdIn,updatedIn,lastInteractionIn"
        )
        undated = entity.count(UNDATED)
        now = whole_second(client.now())
        bookmark = (
            EntityBookmark.from_state(self.state) if self.state else EntityBookmark.new(None, now)
        )

        def checkpoint(at: EntityBookmark) -> None:
            self.state = json.loads(json.dumps(at.to_state()))

        found = EntityReplication(entity, bookmark, checkpoint, LOGGER).run(undated, client.now)
        read = 0
        for document, *_ in islice(found, most):
            read += 1
            self.rows[document["id"]] = {
                "email": document["email"],
                "active": max(
                    seven_to_six(document[name]) or ""
                    for name in ("createdIn", "updatedIn", "lastInteractionIn")
                ),
            }
        return read


def truth(shop: Shop) -> dict[str, Any]:
    return {
        key: {"email": document["email"], "active": latest(document) or ""}
        for key, document in shop.documents("CL").items()
    }


@pytest.fixture
def shop(open_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A store whose clients take many windows to read."""
    monkeypatch.setattr(parts, "MAX_IN_A_WINDOW", 40)
    return open_shop(orders=50, days=200, clients=500)


@pytest.mark.parametrize("seed", range(6))
def test_a_load_that_ends_anywhere_goes_on_and_ends_complete(shop: Shop, seed: int) -> None:
    dice = random.Random(seed)
    loader = Loader(shop)
    for _ in range(8):
        loader.run(dice.randrange(1, 200))
        shop.pass_time(minutes=dice.randrange(1, 3000))
        for client in dice.sample(sorted(shop.documents("CL")), 5):
            shop.edit("CL", client, email=f"{dice.random()}@example.com")
    shop.close()
    shop.pass_time(minutes=5)
    loader.run()

    assert loader.rows == truth(shop)


def test_a_load_that_was_interrupted_does_not_begin_anew(shop: Shop) -> None:
    shop.close()
    loader = Loader(shop)
    read = 0
    for _ in range(4):
        read += loader.run(150)
    read += loader.run()

    assert loader.rows.keys() == truth(shop).keys()
    assert read < 500 + 5 * 60


def test_changes_are_read_window_by_window_too(shop: Shop) -> None:
    shop.close()
    loader = Loader(shop)
    loader.run()
    clients = sorted(shop.documents("CL"))
    for number, client in enumerate(clients):
        shop.pass_time(minutes=3)
        shop.edit("CL", client, email=f"{number}@example.com")
    shop.pass_time(minutes=5)
    first = loader.run(200)
    second = loader.run()

    assert loader.rows == truth(shop)
    assert first + second < 500 + 150


@pytest.mark.parametrize("excludes_its_ends", [False, True])
@pytest.mark.parametrize("fraction", [0, 1, 5_000_000, 9_990_001, 9_999_999])
def test_neighboring_windows_leave_no_gap(fraction: int, excludes_its_ends: bool) -> None:
    """Dates have seven digits of fraction, and VTEX does not say whether ``between`` has ends."""
    window = Window(NOON, NOON + timedelta(seconds=1))
    for moment in (ticks(NOON) + fraction, ticks(NOON) + SECOND + fraction):
        found = 0
        for part in window.halves():
            condition = parse(within(CREATED_IN, part))
            assert isinstance(condition, Condition)
            start, end = (ticks(datetime.fromisoformat(value)) for value in condition.values)
            found += start < moment < end if excludes_its_ends else start <= moment <= end
        # The first moment of all belongs to the window before.
        assert found or moment == ticks(NOON)


def test_the_last_century_leaves_no_gap() -> None:
    condition = parse(BEFORE_THE_BEGINNING)

    assert condition.holds(lambda _name: ticks(BEGINNING))


@pytest.mark.parametrize("taken", [0, 9, 10])
def test_two_scrolls_at_most_where_they_are_free(shop: Shop, taken: int) -> None:
    """The next window is begun while one is read. If that is refused, it waits for its turn."""
    shop.close()
    shop.pass_time(minutes=5)
    shop.store.scrolls.taken_by_others = taken
    loader = Loader(shop)
    loader.run()

    assert loader.rows == truth(shop)
    scrolls = shop.store.scrolls
    assert scrolls.peak <= min(2, 10 - taken)
    assert not scrolls.cursors
    # One for each window, and none of them was searched in place of that.
    assert (scrolls.opened > 500 / 40) is (taken < 10)


class TestWindowsOfWhichNobodyKnowsTheCount:
    """Search may time out on any of them, or tell no total."""

    def read(self, shop: Shop) -> tuple[int, int]:
        loader = Loader(shop)
        loader.run()
        assert loader.rows == truth(shop)
        requests = shop.requests()
        return requests[SEARCH], requests[SCROLL]

    @pytest.fixture
    def shop(self, open_shop: Callable[..., Shop]) -> Shop:
        shop = open_shop(orders=50, days=100, clients=40)
        shop.close()
        shop.pass_time(minutes=5)
        return shop

    def test_none_has_a_total(self, shop: Shop) -> None:
        shop.store.quirks.search_total = "missing"

        counts, scrolls = self.read(shop)

        # Halved to days where there are documents, and not to seconds.
        assert counts < 40 * 3 * 14
        assert scrolls < 40 * 2 * 10

    def test_every_count_times_out(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parts, "SMALL_WINDOW", 500 * 24 * 60 * 60)
        shop.fail("status", "/api/dataentities/CL/search", status=408, times=None)

        counts, _ = self.read(shop)

        assert counts < 150


class TestWaitingForAScroll:
    """All are taken, and there are more documents than a search reaches."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search, "REACH", 200)

    def reader(self, shop: Shop) -> EntityReader:
        shop.store.scrolls.taken_by_others = 10
        policy = RetryPolicy(scroll_waits=(0.01,) * 5)
        client = VtexClient(Settings.read(shop.config()), LOGGER, policy=policy)
        return EntityReader(client, LOGGER, "CL", "id")

    def test_one_comes_free(self, shop: Shop) -> None:
        def let_go() -> None:
            shop.store.scrolls.taken_by_others = 9

        shop.when("/api/dataentities/CL/scroll", let_go, skip=3)
        found = list(self.reader(shop).read(None))

        assert {row.id for row in found} == shop.documents("CL").keys()
        assert shop.requests()[SCROLL] == 5

    def test_none_comes_free(self, shop: Shop) -> None:
        with pytest.raises(TooManyError, match="Run again when they are done"):
            list(self.reader(shop).read(None))

        assert shop.requests()[SCROLL] == 6

    def test_windows_are_halved_until_a_search_reaches(self, shop: Shop) -> None:
        """Where their counts are too low, that is, or they grow while they are read."""
        shop.close()
        shop.pass_time(minutes=5)
        shop.store.quirks.search_total = "low"
        shop.store.scrolls.taken_by_others = 10
        loader = Loader(shop)
        loader.run()

        assert loader.rows == truth(shop)
