"""Products learned from their SKUs, by a key that may not list products."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.id_census import IdCounts


class Learned(Bookmark, frozen=True, kw_only=True):
    """The products that SKUs have named."""

    #: Each product, with the number of SKUs that VTEX last showed for it.
    skus: IdCounts = msgspec.field(default_factory=IdCounts)
    #: Products whose requests failed, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    #: After a full pass that began at this time or later, every SKU's product is known.
    gap_at: datetime

    def merged(self, other: Learned) -> Learned:
        """What either of the two knows. Where they disagree, the product is read again."""
        one, two = self.skus.counts, other.skus.counts
        disputed = {key for key in one.keys() & two.keys() if one[key] != two[key]}
        return Learned(
            skus=IdCounts({**one, **two, **dict.fromkeys(disputed, 0)}),
            missing={**self.missing, **other.missing},
            gap_at=max(self.gap_at, other.gap_at),
        )
