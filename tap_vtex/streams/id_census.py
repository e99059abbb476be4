"""Which ids a list has shown, for the state."""

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
        return cls(_ids(_numbers_in(state)))

    def to_state(self) -> str:
        """Write the set."""
        return _fitting(sorted(self.ids), _differences, MAX_CHARACTERS)[0]

    def __eq__(self, other: object) -> bool:
        """Whether the other one is the same set."""
        return isinstance(other, IdSet) and self.ids == other.ids

    def __hash__(self) -> int:
        """Equal sets have equal hashes."""
        return hash(self.ids)


class IdCounts:
    """A number of things for each of some ids, packed: less than two bytes an id.

    As many ids as fit into the state are kept, the lowest ones.
    """

    #: They take no more characters of the state than this.
    max_characters: ClassVar[int] = 64_000

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        def numbers(ids: Sequence[int]) -> list[int]:
            return [*_differences(ids), *(given[one] for one in ids)]

        given = counts or {}
        self._packed, kept = _fitting(sorted(given), numbers, self.max_characters)
        self.counts = {one: given[one] for one in kept}
        #: Whether all of them fit.
        self.is_whole = len(kept) == len(given)

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Read the numbers from the state.

        Raises:
            TypeError, ValueError: The state holds something else.
        """
        numbers = list(_numbers_in(state))
        half = len(numbers) // 2
        return cls(dict(zip(_ids(numbers[:half]), numbers[half:], strict=True)))

    def to_state(self) -> str:
        """Write the numbers."""
        return self._packed

    def __eq__(self, other: object) -> bool:
        """Whether the other ones are the same."""
        return isinstance(other, IdCounts) and self.counts == other.counts

    def __hash__(self) -> int:
        """Equal ones have equal hashes."""
        return hash(self._packed)


def _fitting(
    ids: Sequence[int], numbers: Callable[[Sequence[int]], Iterable[int]], limit: int
) -> tuple[str, Sequence[int]]:
    """As many of the lowest ids as fit into so many characters, packed; and those ids."""
    while len(text := packed(_in_bytes(numbers(ids)))) > limit:
        ids = ids[: len(ids) * 9 // 10]
    return text, ids


def _differences(ids: Sequence[int]) -> list[int]:
    """The differences between ascending ids, from -1 on."""
    return [one - before for before, one in pairwise(chain((-1,), ids))]


def _ids(differences: Iterable[int]) -> Iterator[int]:
    """The ids that have such differences."""
    return islice(accumulate(differences, initial=-1), 1, None)


def _in_bytes(numbers: Iterable[int]) -> bytes:
    """Numbers with 7 bits a byte, the highest bit for more to come."""
    content = bytearray()
    for number in numbers:
        left = number
        while left > 127:  # noqa: PLR2004 - 7 bits
            content.append(left & 127 | 128)
            left >>= 7
        content.append(left)
    return bytes(content)


def _numbers_in(state: str) -> Iterator[int]:
    number = shift = 0
    for byte in unpacked(state):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the highest bit
            yield number
            number = shift = 0
