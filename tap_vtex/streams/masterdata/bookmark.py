"""How far a Master Data entity has come: what is kept in the state between runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class EntityBookmark:
    """How far an entity has come, in whole seconds by VTEX's clock."""

    #: Documents last active since then are wanted; None for all there are.
    start: datetime | None
    #: The load goes by creation date, up to the moment at which it began ...
    load_began: datetime
    #: ... and has come to here; None where it has not begun.
    loaded_until: datetime | None
    #: Changes since then still have to be looked for.
    changes_since: datetime
    #: How many documents have no creation date; None where they are not loaded yet.
    undated: int | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether the load has reached the moment at which it began."""
        return self.loaded_until is not None and self.loaded_until >= self.load_began

    def wants_more(self, start: datetime | None) -> bool:
        """Whether a start date reaches further back than this one."""
        return self.start is not None and (start is None or start < self.start)

    def as_state(self) -> dict[str, Any]:
        """The bookmark as JSON."""
        return {
            "replication_key_value": dates.text(self.changes_since),
            "start": self.start and dates.text(self.start),
            "load_began": dates.text(self.load_began),
            "loaded_until": self.loaded_until and dates.text(self.loaded_until),
            "undated": self.undated,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> EntityBookmark:
        """Read what `as_state` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            start=state["start"] and datetime.fromisoformat(state["start"]),
            load_began=datetime.fromisoformat(state["load_began"]),
            loaded_until=state["loaded_until"] and datetime.fromisoformat(state["loaded_until"]),
            changes_since=datetime.fromisoformat(state["replication_key_value"]),
            undated=state["undated"],
        )
