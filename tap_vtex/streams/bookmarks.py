"""Bookmarks: how far a stream has come, as the state keeps it between runs.

A bookmark is a frozen msgspec struct. Reading, validating and writing are derived from its
fields. A run never edits a bookmark; it makes a new one and hands it to
`VtexStream.checkpoint`.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

#: A date in the state: a day, or a moment with or without a zone.
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-][\d:]+)?)?")

#: A bookmark may be this far ahead of VTEX's clock before one of the two must be wrong.
MAX_AHEAD: Final = timedelta(hours=1)
#: A periodic pass may start this much early, but never more than a tenth of its period.
MAX_EARLY: Final = timedelta(hours=3)


class Bookmark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stream has come. Dates are UTC."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Read a bookmark from the state.

        A date without a zone is taken as UTC, and a day as its first moment, so a state can
        be edited by hand.

        Raises:
            KeyError, TypeError, ValueError: The state holds something else.
        """
        upgraded = cls.upgrade(_with_dates(state))
        return msgspec.convert(upgraded, cls, dec_hook=_decode)

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Turn the state of an earlier version into one of this version.

        Raises:
            KeyError, TypeError, ValueError: The state holds something else.
        """
        return state

    def to_state(self) -> dict[str, Any]:
        """Write the bookmark as JSON."""
        state: dict[str, Any] = _with_text(
            msgspec.to_builtins(self, builtin_types=(datetime,), enc_hook=_encode)
        )
        return state


def _with_dates(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    if isinstance(value, dict):
        return {key: _with_dates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_dates(item) for item in value]
    if isinstance(value, str) and _DATE.fullmatch(value):
        return dates.bounded(dates.parse(value)) or value
    return value


def _with_text(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    if isinstance(value, dict):
        return {key: _with_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text(item) for item in value]
    return dates.text(value) if isinstance(value, datetime) else value


def _decode(kind: type[Any], value: Any) -> Any:  # noqa: ANN401 - any type with from_state
    return kind.from_state(value)


def _encode(value: Any) -> Any:  # noqa: ANN401 - any type with to_state
    return value.to_state()


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether a periodic pass that last began at ``last`` is due.

    A daily job does not start at the same second every day, and a pass must not slip to the
    next day because the job is a minute early.
    """
    if last is None or not every or now < last - MAX_AHEAD:
        return True
    return now >= last + every - min(every / 10, MAX_EARLY)


def checksum(text: str, size: int) -> int:
    """A number of ``size`` bytes that stands for an id in a checksum over many ids."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest(), "big")


class IdPass(Bookmark, frozen=True, kw_only=True):
    """A pass over numeric ids in ascending order, which a later run can resume."""

    #: When the pass began.
    began: datetime
    #: The highest id that is done.
    done_until: int = -1

    def left(self, ids: Collection[int]) -> Sequence[int]:
        """The ids that are still to be done, in ascending order."""
        ordered = sorted(ids)
        return ordered[bisect_right(ordered, self.done_until) :]


def chunks(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Cut a sequence into parts of ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
