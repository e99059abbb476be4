"""Whatever becomes of runs, states and selections, no change is lost that the feed showed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.clock import SECOND
from sandbox.oms.feed import Feed
from sandbox.oms.plain import Life, PlainOrders
from sandbox.quirks import Quirks
from tap_vtex.streams.orders import feed
from tap_vtex.streams.orders.feed_bookmark import FeedBookmark
from tap_vtex.streams.orders.feed_queue import EVENTS_PER_READ
from tests.support.plain_feed import FEED_STATE, STREAMS, FeedStore, Outcome, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

#: `make soak` tries a thousand.
EXAMPLES = int(os.environ.get("FEED_EXAMPLES", "25"))
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
DAY = 86_400
#: The ages in days of the orders at the first run. Those that the list looks back to ...
YOUNG = (0.5, 1, 2, 5, 20, 40)
#: ... those that are older, those that it keeps showing as they were, and those that it never
#: shows.
OLD = (100, 200, 400)
FROZEN = (0.7, 10, 150)
HIDDEN = (0.8, 30, 250)
AGES = sorted([*YOUNG, *OLD, *FROZEN, *HIDDEN], reverse=True)
SHOWN = {AGES.index(age) for age in YOUNG}

Step = tuple[str, Any]

RUN = st.tuples(
    st.sets(st.sampled_from(STREAMS), min_size=1),
    st.builds(
        Outcome,
        st.none() | st.integers(0, 12),
        st.sampled_from(["all", "all", "proven", "rows", "nothing"]),
    ),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.lists(st.integers(0, len(AGES) - 1), min_size=1)),
        st.tuples(st.just("change"), st.lists(st.integers(0, len(AGES) - 1), min_size=1)),
        st.tuples(st.just("run"), RUN),
        st.tuples(st.just("run"), RUN),
        st.tuples(st.just("wait"), st.sampled_from([0.02, 1, 5, 24])),
        st.tuples(st.just("down"), st.integers(0, 12)),
        st.tuples(st.just("put back"), st.integers(1, 6)),
        st.tuples(st.just("full refresh"), st.none()),
    ),
    max_size=24,
)
QUIRKS = st.builds(
    Quirks,
    feed_reads=st.sampled_from(["all", "some"]),
    feed_empty_one_in=st.sampled_from([0, 0, 3]),
    feed_twice_one_in=st.sampled_from([0, 4]),
    feed_config_keys=st.sampled_from(["as_sent", "lower", "capital"]),
    feed_has_quantity=st.booleans(),
)


class History:
    """A store, a pipeline, and what may be lost."""

    def __init__(self, quirks: Quirks) -> None:
        orders = PlainOrders(
            now=NOON, created=[NOON - int(age * DAY) for age in AGES], lives=[Life()] * len(AGES)
        )
        orders.frozen = {AGES.index(age): NOON for age in FROZEN}
        orders.late = {AGES.index(age): NOON + 10_000 * DAY for age in HIDDEN}
        self.store = FeedStore(orders, Feed(quirks))
        self.pipeline = Pipeline(self.store)
        #: By order that the list does not show right: its last change that the feed heard.
        self.heard: dict[int, int] = {}
        #: Changes until then were committed before a state was put back that does not know them.
        self.excused: dict[int, int] = {}
        self.do: dict[str, Callable[[Any], None]] = {
            "change": self.change,
            "run": lambda how: self.run(*how),
            "wait": self.store.pass_time,
            "down": self.take_down,
            "put back": lambda back: self.put_back(self.pipeline.states[-back:][0]),
            "full refresh": lambda _: self.put_back({}),
        }

    def change(self, numbers: list[int]) -> None:
        for number in {*numbers}:
            self.store.pass_time(0)
            self.store.change(number)
            if self.store.feed.config:
                self.heard[number] = self.store.orders.now

    def run(self, selected: set[str], outcome: Outcome) -> None:
        self.pipeline.run(selected, outcome)
        self.store.down_after = None
        self.store.pass_time(0)

    def take_down(self, after: int) -> None:
        """Let the feed be down during the next run."""
        self.store.down_after = after

    def put_back(self, state: dict[str, Any]) -> None:
        """Put an earlier state back, unless its feed has been taken over since."""
        known = state.get(FEED_STATE)
        if known and not {known["consumer"], known["succeeds"]} & self.store.consumers():
            return
        self.pipeline.states.append(state)
        for change in self.store.feed.committed:
            self.excused[int(change.order_id)] = change.at // SECOND

    def end(self) -> None:
        """Nothing happens any more: after a few runs everything is there."""
        self.store.down_after = None
        for hours in (0.5, 1, 26, 1, 1):
            self.store.pass_time(hours)
            self.pipeline.run({*STREAMS})

    def lost(self) -> list[tuple[str, int]]:
        truth = self.store.orders.last_change
        return [
            (stream, number)
            for stream, table in self.pipeline.tables.items()
            for number in range(len(AGES))
            if table.get(number, 0)
            < (truth(number) if number in SHOWN else self.heard.get(number, 0))
            and self.excused.get(number, 0) < self.heard.get(number, NOON)
        ]


@pytest.mark.timeout(3600)
@settings(max_examples=EXAMPLES)
@given(STEPS, QUIRKS)
def test_no_history_loses_what_the_feed_showed(steps: list[Step], quirks: Quirks) -> None:
    history = History(quirks)
    history.pipeline.run({*STREAMS})
    history.store.pass_time(1)

    for name, how in steps:
        history.do[name](how)
    history.end()

    assert not history.lost()
    assert not history.store.feed.messages or quirks.feed_empty_one_in


def test_the_state_stays_small() -> None:
    history = History(Quirks())
    history.pipeline.run({*STREAMS})
    with patch.multiple(feed, MAX_OWED=3, MAX_HEARD=5):
        for _ in range(3):
            history.change([*range(len(AGES))])
            history.run({"orders"}, Outcome())
            known = history.pipeline.states[-1][FEED_STATE]
            assert len(FeedBookmark.from_state(known).heard) <= 5 + 2 * EVENTS_PER_READ
            assert len(known["owed"]) <= 3 + len(SHOWN)
        history.end()
    assert {stream for stream, _ in history.lost()} <= {"order_items", "payments"}
