"""Entities: the documents that exist, and their state at any moment.

As with orders, a document is computed from its number and the time. Edits are stored
separately.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sandbox.clock import DAY, MINUTE, SECOND, moment
from sandbox.masterdata.where import Where, created_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.oms.history import History

Json = dict[str, Any]
#: Makes a document's own fields from its number, a random generator seeded with that number, and
#: the time.
Write = Callable[[int, random.Random, int], Json]

#: The index holds a second copy, with the id in capitals, of one document in this many.
COPY_ONE_IN = 499
#: The number of a document imported with a creation date older than VTEX.
OLDEST = 0
#: Documents fall into this many groups by number. In one group lastInteractionIn is
#: always null, in another it stays at the creation date.
GROUPS, NO_INTERACTION, STALE_INTERACTION = 7, 3, 5
#: The length of an acronym; entities of version 1 have acronyms.
ACRONYM = 2
#: How far the index lags.
INDEX_DELAY = 90 * SECOND


class Field(NamedTuple):
    """A field of an entity's structure; the type is VTEX's name for it."""

    name: str
    type: str
    is_filter: bool = False
    is_internal: bool = False


INTERNAL = (
    Field("id", "Varchar 100", is_internal=True),
    Field("accountId", "Varchar 50", is_internal=True),
    Field("accountName", "Varchar 100", is_internal=True),
    Field("dataEntityId", "Varchar 10", is_internal=True),
    Field("createdBy", "User Login", is_filter=True, is_internal=True),
    Field("createdIn", "Date and Time", is_filter=True, is_internal=True),
    Field("updatedBy", "User Login", is_filter=True, is_internal=True),
    Field("updatedIn", "Date and Time", is_filter=True, is_internal=True),
    Field("lastInteractionBy", "User Login", is_filter=True, is_internal=True),
    Field("lastInteractionIn", "Date and Time", is_filter=True, is_internal=True),
    Field("followers", "Text", is_internal=True),
    Field("tags", "Text", is_internal=True),
    Field("auto_filter", "Text", is_internal=True),
)
#: For version 2, VTEX documents searches by ``createdIn`` and ``updatedIn`` only.
INTERNAL_2 = (
    *(one._replace(is_filter=one.name in {"createdIn", "updatedIn"}) for one in INTERNAL[:10]),
)
DATES = ("createdIn", "updatedIn", "lastInteractionIn")


class Schema(NamedTuple):
    """A JSON Schema of an entity of version 2."""

    name: str
    body: Json
    #: One document in this many complies with the schema.
    one_in: int = 1


class Entry(NamedTuple):
    """An entry of the index: a document's number, and whether this is its copy."""

    number: int
    is_copy: bool = False


@dataclass
class Entity:
    """An entity of Master Data and its documents."""

    acronym: str
    name: str
    fields: tuple[Field, ...]
    history: History
    seed: int
    account: str
    write: Write
    #: Edits by document number: time and fields.
    edits: dict[int, list[tuple[int, Json]]] = field(default_factory=dict)
    deleted: dict[int, int] = field(default_factory=dict)
    #: The time from which the index shows a document, by number.
    late: dict[int, int] = field(default_factory=dict)
    #: The time at which the index stopped updating a document, by number.
    stale: dict[int, int] = field(default_factory=dict)
    #: Documents that the index holds twice under one id; totals count both. Known issue
    #: 1203412: the indexer "creates multiple records for the same document ID".
    twice: set[int] = field(default_factory=set)
    #: Ids that the store chose itself; they may differ only in letter case.
    chosen_ids: dict[int, str] = field(default_factory=dict)
    #: One document in this many has no creation date, like some imported ones. 1: all but the
    #: oldest.
    undated_one_in: int = 251
    #: From this time on, no document is created, and documents change by edits only.
    closed: int = 2**62
    #: Version 2: the JSON Schemas.
    schemas: tuple[Schema, ...] = ()
    #: Version 2: the response without ``_schema``: all fields, only those that are always sent, or
    #: a refusal. VTEX's reference requires the parameter. What happens without it is a guess,
    #: though public code mentions bare ids, and too few documents.
    without_schema: Literal["whole", "ids", "refused"] = "whole"

    @property
    def is_version_2(self) -> bool:
        """Whether it is of version 2, where entities have names instead of acronyms."""
        return len(self.acronym) > ACRONYM

    def schema(self, name: str) -> Schema | None:
        """A JSON Schema by its name."""
        return next((one for one in self.schemas if one.name == name), None)

    # -- documents -----------------------------------------------------------------------

    def numbers(self, at: int) -> Iterator[int]:
        """The numbers of the documents that exist at a time."""
        for number in range(self.history.since(min(at, self.closed) + 1)):
            if self.deleted.get(number, at + 1) > at:
                yield number

    def dates(self, number: int, at: int) -> dict[str, int | None]:
        """A document's createdIn, updatedIn and lastInteractionIn at a time, in ticks."""
        made = self.history.created(number)
        created = None if number % self.undated_one_in == 7 % self.undated_one_in else made
        if number == OLDEST:
            created = made - 30 * 365 * DAY
        until = min(at, self.closed)
        updated, visited = self._events(number, made)
        events = [event for event in (updated, visited) if event is not None and event <= until]
        edited = [when for when, _ in self.edits.get(number, ()) if when <= at]
        group = number % GROUPS
        is_odd = group in (NO_INTERACTION, STALE_INTERACTION)
        # For some documents a visit moves updatedIn; VTEX does not say when.
        counted = [event for event in events if event == updated or number % 3 or is_odd]
        active = max([*events, *edited], default=created)
        return {
            "createdIn": created,
            "updatedIn": max([*counted, *edited], default=None),
            "lastInteractionIn": {NO_INTERACTION: None, STALE_INTERACTION: created}.get(
                group, active
            ),
        }

    def _events(self, number: int, created: int) -> tuple[int | None, int | None]:
        """When a document is updated and when its owner visits the shop; None for never."""
        chance = (number * 0x9E3779B97F4A7C15 + self.seed) & 0xFFFFFFFFFFFF
        updated = created + MINUTE + chance % (200 * DAY) if chance >> 8 & 7 < 3 else None
        visited = created + chance % (90 * DAY) if chance >> 16 & 7 < 4 else None
        return updated, visited

    def visited(self, number: int, at: int) -> int | None:
        """When the document's owner visited the shop; None if not yet."""
        event = self._events(number, self.history.created(number))[1]
        return event if event is not None and event <= min(at, self.closed) else None

    def document_id(self, number: int) -> str:
        """A document's id."""
        if number in self.chosen_ids:
            return self.chosen_ids[number]
        return _generated_id(self.acronym, self.seed, number)

    def document(self, number: int, at: int) -> Json:
        """A document's state at a time."""
        dice = random.Random(f"{self.acronym} {self.seed} {number}")
        document = {
            **{one.name: None for one in self.fields},
            **self.write(number, dice, at),
            "id": self.document_id(number),
            "accountId": "5f1fe23b-9fd1-417d-a4aa-14df38e7746e",
            "accountName": self.account,
            "dataEntityId": self.acronym,
            "createdBy": "c83ea7ed-f875-4a10-b0a0-98d96aedab06",
            "lastInteractionBy": "c83ea7ed-f875-4a10-b0a0-98d96aedab06",
            **({} if self.is_version_2 else {"followers": [], "tags": []}),
            **{name: _text(when) for name, when in self.dates(number, at).items()},
        }
        for when, patch in self.edits.get(number, ()):
            if when <= at:
                document |= patch
        return document

    def changes(self) -> tuple[object, ...]:
        """A fingerprint of all changes so far, to tell whether a cached search is still valid."""
        return (
            sum(map(len, self.edits.values())),
            len(self.deleted),
            len(self.twice),
            self.undated_one_in,
            tuple(self.late.items()),
            tuple(self.stale.items()),
        )

    # -- the index -----------------------------------------------------------------------

    def find(self, where: Where | None, at: int) -> list[Entry]:
        """What search and scroll find at a time, in order of creation."""
        narrowed = created_between(where) if where else None
        last = self.history.since(min(at - INDEX_DELAY, self.closed) + 1)
        numbers = {OLDEST, *self.history.between(*narrowed)} if narrowed else range(last)
        found = []
        for number in sorted(numbers):
            indexed = self._indexed(number, at)
            is_gone = self.deleted.get(number, indexed + 1) <= indexed
            if number >= last or is_gone or at < self.late.get(number, at):
                continue
            if where is None or where.holds(self._getter(number, indexed)):
                found += [Entry(number)] * (2 if number in self.twice else 1)
                if number % COPY_ONE_IN == 11:
                    # The copy comes before the document or after it.
                    found.insert(len(found) - number % 2, Entry(number, is_copy=True))
        return found

    def _indexed(self, number: int, at: int) -> int:
        """The time of the version of a document that the index holds."""
        indexed = at - INDEX_DELAY
        return min(indexed, self.stale.get(number, indexed))

    def _getter(self, number: int, at: int) -> Callable[[str], object]:
        dates = self.dates(number, at)

        def get(name: str) -> object:
            return dates[name] if name in dates else self.document(number, at).get(name)

        return get

    def indexed_document(self, entry: Entry, at: int) -> Json:
        """A document as the index shows it at a time."""
        if not entry.is_copy:
            return self.document(entry.number, self._indexed(entry.number, at))
        stale = self.document(entry.number, self.history.created(entry.number))
        return stale | {"id": stale["id"].upper()}


@cache
def _generated_id(acronym: str, seed: int, number: int) -> str:
    dice = random.Random(f"{acronym} id {seed} {number}")
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def _text(at: int | None) -> str | None:
    return None if at is None else f"{moment(at).isoformat()[:19]}.{at % SECOND:07d}Z"
