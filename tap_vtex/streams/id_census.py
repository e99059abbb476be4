"""Which ids a list has shown, for the state."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Annotated, Final, Self

import msgspec

from tap_vtex.streams.bookmarks import Bookmark, checksum

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

BUCKETS: Final = 256
CHECKSUM_BYTES: Final = 3
_SIZE: Final = BUCKETS * CHECKSUM_BYTES
#: An `IdSet` takes no more characters of the state than this.
MAX_CHARACTERS: Final = 20_000


class IdCensus(Bookmark, frozen=True, kw_only=True):
    """The ids that a list has shown, in one kilobyte: a checksum for each of 256 buckets.

    New things usually have the highest ids, and are recognised by that. If the checksum of a
    bucket differs, a thing with a low id has come, gone or changed its SKUs: all things of the
    bucket count as new.
    """

    highest: int = -1
    checksums: Annotated[bytes, msgspec.Meta(min_length=_SIZE, max_length=_SIZE)] = bytes(_SIZE)

    @classmethod
    def of(cls, units: Mapping[int, Collection[int]], up_to: int | None = None) -> IdCensus:
        """The census of a list, or of its ids up to one of them."""
        sums = [0] * BUCKETS
        for unit, members in units.items():
            if up_to is None or unit <= up_to:
                sums[unit % BUCKETS] += checksum(f"{unit}:{sorted(members)}", CHECKSUM_BYTES)
        size = 256**CHECKSUM_BYTES
        return cls(
            highest=max(units, default=-1),
            checksums=b"".join((total % size).to_bytes(CHECKSUM_BYTES) for total in sums),
        )

    def new_units(self, units: Mapping[int, Collection[int]]) -> set[int]:
        """The units of a list that this census does not know."""
        now = IdCensus.of(units, up_to=self.highest)
        changed = {
            bucket
            for bucket in range(BUCKETS)
            if self._checksum_of(bucket) != now._checksum_of(bucket)  # noqa: SLF001
        }
        return {unit for unit in units if unit > self.highest or unit % BUCKETS in changed}

    def _checksum_of(self, bucket: int) -> bytes:
        return self.checksums[bucket * CHECKSUM_BYTES :][:CHECKSUM_BYTES]


class IdSet:
    """A set of ids, packed: about a byte an id, and less if they lie close together.

    A set that is too large for the state loses its highest ids there.
    """

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self.ids = frozenset(ids)

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Read a set from the state.

        Raises:
            TypeError, ValueError: The state holds something else.
        """
        try:
            return cls(_unpacked(zlib.decompress(b64decode(state, validate=True))))
        except zlib.error as error:
            raise ValueError("not a set of ids") from error

    def to_state(self) -> str:
        """Write the set."""
        ids = sorted(self.ids)
        while len(packed := b64encode(zlib.compress(_packed(ids)))) > MAX_CHARACTERS:
            ids = ids[: len(ids) * 9 // 10]
        return packed.decode()

    def __eq__(self, other: object) -> bool:
        """Whether the other one is the same set."""
        return isinstance(other, IdSet) and self.ids == other.ids

    def __hash__(self) -> int:
        """Equal sets have equal hashes."""
        return hash(self.ids)


def _packed(ids: Iterable[int]) -> bytes:
    """The differences between ascending ids, 7 bits a byte, the highest bit for more to come."""
    content = bytearray()
    last = -1
    for one in ids:
        difference, last = one - last, one
        while difference > 127:  # noqa: PLR2004 - 7 bits
            content.append(difference & 127 | 128)
            difference >>= 7
        content.append(difference)
    return bytes(content)


def _unpacked(content: bytes) -> Iterator[int]:
    last, difference, shift = -1, 0, 0
    for byte in content:
        difference |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the highest bit
            last += difference
            yield last
            difference = shift = 0
