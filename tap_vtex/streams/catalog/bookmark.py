"""How far the reading of the catalog has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.catalog.learned import Learned
from tap_vtex.streams.catalog.looks import Look, Looks
from tap_vtex.streams.catalog.walk import By
from tap_vtex.streams.id_census import IdCensus, IdSet
from tap_vtex.streams.id_walk import OpenPass
from tap_vtex.streams.ledger import missing_from_list
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.watermark import Watermark, merged


class CatalogPass(OpenPass, frozen=True, kw_only=True):
    """A walk through the list that is under way."""

    #: Whether everything is read, or only what the list did not show before.
    full: bool
    #: The ids that the list showed when the pass began.
    ids: IdCensus
    #: Dates from here on may not have been the last word when the pass began.
    since: datetime


class BrandListBookmark(Bookmark, frozen=True, kw_only=True):
    """What is known of the list of brands, for a key that may read it."""

    #: Since when it has been empty, if it is. No other bookmark of brands has such a field.
    listed: ListSize = msgspec.field(default_factory=ListSize)


class CatalogBookmark(Watermark, frozen=True, kw_only=True):
    """How far the catalog has come."""

    #: Another key may list another kind of id. Then everything is read again.
    by: By
    #: When the last complete full pass began.
    full_pass_at: datetime | None = None
    #: The ids that the list showed when the last pass began.
    ids: IdCensus = msgspec.field(default_factory=IdCensus)
    under_way: CatalogPass | None = None
    #: When products were last looked at.
    looks: Looks = msgspec.field(default_factory=Looks)
    #: Products in which something changed lately: the next run looks at them again.
    recent: IdSet = msgspec.field(default_factory=IdSet)
    #: Listed things that VTEX had nothing about. Once it has, all of them is read.
    blank: IdSet = msgspec.field(default_factory=IdSet)
    #: How many ids the list has shown.
    size: ListSize = msgspec.field(default_factory=ListSize)
    #: Ids that the list showed and VTEX failed to give, with the date of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    #: The products of a key that lists only SKUs.
    learned: Learned | None = None

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Read the states of versions whose runs looked at every product, too."""
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
        """When the pass under way began, or the last full pass."""
        return self.under_way.began if self.under_way else self.full_pass_at

    def merged_with(self, other: CatalogBookmark) -> CatalogBookmark | None:
        """One bookmark that holds for both; None if one has to catch up first."""
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
