"""How far the catalog has come: what is kept in the state between runs."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from tap_vtex import dates
from tap_vtex.streams.watermark import Watermark, read_date

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BUCKETS: Final = 256
CHECKSUM_BYTES: Final = 3

#: What the catalog is read by: products with their SKUs, or SKUs where the key may list no more.
By = Literal["product", "sku"]


@dataclass(frozen=True)
class IdCensus:
    """Which ids a list has shown, in a kilobyte: a checksum for each of 256 groups of them.

    New things have the highest ids as a rule, and are told by that. Where the checksum of
    a group differs, a thing with a low id has come, gone, or changed its SKUs: all of the
    group are taken for new.
    """

    highest: int = -1
    checksums: bytes = bytes(BUCKETS * CHECKSUM_BYTES)

    @classmethod
    def of(cls, units: Mapping[int, Collection[int]], up_to: int | None = None) -> IdCensus:
        """The census of a list, or of its ids up to one."""
        sums = [0] * BUCKETS
        for unit, members in units.items():
            if up_to is None or unit <= up_to:
                sums[unit % BUCKETS] += _checksum(unit, members)
        most = 256**CHECKSUM_BYTES
        return cls(
            max(units, default=-1),
            b"".join((total % most).to_bytes(CHECKSUM_BYTES) for total in sums),
        )

    def newcomers(self, units: Mapping[int, Collection[int]]) -> set[int]:
        """Which of the units in a list this census does not know."""
        now = IdCensus.of(units, up_to=self.highest)
        changed = {
            bucket
            for bucket in range(BUCKETS)
            if self._checksum_of(bucket) != now._checksum_of(bucket)  # noqa: SLF001
        }
        return {unit for unit in units if unit > self.highest or unit % BUCKETS in changed}

    def _checksum_of(self, bucket: int) -> bytes:
        return self.checksums[bucket * CHECKSUM_BYTES :][:CHECKSUM_BYTES]

    def as_state(self) -> dict[str, Any]:
        """The census as JSON."""
        return {"highest": self.highest, "checksums": base64.b64encode(self.checksums).decode()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> IdCensus:
        """Read what `as_state` wrote."""
        return cls(int(state["highest"]), base64.b64decode(state["checksums"], validate=True))


def _checksum(unit: int, members: Collection[int]) -> int:
    text = f"{unit}:{sorted(members)}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=CHECKSUM_BYTES).digest())


@dataclass
class Pass:
    """A walk through the catalog that is under way."""

    began: datetime
    #: Whether everything is read, or only what has changed.
    full: bool
    #: The ids that the list showed as it began.
    ids: IdCensus
    #: The highest id of those that are done.
    done_until: int = -1
    #: The latest date of change seen so far.
    latest: datetime | None = None

    def as_state(self) -> dict[str, Any]:
        """The pass as JSON."""
        return {
            "began": dates.text(self.began),
            "full": self.full,
            "ids": self.ids.as_state(),
            "done_until": self.done_until,
            "latest": self.latest and dates.text(self.latest),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Pass:
        """Read what `as_state` wrote."""
        return cls(
            datetime.fromisoformat(state["began"]),
            bool(state["full"]),
            IdCensus.from_state(state["ids"]),
            int(state["done_until"]),
            read_date(state["latest"]),
        )


@dataclass
class CatalogBookmark:
    """How far the catalog has come."""

    #: Another key may list another kind of id, and then everything is read again.
    by: By
    watermark: Watermark = field(default_factory=Watermark)
    #: When the last full pass that came to its end had begun.
    full_pass_at: datetime | None = None
    #: The ids that were listed as the last pass began.
    ids: IdCensus = field(default_factory=IdCensus)
    under_way: Pass | None = None
    #: Ids that were listed, and that VTEX failed to give.
    owed: set[int] = field(default_factory=set)

    def abreast_of(self, other: CatalogBookmark) -> CatalogBookmark | None:
        """One bookmark that holds for both, or None where one has to catch up first."""
        if self == other:
            return self
        idle = self.under_way is None and other.under_way is None
        if not (idle and self.by == other.by and self.ids == other.ids):
            return None
        if self.full_pass_at is None or other.full_pass_at is None:
            return None
        return replace(
            self,
            watermark=self.watermark.merged(other.watermark),
            full_pass_at=min(self.full_pass_at, other.full_pass_at),
            owed=self.owed | other.owed,
        )

    def as_state(self) -> dict[str, Any]:
        """The bookmark as JSON."""
        return {
            **self.watermark.as_state(),
            "by": self.by,
            "full_pass_at": self.full_pass_at and dates.text(self.full_pass_at),
            "ids": self.ids.as_state(),
            "under_way": self.under_way and self.under_way.as_state(),
            "owed": sorted(self.owed),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CatalogBookmark:
        """Read what `as_state` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        under_way = state["under_way"]
        return cls(
            by=state["by"],
            watermark=Watermark.from_state(state),
            full_pass_at=read_date(state["full_pass_at"]),
            ids=IdCensus.from_state(state["ids"]),
            under_way=under_way and Pass.from_state(under_way),
            owed={int(unit) for unit in state["owed"]},
        )
