"""What the state keeps of the feed: whose it is, and which of its events the target has."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.packing import packed, unpacked

#: Bytes of an event's fingerprint. With as many events as there can be, one in forty thousand
#: million is taken for another.
FINGERPRINT: Final = 6
#: So many events are kept at most: 64 kB of state. Those beyond it are fetched again.
MAX_HEARD: Final = 8000
#: VTEX forgets an event after two weeks.
FORGOTTEN_AFTER: Final = timedelta(days=15)


class _Day(Bookmark, frozen=True, kw_only=True):
    """The events that were heard on a day."""

    day: datetime
    events: str


class Owed(Bookmark, frozen=True, kw_only=True):
    """An order that streams lack, because they were not selected when the feed showed it."""

    #: When the order had last changed then.
    at: datetime
    streams: list[str]


class FeedBookmark(Bookmark, frozen=True, kw_only=True):
    """How far the feed has come."""

    #: The name of this state in the mark of a configuration.
    consumer: str = ""
    #: The consumer whose configuration this one will take over, since its own state is gone.
    succeeds: str = ""
    #: The events whose orders were written, and the day of that. A run that is given them
    #: knows that the target has these orders.
    heard: dict[bytes, datetime] = msgspec.field(default_factory=dict)
    #: Orders by id.
    owed: dict[str, Owed] = msgspec.field(default_factory=dict)

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Unpack the events."""
        heard: dict[bytes, datetime] = {}
        for one in msgspec.convert(state.get("heard", []), list[_Day]):
            content = unpacked(one.events)
            if len(content) % FINGERPRINT:
                raise ValueError("half an event")
            for start in range(0, len(content), FINGERPRINT):
                heard[content[start : start + FINGERPRINT]] = one.day
        return {**state, "heard": heard}

    def to_state(self) -> dict[str, Any]:
        """Write the bookmark as JSON, with the events packed."""
        days = groupby(sorted(self.heard, key=self.heard.__getitem__), self.heard.__getitem__)
        listed = [_Day(day=day, events=packed(b"".join(events))).to_state() for day, events in days]
        return {**Bookmark.to_state(msgspec.structs.replace(self, heard={})), "heard": listed}

    def not_forgotten(self, now: datetime) -> dict[bytes, datetime]:
        """The events that VTEX may still have."""
        return {event: day for event, day in self.heard.items() if now - day < FORGOTTEN_AFTER}
