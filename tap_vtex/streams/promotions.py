"""The streams of VTEX's Rates and Benefits: promotions and coupons."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeGuard

from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.errors import UnavailableError
from tap_vtex.http.bodies import documents_in, is_document_or_nothing, is_list_of_documents
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.http.fetching import fetch_each
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.lists import ListStream
from tap_vtex.streams.watermark import Watermark
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from singer_sdk.helpers.types import Context

    from tap_vtex.types import Document


def _has_items(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and isinstance(body.get("items"), list)


#: One resource opens everything here. VTEX also knows it by the key
#: GerenciarPromocoesETarifas.
_RESOURCES: Final = (Resource("Rates and Benefits", "Promotions", "Manage benefits and rates"),)
PROMOTION_LIST: Final = Endpoint(
    "/api/rnb/pvt/benefits/calculatorconfiguration", _has_items, _RESOURCES
)
PROMOTION_ARCHIVE: Final = Endpoint(
    "/api/rnb/pvt/archive/benefits/calculatorConfiguration", _has_items, _RESOURCES
)
PROMOTION: Final = Endpoint(
    "/api/rnb/pvt/calculatorconfiguration/{}", is_document_or_nothing, _RESOURCES
)
COUPONS: Final = Endpoint("/api/rnb/pvt/coupon", is_list_of_documents, _RESOURCES)

#: The lists within a response that hold promotions.
PARTS: Final = ("items", "disabledItems", "archivedItems")


class ModifiedStream(ListStream):
    """A list without pages. Every run emits the rows that were modified."""

    replication_key = "lastModifiedUtc"

    def rows(self) -> list[Document]:
        """All rows."""
        rows: list[Document] = self.run.client.get(self.endpoint).body
        return rows

    def documents(self, rows: list[Document]) -> Iterator[Document]:
        """Turn rows into what the stream emits."""
        yield from rows

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield rows that were modified since the last run, and rows without a date."""
        rows = list(self.with_key(self.rows()))
        began = whole_second(self.run.client.now())
        bookmark = self.load_bookmark(partition, Watermark) or Watermark()
        if bookmark.seen_at:
            self.check_clock(bookmark.seen_at)
        picked = [row for row in rows if (date := _modified(row)) is None or bookmark.picks(date)]
        for document in self.documents(picked):
            yield {**document, "synced_at": dates.text(self.run.client.now())}
        newest = max(filter(None, map(_modified, rows)), default=None)
        self.checkpoint(partition, bookmark.after_pass(began, self.run.client.now(), newest))


class PromotionsStream(ModifiedStream):
    """Promotions, archived ones included, each with its conditions and effects."""

    name = "promotions"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="promotions")
    primary_keys = ("account_name", "idCalculatorConfiguration")
    endpoint = PROMOTION_LIST

    def rows(self) -> list[Document]:
        """The rows of the list and of the archive, one for each promotion.

        A promotion in both counts as archived, whatever else its rows say.
        """
        by_id: dict[object, Document] = {}
        for endpoint in (PROMOTION_LIST, PROMOTION_ARCHIVE):
            for row in _items(self.run.client.get(endpoint).body):
                row["isArchived"] = bool(row.get("isArchived")) or endpoint is PROMOTION_ARCHIVE
                known = by_id.get(row.get("idCalculatorConfiguration"), row)
                latest = max(known, row, key=lambda one: str(one.get("lastModifiedUtc") or ""))
                archived = known["isArchived"] or row["isArchived"]
                by_id[row.get("idCalculatorConfiguration")] = {**latest, "isArchived": archived}
        return list(by_id.values())

    def documents(self, rows: list[Document]) -> Iterator[Document]:
        """Request each promotion in full."""

        def fetch(row: Document, stop: threading.Event) -> Document | None:
            promotion_id = row["idCalculatorConfiguration"]
            return self.run.client.get(PROMOTION, promotion_id, stop=stop).body

        failed: list[str] = []
        for outcome in fetch_each(self.run.client, PROMOTION, fetch, rows):
            row = outcome.item
            if outcome.error and not outcome.is_unknown:
                failed.append(str(row["idCalculatorConfiguration"]))
                continue
            full = outcome.result or {}
            yield _spelled_alike({**row, **full, "isArchived": row["isArchived"]})
        if failed:
            raise UnavailableError(
                f"VTEX failed to give the promotions {', '.join(failed)}. The next run asks for "
                "them again."
            )


class CouponsStream(ModifiedStream):
    """Coupons, archived ones included as far as VTEX lists them."""

    name = "coupons"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="coupons")
    primary_keys = ("account_name", "couponCode")
    endpoint = COUPONS


def _modified(row: Document) -> datetime | None:
    return dates.parse(row.get("lastModifiedUtc"))


def _items(body: Document) -> Iterator[Document]:
    for part in PARTS:
        yield from documents_in(body.get(part))


def _spelled_alike(promotion: Document) -> Document:
    """Rename the list's ``Campaigns`` to ``campaigns``, as it is called elsewhere."""
    if "Campaigns" in promotion:
        campaigns = promotion.pop("Campaigns")
        promotion.setdefault("campaigns", campaigns)
    return promotion
