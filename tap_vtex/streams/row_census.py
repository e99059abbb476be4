"""Detects changed rows in lists whose dates can't be trusted.

The state keeps a checksum of each row. Promotions also change as time passes, and VTEX's known
issues 1375848 and 1379679 don't say that their date moves then.
"""

from __future__ import annotations

from collections import defaultdict
from struct import Struct
from typing import TYPE_CHECKING, Final, Self

import msgspec

from tap_vtex.streams.bookmarks import Bookmark, checksum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_vtex.types import Document

#: A bucket and its checksum, as stored in the state.
_ENTRY: Final = Struct(">II")
_BYTES: Final = 4
BITS: Final = 8 * _BYTES
#: Beyond this many rows, rows share 2 ** `SHARED_BITS` buckets: 44 kB of state.
MAX_BUCKETS: Final = 4096
SHARED_BITS: Final = 12
#: The bit of a checksum that makes the next run look at the row again.
RECHECK: Final = 1


class RowCensus(Bookmark, frozen=True, kw_only=True):
    """Checksums of rows by bucket, which is a hash of the row's id.

    Up to `MAX_BUCKETS` rows have a bucket each. Beyond that, rows share buckets, and if one row
    in a bucket has changed, all of them count as changed.
    """

    #: How many bits of the hash make up the bucket.
    bits: int = BITS
    packed: bytes = b""

    def __post_init__(self) -> None:
        """Reject a damaged state."""
        if len(self.packed) % _ENTRY.size or not 0 < self.bits <= BITS:
            raise ValueError("not the checksums of rows")

    @classmethod
    def of(cls, checksums: Mapping[int, int], bits: int) -> Self:
        """Build a census from checksums by bucket."""
        packed = b"".join(_ENTRY.pack(*entry) for entry in sorted(checksums.items()))
        return cls(bits=bits, packed=packed)

    def checksums(self) -> dict[int, int]:
        """The checksums by bucket."""
        return dict(_ENTRY.iter_unpack(self.packed))


class RowChanges:
    """The rows of a list, compared with those that earlier runs saw.

    Changed rows are looked at in two runs, since VTEX may list a change before it shows it
    elsewhere.
    """

    def __init__(self, census: RowCensus, rows: Mapping[str, Document]) -> None:
        """Compare rows, by id, with the known ones."""
        self._known = census.checksums()
        self._bits = census.bits
        if self._bits > SHARED_BITS and max(len(rows), len(self._known)) > MAX_BUCKETS:
            self._known = _shared(self._known, self._bits)
            self._bits = SHARED_BITS
        self._keys: defaultdict[int, list[str]] = defaultdict(list)
        self._now: defaultdict[int, int] = defaultdict(int)
        for key, row in rows.items():
            bucket = checksum(key, _BYTES) >> (BITS - self._bits)
            self._keys[bucket].append(key)
            content = f"{key} {msgspec.json.encode(row, order='deterministic').decode()}"
            self._now[bucket] = (self._now[bucket] + (checksum(content, _BYTES) << 1)) % 2**BITS

    def changed_buckets(self) -> dict[int, list[str]]:
        """The buckets that have changed or need a second look, with the ids of their rows."""
        return {
            bucket: keys
            for bucket, keys in self._keys.items()
            if self._known.get(bucket) != self._now[bucket]
        }

    def bucket_of(self, key: str) -> int:
        """The bucket of a row."""
        return checksum(key, _BYTES) >> (BITS - self._bits)

    def is_new(self, bucket: int) -> bool:
        """Whether no row of a bucket is known."""
        return bucket not in self._known

    def is_second_look(self, bucket: int) -> bool:
        """Whether a bucket has not changed, but was marked for a second look."""
        return self._known.get(bucket) == self._now[bucket] | RECHECK

    def note(self, bucket: int, *, again: bool) -> None:
        """Record a bucket that was looked at; ``again`` makes the next run look again."""
        self._known[bucket] = self._now[bucket] | (RECHECK if again else 0)

    def forget_missing(self) -> None:
        """Forget rows that the list no longer has."""
        self._known = {b: value for b, value in self._known.items() if b in self._now}

    def census(self) -> RowCensus:
        """The census to store."""
        return RowCensus.of(self._known, self._bits)


def _shared(checksums: Mapping[int, int], bits: int) -> dict[int, int]:
    """Merge the checksums of single rows into those of shared buckets."""
    shared: defaultdict[int, int] = defaultdict(int)
    for bucket, value in checksums.items():
        # The bit for a second look changes the sum, so the bucket counts as changed.
        place = bucket >> (bits - SHARED_BITS)
        shared[place] = (shared[place] + value) % 2**BITS
    return dict(shared)
