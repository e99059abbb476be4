"""An entity read in many runs, each of which may end anywhere."""

from __future__ import annotations

import json
import logging
import random
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from tap_vtex.client import VtexClient
from tap_vtex.settings import Settings
from tap_vtex.streams.masterdata import replication
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.query import UNDATED
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.replication import EntityReplication
from tap_vtex.windows import whole_second
from tests.support.expect import latest, seven_to_six

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

LOGGER = logging.getLogger("tests")


class Loader:
    """Reads clients again and again, and keeps what it read and where it stood."""

    def __init__(self, shop: Shop) -> None:
        self.rows: dict[str, Any] = {}
        self.state: dict[str, Any] | None = None
        self._settings = Settings.read(shop.config())

    def run(self, most: int | None = None) -> int:
        """Read on, no more than so many documents; how many there were."""
        client = VtexClient(self._settings, LOGGER)
        reader = EntityReader(
            client, LOGGER, "CL", "id,email,createdIn,updatedIn,lastInteractionIn"
        )
        undated = reader.count(UNDATED)
        now = whole_second(client.now())
        bookmark = (
            EntityBookmark.from_state(self.state)
            if self.state
            else EntityBookmark(None, load_began=now, loaded_until=None, changes_since=now)
        )

        def checkpoint(at: EntityBookmark) -> None:
            self.state = json.loads(json.dumps(at.as_state()))

        documents = EntityReplication(reader, bookmark, checkpoint, LOGGER).run(undated, client.now)
        read = 0
        for document in islice(documents, most):
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
    monkeypatch.setattr(replication, "MOST_IN_A_WINDOW", 40)
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
