"""Compact records of ids for the state."""

from __future__ import annotations

from itertools import accumulate, chain, islice, pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Self

import msgspec

from tap_vtex.streams.bookmarks import Bookmark, checksum
from tap_vtex.streams.packing import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

BUCKETS: Final = 256
CHECKSUM_BYTES: Final = 3
_SIZE: Final = BUCKETS * CHECKSUM_BYTES
#: The most characters that an `IdSet` may take up in the state.
MAX_CHARACTERS: Final = 20_000


class IdCensus(Bookmark, frozen=True, kw_only=True):
    """The ids that a list has shown, in one kilobyte: a checksum for each of 256 buckets.

    New units are usually recognized by an id above the highest one. If the checksum of a bucket
    differs, a unit with a lower id was added, was removed or changed its SKUs, so all units in
    the bucket count as new.
    """

    highest: int = -1
    checksums: Annotated[bytes, msgspec.Meta(min_length=_SIZE, max_length=_SIZE)] = bytes(_SIZE)

    @classmethod
    def of(cls, units: Mapping[int, Collection[int]], up_to: int | None = None) -> IdCensus:
        """The census of a list, or of its ids up to a maximum."""
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
        """The units in a list that are new to this census."""
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
    """A set of ids, packed in about one byte per id, or less if they are close together.

    If a set is too large for the state, its highest ids are dropped there.
    """

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self.ids = frozenset(ids)

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Read a set from the state.

        Raises:
            TypeError, ValueError: The state holds something else.
        """
        return cls(_ids(_read_varints(state)))

    def to_state(self) -> str:
        """Write the set to the state."""
        return _fitting(sorted(self.ids), _differences, MAX_CHARACTERS)[0]

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same ids."""
        return isinstance(other, IdSet) and self.ids == other.ids

    def __hash__(self) -> int:
        """Equal sets have equal hashes."""
        return hash(self.ids)


class IdCounts:
    """A count for each of some ids, packed in less than two bytes per id.

    If there are too many for the state, the highest ids are dropped.
    """

    #: The most characters that the counts may take up in the state.
    max_characters: ClassVar[int] = 64_000

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        def numbers(ids: Sequence[int]) -> list[int]:
            return [*_differences(ids), *(given[one] for one in ids)]

        given = counts or {}
        self._packed, kept = _fitting(sorted(given), numbers, self.max_characters)
        self.counts = {one: given[one] for one in kept}
        #: Whether all ids fit.
        self.is_whole = len(kept) == len(given)

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Read the counts from the state.

        Raises:
            TypeError, ValueError: The state holds something else.
        """
        numbers = list(_read_varints(state))
        half = len(numbers) // 2
        return cls(dict(zip(_ids(numbers[:half]), numbers[half:], strict=True)))

    def to_state(self) -> str:
        """Write the counts to the state."""
        return self._packed

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same counts."""
        return isinstance(other, IdCounts) and self.counts == other.counts

    def __hash__(self) -> int:
        """Equal counts have equal hashes."""
        return hash(self._packed)


def _fitting(
    ids: Sequence[int], numbers: Callable[[Sequence[int]], Iterable[int]], limit: int
) -> tuple[str, Sequence[int]]:
    """Pack the lowest ids that fit into ``limit`` characters; return the text and those ids."""
    while len(text := packed(_varints(numbers(ids)))) > limit:
        ids = ids[: len(ids) * 9 // 10]
    return text, ids


def _differences(ids: Sequence[int]) -> list[int]:
    """The differences between ascending ids, starting from -1."""
    return [one - before for before, one in pairwise(chain((-1,), ids))]


def _ids(differences: Iterable[int]) -> Iterator[int]:
    """The ids with these differences."""
    return islice(accumulate(differences, initial=-1), 1, None)


def _varints(numbers: Iterable[int]) -> bytes:
    """Encode numbers as LEB128: 7 bits per byte, and the high bit if more bytes follow."""
    content = bytearray()
    for number in numbers:
        left = number
        while left > 127:  # noqa: PLR2004 - 7 bits
            content.append(left & 127 | 128)
            left >>= 7
        content.append(left)
    return bytes(content)


def _read_varints(state: str) -> Iterator[int]:
    number = shift = 0
    for byte in unpacked(state):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the highest bit
            yield number
            number = shift = 0
