"""How far the orders have come: what is kept in the state between runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_vtex import dates
from tap_vtex.streams.orders.census import Census

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class OrderBookmark:
    """How far the orders have come, in whole seconds by VTEX's clock."""

    #: Orders created from here ...
    loaded_from: datetime
    #: ... to here are loaded.
    loaded_until: datetime
    #: Changes since then still have to be looked for.
    changes_since: datetime
    #: When changes were last looked for with a wide margin.
    wide_pass_at: datetime
    #: The orders that the list showed, over the look-back.
    census: Census
    #: Orders that the list showed and that could not be had, with the day of the first try.
    owed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> OrderBookmark:
        """Read what `as_state` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            loaded_from=datetime.fromisoformat(state["loaded_from"]),
            loaded_until=datetime.fromisoformat(state["loaded_until"]),
            changes_since=datetime.fromisoformat(state["replication_key_value"]),
            wide_pass_at=datetime.fromisoformat(state["wide_pass_at"]),
            census=Census.from_state(state["census"]),
            owed=dict(state["owed"]),
        )

    def as_state(self) -> dict[str, Any]:
        """The bookmark as JSON."""
        return {
            "replication_key_value": dates.text(self.changes_since),
            "loaded_from": dates.text(self.loaded_from),
            "loaded_until": dates.text(self.loaded_until),
            "wide_pass_at": dates.text(self.wide_pass_at),
            "census": self.census.as_state(),
            "owed": dict(self.owed),
        }

    def abreast_of(self, other: OrderBookmark, wanted: datetime) -> OrderBookmark | None:
        """One bookmark that holds for both, or None where one has to catch up first.

        ``wanted`` is the creation date of the oldest orders that the run is to have.
        """
        begin_alike = self.loaded_from == other.loaded_from or (
            max(self.loaded_from, other.loaded_from) <= wanted
        )
        come_alike = (self.loaded_until, self.changes_since, self.census) == (
            other.loaded_until,
            other.changes_since,
            other.census,
        )
        if not (begin_alike and come_alike):
            return None
        return replace(
            self,
            loaded_from=max(self.loaded_from, other.loaded_from),
            wide_pass_at=min(self.wide_pass_at, other.wide_pass_at),
            owed={**self.owed, **other.owed},
        )
