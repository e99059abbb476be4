"""The store's Feed v3: a queue of order changes that behaves like Amazon SQS.

A read returns some of the messages, in any order, and hides them for a while. A message that is
not committed comes again with a new handle. Only the newest handle commits it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.clock import DAY, SECOND, moment

if TYPE_CHECKING:
    from sandbox.oms.book import Order, OrderBook
    from sandbox.quirks import Quirks

MAX_LOT = 10
#: In seconds, as VTEX documents them.
MIN_RETENTION, MAX_RETENTION = 345_600, 1_209_600
#: From this age on, orders change only by actions.
SETTLED = 45 * DAY

Json = dict[str, Any]


class Change(NamedTuple):
    """A change of an order's status."""

    order_id: str
    state: str
    last_state: str
    #: When it happened.
    at: int
    #: When the change before it happened.
    before: int


@dataclass
class Message:
    """A change in the queue."""

    number: int
    change: Change
    #: The newest handle; empty before the first read.
    handle: str = ""
    reads: int = 0
    visible_from: int = 0


@dataclass
class Feed:
    """The feed of one key."""

    quirks: Quirks
    #: The current configuration; None if there is none.
    config: Json | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    #: The changes that were committed.
    committed: list[Change] = field(default_factory=list)
    #: How often the configuration was written or deleted.
    writes: int = 0
    _dice: random.Random = field(default_factory=lambda: random.Random("feed"))
    _number: int = 0
    _since: int = 0
    _latest: int = 0
    #: The time and the number of actions at the last update.
    _updated_at: tuple[int, int] = (0, 0)
    #: The number of changes of each order that are queued or older than the configuration.
    _seen: dict[Order, int] = field(default_factory=dict)

    def configure(self, config: Json, book: OrderBook, now: int) -> None:
        """Create the configuration, for changes from now on, or replace its filter."""
        self.update(book, now)
        self.writes += 1
        if self.config is None:
            self.messages.clear()
            self._since = self._latest = now
            self._seen = {order: len(_changes(book, order, now)) for order in self._near(book, now)}
        self.config = config

    def delete(self) -> None:
        """Remove the configuration and all messages."""
        self.writes += 1
        self.config = None
        self.messages.clear()

    def update(self, book: OrderBook, now: int) -> None:
        """Queue all changes until now; drop those that are too old."""
        state = (now, sum(map(len, book.actions.values())))
        if self.config is None or state == self._updated_at:
            return
        self._updated_at = state
        for order in self._near(book, now):
            changes = _changes(book, order, now)
            known = self._seen.get(order)
            if known is None:
                new = [change for change in changes if change.at >= self._since]
            else:
                new = changes[known:]
            self._seen[order] = len(changes)
            for change in new:
                self.put(change)
        self.expire(now)

    def put(self, change: Change) -> None:
        """Queue a change if the filter includes it."""
        if self.config and change.state in self.config["filter"].get("status", ()):
            self._number += 1
            self.messages[self._number] = Message(self._number, change)
            self._latest = max(self._latest, change.at)

    def expire(self, now: int) -> None:
        """Drop expired messages, and the configuration if nothing new came for that long."""
        if self.config is None:
            return
        kept_for = self.config["queue"]["MessageRetentionPeriodInSeconds"] * SECOND
        self.messages = {
            number: message
            for number, message in self.messages.items()
            if message.change.at + kept_for >= now
        }
        if self._latest + kept_for < now:
            self.config = None
            self.messages.clear()

    def read(self, now: int, limit: int = MAX_LOT) -> list[Json]:
        """Read some of the messages, and hide them for a while."""
        if self.config is None:
            return []
        quirks, dice = self.quirks, self._dice
        hidden = self.config["queue"]["visibilityTimeoutInSeconds"] * SECOND
        visible = [one for one in self.messages.values() if one.visible_from <= now]
        if quirks.feed_empty_one_in and not dice.randrange(quirks.feed_empty_one_in):
            return []
        dice.shuffle(visible)
        limit = min(limit, MAX_LOT)
        if quirks.feed_reads == "some" and visible:
            limit = dice.randint(1, limit)
        given = []
        for message in visible[:limit]:
            message.reads += 1
            message.handle = f"{message.number}.{message.reads}.{dice.getrandbits(64):x}"
            message.visible_from = now + hidden
            if quirks.feed_twice_one_in and not dice.randrange(quirks.feed_twice_one_in):
                message.visible_from = now
            given.append(_event(message))
        return given

    def commit(self, handles: list[str]) -> None:
        """Remove messages by their newest handles; older handles do nothing."""
        for handle in handles:
            number = int(handle.partition(".")[0])
            message = self.messages.get(number)
            if message and message.handle == handle:
                self.committed.append(message.change)
                del self.messages[number]

    def read_back(self, now: int) -> Json:
        """The configuration as VTEX returns it, with statistics of the queue."""
        ages = [(now - one.change.at) / SECOND for one in self.messages.values()]
        config = {
            **(self.config or {}),
            "approximateAgeOfOldestMessageInSeconds": max(ages, default=0),
        }
        if self.quirks.feed_has_quantity:
            config["quantity"] = len(self.messages)
        return {**_recased(config, self.quirks.feed_config_keys)}

    def _near(self, book: OrderBook, now: int) -> list[Order]:
        """The orders that may have changed since the feed was configured."""
        young = book.placed_between((self._since or now) - SETTLED, now)
        return [*dict.fromkeys([*young, *book.actions])]


def _changes(book: OrderBook, order: Order, now: int) -> list[Change]:
    """All changes of an order's status until now."""
    if not book.exists(order, now) and order not in book.phantoms:
        return []
    found: list[Change] = []
    status, before = "", book.created(order)
    for at, state in book.states(order, now):
        new = state.status or "order-created"
        if new != status:
            found.append(Change(order.order_id, new, status, at, before))
            status, before = new, at
    return found


def _event(message: Message) -> Json:
    change = message.change
    return {
        "eventId": f"ED{message.number:030X}",
        "handle": message.handle,
        "domain": "Marketplace",
        "state": change.state,
        "lastState": change.last_state,
        "orderId": change.order_id,
        "lastChange": _date(change.before),
        "currentChange": _date(change.at),
    }


def _date(at: int) -> str:
    return f"{moment(at).isoformat()[:19]}.{at % SECOND:07d}Z"


def _recased(value: Any, form: str) -> Any:  # noqa: ANN401 - JSON can be anything
    """JSON with its keys in another case."""
    if isinstance(value, dict):
        return {_in_case(key, form): _recased(item, form) for key, item in value.items()}
    return value


def _in_case(key: str, form: str) -> str:
    if form == "lower":
        return key.lower()
    return key[:1].upper() + key[1:] if form == "capital" else key
