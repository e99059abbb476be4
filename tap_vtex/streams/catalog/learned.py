"""Products that a key which may not list them has learned of from their SKUs."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.id_census import IdCounts


class Learned(Bookmark, frozen=True, kw_only=True):
    """The products that SKUs have named, for the state."""

    #: Each product, with the number of SKUs that VTEX last showed for it.
    skus: IdCounts = msgspec.field(default_factory=IdCounts)
    #: Products that VTEX failed to give, with the date of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    #: Since a full pass that began from here on, every SKU's product is known.
    gap_at: datetime

    def merged(self, other: Learned) -> Learned:
        """What either of the two knows. What they do not agree about is read anew."""
        one, two = self.skus.counts, other.skus.counts
        disputed = {key for key in one.keys() & two.keys() if one[key] != two[key]}
        return Learned(
            skus=IdCounts({**one, **two, **dict.fromkeys(disputed, 0)}),
            missing={**self.missing, **other.missing},
            gap_at=max(self.gap_at, other.gap_at),
        )
