"""Find a query that an entity accepts: which fields, and whether by date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.errors import AccessError, RefusedError
from tap_vtex.naming import shown
from tap_vtex.streams.masterdata.api import UNAUTHORIZED, UNDATED
from tap_vtex.streams.masterdata.fields import readable
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.rows import DATES

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Sequence

    from tap_vtex.http.client import VtexClient

#: Requests every field of a document.
ALL_FIELDS: Final = "_all"


class Opened(NamedTuple):
    """A reader whose query the entity accepts."""

    reader: EntityReader
    #: How many documents have no creation date; None if unknown.
    undated: int | None
    #: Fields that the key may not read. They are null.
    unreadable: frozenset[str] = frozenset()


class Opener:
    """Finds a query that an entity accepts."""

    def __init__(
        self,
        client: VtexClient,
        logger: logging.Logger,
        acronym: str,
        schema: str | None = None,
    ) -> None:
        """Take an entity, and the JSON Schema to query it with."""
        self._client = client
        self._logger = logger
        self._acronym = acronym
        self._schema = schema

    def open(self, fields: Sequence[str], *, wants_all: bool) -> Opened:
        """Find a reader whose query the entity accepts.

        VTEX does not say how it treats unknown field names, and it may refuse ``_all`` but accept
        fields by name. So try both. If both are refused but a minimal query is accepted, the
        problem is the fields, whatever VTEX's message says.

        Args:
            fields: The fields to request.
            wants_all: Whether to request all other fields as well.

        Raises:
            AccessError: The key may not read the entity.
            NotFoundError: The store seems to have no such entity.
            RefusedError: The store seems to have no such entity, or it can't be filtered by date.
        """
        by_name = _names((*fields, *DATES))
        refusals: list[AccessError | RefusedError] = []
        for way in (ALL_FIELDS, by_name) if wants_all else (by_name, ALL_FIELDS):
            try:
                opened = self._try(way)
            except (AccessError, RefusedError) as error:
                refusals.append(error)
            else:
                if any(isinstance(one, AccessError) for one in refusals):
                    self._warn("all its fields")
                return opened
        try:
            self._try(_names(("id", *DATES)))
        except (AccessError, RefusedError):
            raise refusals[-1] from None
        return self._open_readable(fields, refusals)

    def _open_readable(
        self, fields: Sequence[str], refusals: Sequence[AccessError | RefusedError]
    ) -> Opened:
        """Leave out the fields that VTEX refuses, whether with a 403 or a 400."""
        wanted = [name for name in fields if name not in {"id", *DATES}]
        named: set[str] = set().union(*(_named_in(one.vtex_message) for one in refusals))

        def may_read(names: Sequence[str]) -> bool:
            try:
                self._try(_names((*names, "id", *DATES)))
            except (AccessError, RefusedError) as error:
                named.update(_named_in(error.vtex_message))
                return False
            return True

        names = wanted
        while named & set(names):
            # VTEX has named the fields, which saves searching for them.
            names = [name for name in names if name not in named]
            if may_read(names):
                break
        else:
            names = readable(names, may_read)
        unreadable = frozenset(wanted) - set(names)
        self._warn(", ".join(map(shown, sorted(unreadable))))
        return self._try(_names((*names, "id", *DATES)))._replace(unreadable=unreadable)

    def _try(self, fields: str) -> Opened:
        reader = EntityReader(self._client, self._logger, self._acronym, fields, self._schema)
        # A 401 can be about the fields, too, so retrying won't help.
        return Opened(reader, reader.count(UNDATED, no_retry=(UNAUTHORIZED,)))

    def _warn(self, which: str) -> None:
        self._logger.warning(
            "The key may not read %s of the Master Data entity %s: those fields are null or left "
            "out. To get them, give the key's role the resource 'CRM administrator' in the License "
            "Manager.",
            which,
            self._acronym,
        )


def _named_in(message: str) -> set[str]:
    """The field names quoted in a refusal, as in ``the fields 'email, phone'``."""
    quoted = re.findall(r"'([^']*)'|\"([^\"]*)\"", message)
    return {name for pair in quoted for text in pair for name in re.split(r"[,;\s]+", text) if name}


def _names(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))
