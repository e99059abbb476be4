"""Which rows of a list have changed, where the list has no date that can be trusted.

A checksum of each row stays in the state. Time alone changes promotions, and VTEX's known
issues 1375848 and 1379679 do not say that their date moves then.
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

#: A bucket and its checksum, as the state has them.
_ENTRY: Final = Struct(">II")
_BYTES: Final = 4
BITS: Final = 8 * _BYTES
#: With more buckets than this, rows share them: 2 to the power of `SHARED_BITS` buckets, which
#: is 44 kB of state.
MAX_BUCKETS: Final = 4096
SHARED_BITS: Final = 12
#: Set in a checksum if the next run has to look at the row once more.
AGAIN: Final = 1


class RowCensus(Bookmark, frozen=True, kw_only=True):
    """Checksums of rows by bucket, which is a hash of the row's id.

    Up to `MAX_BUCKETS` rows have a bucket each. Beyond that, rows share buckets, and all rows
    of a bucket count as changed if one of them has.
    """

    #: How many bits of the hash tell buckets apart.
    bits: int = BITS
    packed: bytes = b""

    def __post_init__(self) -> None:
        """Refuse a damaged state."""
        if len(self.packed) % _ENTRY.size or not 0 < self.bits <= BITS:
            raise ValueError("not the checksums of rows")

    @classmethod
    def of(cls, checksums: Mapping[int, int], bits: int) -> Self:
        """The census of some checksums by bucket."""
        packed = b"".join(_ENTRY.pack(*entry) for entry in sorted(checksums.items()))
        return cls(bits=bits, packed=packed)

    def checksums(self) -> dict[int, int]:
        """The checksums by bucket."""
        return dict(_ENTRY.iter_unpack(self.packed))


class RowChanges:
    """The rows of a list, compared with what earlier runs have seen of them.

    What has changed is looked at twice, in two runs: VTEX may list a change before it shows
    it elsewhere.
    """

    def __init__(self, census: RowCensus, rows: Mapping[str, Document]) -> None:
        """Compare rows, by id, with the ones that are known."""
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

    def to_look_at(self) -> dict[int, list[str]]:
        """The buckets that differ from what is known, with the ids of their rows."""
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
        """Whether a bucket has not changed since the last run looked at it."""
        return self._known.get(bucket) == self._now[bucket] | AGAIN

    def note(self, bucket: int, *, again: bool) -> None:
        """Take note of a bucket that was looked at, for the next run to do so ``again``."""
        self._known[bucket] = self._now[bucket] | (AGAIN if again else 0)

    def forget_missing(self) -> None:
        """Forget rows that the list no longer has."""
        self._known = {b: value for b, value in self._known.items() if b in self._now}

    def census(self) -> RowCensus:
        """What is known by now."""
        return RowCensus.of(self._known, self._bits)


def _shared(checksums: Mapping[int, int], bits: int) -> dict[int, int]:
    """Checksums of buckets with a row each, as those of shared buckets."""
    shared: defaultdict[int, int] = defaultdict(int)
    for bucket, value in checksums.items():
        # A row to look at once more leaves a checksum that no rows have.
        place = bucket >> (bits - SHARED_BITS)
        shared[place] = (shared[place] + value) % 2**BITS
    return dict(shared)
