"""The bookmark of the feed: who owns it, and which events have been handled."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.packing import packed, unpacked

#: Bytes of an event's fingerprint. Even with the most events possible, one in forty billion is
#: mistaken for another.
FINGERPRINT: Final = 6
#: Events to keep, at most: 64 kB of state. The orders of others are fetched again.
MAX_HEARD: Final = 8000
#: VTEX drops an event after two weeks.
EXPIRES_AFTER: Final = timedelta(days=15)


class _Day(Bookmark, frozen=True, kw_only=True):
    """The events handled on a day."""

    day: datetime
    events: str


class Owed(Bookmark, frozen=True, kw_only=True):
    """An order that streams lack because they were not selected when the feed named it."""

    #: The date of the order's last change at that time.
    at: datetime
    streams: list[str]


class FeedBookmark(Bookmark, frozen=True, kw_only=True):
    """What has been read from the feed."""

    #: The name of this state, as marked in the feed's configuration.
    consumer: str = ""
    #: The consumer to take the feed over from, because its state is lost.
    succeeds: str = ""
    #: The events whose orders were written, with the day. A run that starts with this bookmark
    #: knows that the target has these orders.
    heard: dict[bytes, datetime] = msgspec.field(default_factory=dict)
    #: By order id.
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

    def unexpired(self, now: datetime) -> dict[bytes, datetime]:
        """The handled events that VTEX may still send."""
        return {event: day for event, day in self.heard.items() if now - day < EXPIRES_AFTER}
