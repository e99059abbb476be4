"""The promotions, taxes and coupons of the store."""

from __future__ import annotations

import random
from typing import Any

from sandbox.clock import DAY
from sandbox.promotions.forms import (
    promotion_document,
    promotion_row,
    shortest,
    tax_document,
    with_digits,
)

Json = dict[str, Any]

#: A promotion that is archived but still flagged as active, so both lists have it.
HALF_ARCHIVED = 6
COUPONS = 30


class Promotions:
    """The promotions. There are few, so they are stored as documents."""

    #: How many there are at first, and which ones are archived.
    initial_count = 12
    initially_archived: tuple[int, ...] = (3, 6, 8, 11)

    def __init__(self, seed: int, skus: int, start: int) -> None:
        self._seed = seed
        self._skus = skus
        self._by_id: dict[str, Json] = {}
        #: The status of rows whose status does not follow from isActive.
        self._statuses: dict[str, str] = {}
        for number in range(self.initial_count):
            modified = start - (self.initial_count - number) * 41 * DAY + number * 123_456_789_123
            key = self.add_promotion(with_digits(modified, 2 + number % 6))
            if number in self.initially_archived:
                is_archived = {"isArchived": True, "isActive": number == HALF_ARCHIVED}
                self._by_id[key] |= is_archived

    def promotions(self) -> list[Json]:
        """Rows of the list of promotions, without archived ones."""
        return [
            self._row(document)
            for document in self._by_id.values()
            if not document["isArchived"] or document["isActive"]
        ]

    def archived_promotions(self) -> list[Json]:
        """Rows of the list of archived promotions."""
        return [self._row(one) for one in self._by_id.values() if one["isArchived"]]

    def _row(self, document: Json) -> Json:
        row = promotion_row(document)
        status = self._statuses.get(document["idCalculatorConfiguration"], row["status"])
        return row | {"status": status}

    def ids(self) -> list[str]:
        """The ids of all promotions, archived ones included."""
        return list(self._by_id)

    def promotion(self, promotion_id: str) -> Json | None:
        """A promotion's detail; None if it does not exist."""
        return self._by_id.get(promotion_id)

    def edit_promotion(
        self,
        promotion_id: str,
        at: int | None,
        **fields: Any,  # noqa: ANN401
    ) -> None:
        """Change fields of a promotion's detail, or the ``status`` of its row.

        ``at`` becomes ``lastModified`` and may be ahead of the clock. None leaves the date as it
        is: VTEX's known issues 1375848 and 1379679 describe promotions that are archived as time
        passes, and don't say that the date moves then.
        """
        document = self._by_id[promotion_id]
        if unknown := fields.keys() - document.keys() - {"endDateUtc", "status"}:
            raise ValueError(f"A promotion has no {sorted(unknown)}")
        if "status" in fields:
            self._statuses[promotion_id] = fields.pop("status")
        modified = {} if at is None else {"lastModified": shortest(at)}
        self._by_id[promotion_id] = document | modified | fields

    def add_promotion(self, at: int) -> str:
        """Add a promotion; returns its id."""
        document = self._document(len(self._by_id), at)
        self._by_id[document["idCalculatorConfiguration"]] = document
        return str(document["idCalculatorConfiguration"])

    def _document(self, number: int, at: int) -> Json:
        return promotion_document(self._seed, number, at, self._skus)

    def archive_promotion(self, promotion_id: str, at: int | None) -> None:
        """Move a promotion from the list to the archive; None leaves its date as it is."""
        self.edit_promotion(promotion_id, at, isArchived=True, isActive=False)


class Taxes(Promotions):
    """The taxes, which VTEX stores like promotions, in separate lists."""

    initial_count = 6
    initially_archived = (1, 3, 4)

    def _document(self, number: int, at: int) -> Json:
        return tax_document(self._seed, number, at, self._skus)


class Coupons:
    """The coupons."""

    def __init__(self, seed: int, start: int) -> None:
        self._seed = seed
        self._by_code: dict[str, Json] = {}
        for number in range(COUPONS):
            modified = start - (COUPONS - number) * 11 * DAY + number * 987_654_321
            self.add_coupon(with_digits(modified, 2 + number % 6))

    def coupons(self) -> list[Json]:
        """Rows of the list of coupons."""
        return list(self._by_code.values())

    def edit_coupon(self, code: str, at: int | None, **fields: Any) -> None:  # noqa: ANN401
        """Change fields of a coupon; None removes a field.

        ``at`` becomes ``lastModifiedUtc``; None leaves it as it is.
        """
        modified = {} if at is None else {"lastModifiedUtc": shortest(at)}
        changed = self._by_code[code] | modified | fields
        self._by_code[code] = {name: value for name, value in changed.items() if value is not None}

    def add_coupon(self, at: int) -> str:
        """Add a coupon; returns its code."""
        number = len(self._by_code)
        dice = random.Random(f"coupon {self._seed} {number}")
        code = f"CUPOM{number:03d}"
        coupon = {
            "lastModifiedUtc": shortest(at),
            "utmSource": f"parceiro{number % 12}",
            "couponCode": code,
            "isArchived": number % 10 == 9,
            "maxItemsPerClient": dice.choice((1, 1, 10)),
            "expirationIntervalPerUse": "30.00:00:00" if number % 8 == 3 else "00:00:00",
        }
        if number % 3:
            coupon["utmCampaign"] = f"campanha{number % 12}"
        if number % 4 == 1:
            coupon["maxUsage"] = dice.randrange(1, 1000)
        if number % 6 == 2:
            coupon["groupingKey"] = f"lote-{number // 6}"
        self._by_code[code] = coupon
        return code
