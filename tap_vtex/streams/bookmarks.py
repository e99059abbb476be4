"""Bookmarks: where the next run resumes a stream.

A bookmark is a frozen msgspec struct; its fields define how it is read, validated and written. A
run never edits a bookmark. It makes a new one and passes it to `VtexStream.checkpoint`.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A date in the state: a day, or a moment with or without a zone.
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-][\d:]+)?)?")

#: A bookmark further ahead of VTEX's clock than this must be wrong, or the clock is.
MAX_AHEAD: Final = timedelta(hours=1)
#: What VTEX contradicts is accepted once VTEX has said the same for this long.
ACCEPTED_AFTER: Final = timedelta(days=1)
#: A periodic pass may start this much early, but never more than a tenth of its period.
MAX_EARLY: Final = timedelta(hours=3)


class Bookmark(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next run resumes a stream. Dates are UTC."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Read a bookmark from the state.

        A date without a zone is taken as UTC, and a day as its start, so a state can be edited
        by hand.

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

    It may begin a little early: a daily job that starts a minute sooner than the day before must
    not put it off to the next day.
    """
    if last is None or not every or now < last - MAX_AHEAD:
        return True
    return now >= last + every - min(every / 10, MAX_EARLY)


def checksum(text: str, size: int) -> int:
    """The checksum of a text, as a number of ``size`` bytes."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest(), "big")
