"""The streams of VTEX's Rates and Benefits."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeGuard
from urllib.parse import quote

from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.bodies import documents_in, is_document_or_nothing, is_list_of_documents
from tap_vtex.errors import UnavailableError
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.fetching import fetch_each
from tap_vtex.streams.lists import ListStream
from tap_vtex.streams.watermark import Watermark
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.base import Document

RATES: Final = "/api/rnb/pvt"
PROMOTION_LIST: Final = f"{RATES}/benefits/calculatorconfiguration"
ARCHIVE: Final = f"{RATES}/archive/benefits/calculatorConfiguration"
PROMOTION: Final = f"{RATES}/calculatorconfiguration"
#: Lists in an answer that hold promotions.
PARTS: Final = ("items", "disabledItems", "archivedItems")


class ModifiedStream(ListStream):
    """A list without pages, of which every run emits what was modified."""

    replication_key = "lastModifiedUtc"

    def rows(self) -> list[Document]:
        """All rows."""
        return self.tap.client.get(self.list_path, is_list_of_documents).body

    def documents(self, rows: list[Document]) -> Iterator[Document]:
        """Make of rows what the stream emits of them."""
        yield from rows

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield what was modified since the last run, and what bears no date."""
        rows = list(self.with_key(self.rows()))
        began = whole_second(self.tap.client.now())
        at = self.read_state(partition, Watermark.from_state) or Watermark()
        if at.seen_at:
            self.check_clock(at.seen_at)
        picked = [row for row in rows if (date := _modified(row)) is None or at.picks(date)]
        for document in self.documents(picked):
            yield {**document, "synced_at": dates.text(self.tap.client.now())}
        latest = max(filter(None, map(_modified, rows)), default=None)
        done = at.after_pass(began, self.tap.client.now(), latest)
        self.remember(partition, done.as_state())
        self.write_state()


class PromotionsStream(ModifiedStream):
    """Promotions, archived ones too, each with its conditions and effects."""

    name = "promotions"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="promotions")
    primary_keys = ("account_name", "idCalculatorConfiguration")

    list_path = PROMOTION_LIST

    def rows(self) -> list[Document]:
        """The rows of the list and of the archive, one for each promotion.

        A promotion can be in both: it is archived then, whatever else is said of it.
        """
        found: dict[object, Document] = {}
        for path in (self.list_path, ARCHIVE):
            body = self.tap.client.get(path, _has_items).body
            for row in _items(body):
                row["isArchived"] = bool(row.get("isArchived")) or path == ARCHIVE
                known = found.get(row.get("idCalculatorConfiguration"), row)
                latest = max(known, row, key=lambda one: str(one.get("lastModifiedUtc") or ""))
                archived = known["isArchived"] or row["isArchived"]
                found[row.get("idCalculatorConfiguration")] = {**latest, "isArchived": archived}
        return list(found.values())

    def documents(self, rows: list[Document]) -> Iterator[Document]:
        """Ask for the whole of each promotion."""

        def ask(row: Document, stop: threading.Event) -> Document | None:
            path = f"{PROMOTION}/{quote(str(row['idCalculatorConfiguration']), safe='')}"
            return self.tap.client.get(path, is_document_or_nothing, stop=stop).body

        failed: list[str] = []
        for fetched in fetch_each(self.tap.client.workers, ask, rows):
            row = fetched.item
            if fetched.trouble and not fetched.is_unknown:
                failed.append(str(row["idCalculatorConfiguration"]))
                continue
            yield _spelled({**row, **(fetched.found or {}), "isArchived": row["isArchived"]})
        if failed:
            raise UnavailableError(
                f"VTEX failed to give the promotions {', '.join(failed)}; the next run asks again."
            )


class CouponsStream(ModifiedStream):
    """Coupons, archived ones as far as VTEX lists them."""

    name = "coupons"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="coupons")
    primary_keys = ("account_name", "couponCode")
    list_path = f"{RATES}/coupon"


def _modified(row: Document) -> datetime | None:
    return dates.parse(row.get("lastModifiedUtc"))


def _items(body: Document) -> Iterator[Document]:
    for part in PARTS:
        yield from documents_in(body.get(part))


def _spelled(promotion: Document) -> Document:
    """The list writes ``Campaigns`` for what is ``campaigns`` elsewhere."""
    if "Campaigns" in promotion:
        campaigns = promotion.pop("Campaigns")
        promotion.setdefault("campaigns", campaigns)
    return promotion


def _has_items(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and isinstance(body.get("items"), list)
