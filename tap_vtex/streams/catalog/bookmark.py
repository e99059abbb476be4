"""The bookmarks of the catalog."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.catalog.learned import Learned
from tap_vtex.streams.catalog.looks import Look, Looks
from tap_vtex.streams.catalog.walk import UnitKind
from tap_vtex.streams.id_census import IdCensus, IdSet
from tap_vtex.streams.id_walk import OpenPass
from tap_vtex.streams.ledger import missing_from_list
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.watermark import Watermark, merged


class CatalogPass(OpenPass, frozen=True, kw_only=True):
    """A pass over the list that is under way."""

    #: Whether it reads everything, or only ids that are new to the list.
    full: bool
    #: The ids that the list showed when the pass began.
    ids: IdCensus
    #: The first date that was not yet final when the pass began.
    since: datetime


class BrandListBookmark(Bookmark, frozen=True, kw_only=True):
    """The bookmark of brands for a key that may list them."""

    #: Since when the list has been empty, if it is. Tells this bookmark of brands from the other.
    listed: ListSize = msgspec.field(default_factory=ListSize)


class CatalogBookmark(Watermark, frozen=True, kw_only=True):
    """Where the next run resumes the catalog."""

    #: What the key could list. With a key that lists the other kind, everything is read again.
    by: UnitKind
    #: When the last complete full pass began.
    full_pass_at: datetime | None = None
    #: The ids that the list showed when the last pass began.
    ids: IdCensus = msgspec.field(default_factory=IdCensus)
    under_way: CatalogPass | None = None
    #: When products were last checked.
    looks: Looks = msgspec.field(default_factory=Looks)
    #: Products that changed lately. The next run checks them again.
    recent: IdSet = msgspec.field(default_factory=IdSet)
    #: Listed units that VTEX had no data on. Each is read in full once VTEX has data.
    blank: IdSet = msgspec.field(default_factory=IdSet)
    #: How many ids the list has shown.
    size: ListSize = msgspec.field(default_factory=ListSize)
    #: Listed ids whose requests failed, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    #: The products found through their SKUs, if the key lists only SKUs.
    learned: Learned | None = None

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Upgrade states of versions whose runs checked every product."""
        under_way = state["under_way"]
        began = under_way["began"] if under_way else state["full_pass_at"]
        state = missing_from_list(state, began)
        if "looks" in state:
            return state
        looks = Looks.all_at(Look(None, state.pop("since", None))).to_state()
        if under_way and under_way["full"]:
            highest = state.get("replication_key_value")
            under_way["since"] = Watermark(highest=highest).unsettled_from(began)
        else:
            state["under_way"] = None
        return {**state, "looks": looks}

    @property
    def began(self) -> datetime | None:
        """When the pass under way began, or else the last full pass."""
        return self.under_way.began if self.under_way else self.full_pass_at

    def merged_with(self, other: CatalogBookmark) -> CatalogBookmark | None:
        """A bookmark that serves both; None if one has to catch up first."""
        if self == other:
            return self
        idle = self.under_way is None and other.under_way is None
        if not (idle and self.by == other.by and self.ids == other.ids):
            return None
        if self.full_pass_at is None or other.full_pass_at is None:
            return None
        learned = self.learned
        if learned and other.learned:
            learned = learned.merged(other.learned)
        return msgspec.structs.replace(
            merged(self, other),
            full_pass_at=min(self.full_pass_at, other.full_pass_at),
            looks=self.looks.merged(other.looks),
            recent=IdSet(self.recent.ids | other.recent.ids),
            blank=IdSet(self.blank.ids | other.blank.ids),
            missing={**self.missing, **other.missing},
            learned=learned if other.learned else None,
        )
