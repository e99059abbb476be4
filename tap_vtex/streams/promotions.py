"""The streams of VTEX's Rates and Benefits: promotions, taxes and coupons."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.errors import AccessError, NotFoundError, RefusedError, UnavailableError, VtexError
from tap_vtex.http.bodies import documents_in, has_items, is_document_or_null, is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.http.fetching import fetch_each
from tap_vtex.http.single import RetryBudget, get_by_id
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.ledger import retry_missing
from tap_vtex.streams.modified import ModifiedStream

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.http.fetching import Outcome
    from tap_vtex.report.check import Check
    from tap_vtex.streams.ledger import RetryLedger
    from tap_vtex.streams.list_size import ListSize
    from tap_vtex.types import Document

KEY: Final = "idCalculatorConfiguration"


def _id_of(body: Document | None) -> object:
    return body.get(KEY) if body else None


#: One resource grants everything here. VTEX also knows it by the key
#: GerenciarPromocoesETarifas.
_RESOURCES: Final = (Resource("Rates and Benefits", "Promotions", "Manage benefits and rates"),)
PROMOTION_LIST: Final = Endpoint(
    "/api/rnb/pvt/benefits/calculatorconfiguration", has_items, _RESOURCES
)
PROMOTION_ARCHIVE: Final = Endpoint(
    "/api/rnb/pvt/archive/benefits/calculatorConfiguration", has_items, _RESOURCES
)
TAX_LIST: Final = Endpoint("/api/rnb/pvt/taxes/calculatorconfiguration", has_items, _RESOURCES)
TAX_ARCHIVE: Final = Endpoint(
    "/api/rnb/pvt/archive/taxes/calculatorConfiguration", has_items, _RESOURCES
)
#: One promotion, or one tax.
PROMOTION: Final = Endpoint(
    "/api/rnb/pvt/calculatorconfiguration/{}", is_document_or_null, _RESOURCES, identity=_id_of
)
COUPONS: Final = Endpoint("/api/rnb/pvt/coupon", is_list, _RESOURCES)

#: The lists of promotions within a response.
PARTS: Final = ("items", "disabledItems", "archivedItems")
#: How many other promotions to try, to learn whether a refusal concerns one or the role.
MAX_PROBES: Final = 3


class PromotionsStream(ModifiedStream):
    """Promotions, archived ones included, each with its conditions and effects."""

    name = "promotions"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="promotions")
    primary_keys = ("account_name", KEY)
    endpoint: ClassVar[Endpoint[Any]] = PROMOTION_LIST
    archive: ClassVar[Endpoint[Any]] = PROMOTION_ARCHIVE

    #: Why the archive could not be read; None if it could.
    _archive_error: VtexError | None = None
    _list_is_empty = False
    #: The ids of all rows.
    _ids: tuple[str, ...] = ()

    def check(self, check: Check) -> None:
        """Request the list, the archive, and a promotion."""
        what = self.name
        listed = check.ask(self.endpoint)
        archived = check.ask(self.archive, fallback=f"archived {what} are left out")
        if archived is None and check.findings[-1].granted:
            check.note(f"VTEX has no archive of {what}, so archived ones are left out.")
        rows = _items(listed) if isinstance(listed, dict) else ()
        first = next((row[KEY] for row in documents_in(list(rows)) if row.get(KEY)), "1")
        check.ask(PROMOTION, first, fallback=f"{what} have only the fields of the list")

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield promotions that changed since the last run."""
        self._archive_error = None
        yield from super().extract(partition)
        if isinstance(self._archive_error, UnavailableError):
            raise self._archive_error

    def rows(self) -> Iterable[Document]:
        """The rows of the list and of the archive, one for each promotion.

        A promotion in both counts as archived, whatever its rows say.
        """
        listed = list(_items(self.run.client.get(self.endpoint).body))
        self._list_is_empty = not listed
        by_id: dict[str, Document] = {}
        for rows, in_archive in ((listed, False), (self._archived(), True)):
            for row in self.with_key(rows):
                row["isArchived"] = bool(row.get("isArchived")) or in_archive
                known = by_id.get(self.key_of(row), row)
                latest = max(known, row, key=lambda one: str(one.get("lastModifiedUtc") or ""))
                archived = known["isArchived"] or row["isArchived"]
                by_id[self.key_of(row)] = {**latest, "isArchived": archived}
        self._ids = tuple(by_id)
        return by_id.values()

    def count(self, rows: Collection[str], size: ListSize) -> int:
        """How many rows came; 0 if a first reading found only the archive."""
        return 0 if self._list_is_empty and size.rows is None else super().count(rows, size)

    def _archived(self) -> list[Any]:
        """The rows of the archive; none if it can't be read."""
        if self._archive_error is None:
            try:
                return list(_items(self.run.client.get(self.archive).body))
            except (AccessError, NotFoundError, RefusedError, UnavailableError) as error:
                self._archive_error = error
                self.logger.warning("Archived %s are left out. %s", self.name, error)
        self.is_partial = True
        return []

    def documents(
        self, rows: Mapping[str, Document], ledger: RetryLedger
    ) -> Iterator[tuple[str | None, Document]]:
        """Request each promotion in full."""

        def fetch(key: str, stop: threading.Event) -> Document:
            return get_by_id(self.run.client, PROMOTION, rows[key][KEY], RetryBudget(stop)) or {}

        try:
            for outcome in fetch_each(self.run.client, PROMOTION, fetch, rows):
                yield from self._documents_of(outcome, rows, ledger)
        except AccessError as error:
            if self._can_read_others(rows):
                for key in rows:
                    ledger.add(key, self.run.client.now())
                return
            self.logger.warning(
                "%s have only the fields of the list. %s", self.name.capitalize(), error
            )
            for row in rows.values():
                # Not done: the role may get more rights.
                yield None, _with_campaigns(dict(row))

    def _can_read_others(self, refused: Collection[str]) -> bool:
        """Whether the key may read promotions other than the refused ones."""
        for key in islice((key for key in self._ids if key not in refused), MAX_PROBES):
            try:
                self.run.client.get(PROMOTION, key, retry_for=0)
            except VtexError:
                continue
            return True
        return False

    def retry_documents(
        self, rows: Mapping[str, Document], ledger: RetryLedger
    ) -> Iterator[tuple[str | None, Document]]:
        """The same for promotions that earlier runs did not get."""

        def fetch(key: str, retry_for: float, stop: threading.Event) -> Document:
            budget = RetryBudget(stop, retry_for)
            return get_by_id(self.run.client, PROMOTION, rows[key][KEY], budget) or {}

        for outcome in retry_missing(self.run.client, list(rows), fetch):
            yield from self._documents_of(outcome, rows, ledger)

    def _documents_of(
        self,
        outcome: Outcome[str, Document],
        rows: Mapping[str, Document],
        ledger: RetryLedger,
    ) -> Iterator[tuple[str | None, Document]]:
        key, now = outcome.item, self.run.client.now()
        if outcome.error:
            ledger.add(key, now)
            return
        if outcome.result:
            ledger.discard([key])
        else:
            ledger.add(key, now, is_unknown=True)
        row = rows[key]
        full = outcome.result or {}
        yield key, _with_campaigns({**row, **full, "isArchived": row["isArchived"], KEY: row[KEY]})


class TaxesStream(PromotionsStream):
    """Taxes, which VTEX stores like promotions, archived ones included."""

    name = "taxes"
    endpoint = TAX_LIST
    archive = TAX_ARCHIVE
    selected_by_default = False


class CouponsStream(ModifiedStream):
    """Coupons, including the archived ones that VTEX lists."""

    name = "coupons"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="coupons")
    primary_keys = ("account_name", "couponCode")
    endpoint = COUPONS


def _items(body: Document) -> Iterator[Any]:
    for part in PARTS:
        rows = body.get(part)
        yield from rows if isinstance(rows, list) else ()


def _with_campaigns(promotion: Document) -> Document:
    """Rename ``Campaigns``, the list's spelling, to the usual ``campaigns``."""
    if "Campaigns" in promotion:
        campaigns = promotion.pop("Campaigns")
        promotion.setdefault("campaigns", campaigns)
    return promotion
