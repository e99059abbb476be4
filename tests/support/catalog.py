"""What the sandbox's catalog has to look like as records, and comparing the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.shop import Shop

Json = dict[str, Any]

CATALOG = {"products", "skus", "categories", "brands"}
STORE_URL = "https://www.ipe.com.br"

#: What no SKU says of its product, so that a key that reads SKUs only does not learn it.
ONLY_IN_THE_FORM = (
    *("Title", "MetaTagDescription", "DescriptionShort", "Score", "SupplierId"),
    *("AdWordsRemarketingCode", "LomadeeCampaignCode"),
)


def naive(text: str | None) -> str | None:
    """A date of the catalog's, with 0 to 7 digits of fraction, as the tap writes it."""
    if text is None:
        return None
    whole, _, fraction = text.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<6.6}Z"


def text(value: object) -> str | None:
    return None if value is None else str(value)


def sku_record(shop: Shop, sku_id: int) -> Json:
    """The record of a SKU, as the index will have it once it has caught up."""
    now = shop.store.clock.now()
    context, row = (
        shop.store.catalog.context(sku_id, now, lag=0),
        shop.store.catalog.row(sku_id, now),
    )
    assert context
    assert row
    codes = context["AlternateIds"]
    return {
        **context,
        "Id": str(sku_id),
        "ProductId": str(context["ProductId"]),
        "ReleaseDate": naive(context["ReleaseDate"]),
        "EstimatedDateArrival": naive(context["EstimatedDateArrival"]),
        "eans": [codes["Ean"]] if codes.get("Ean") else [],
        "ref_id": codes.get("RefId"),
        "image_urls": [image["ImageUrl"] for image in context["Images"]],
        "date_updated": naive(row["DateUpdated"]),
    }


def product_record(shop: Shop, product_id: int) -> Json:
    """The record of a product, with what its first active SKU says of it."""
    catalog, now = shop.store.catalog, shop.store.clock.now()
    form = catalog.product(product_id, now)
    assert form
    rows = [catalog.row(sku_id, now) for sku_id in catalog.skus_of(product_id)]
    first = min((not row["IsActive"], row["Id"]) for row in rows if row)[1] if rows else None
    context = catalog.context(first, now, lag=0) if first is not None else None
    category = catalog.category(form["CategoryId"])
    assert category
    brands = {brand["id"]: brand["name"] for brand in catalog.brands()}
    specifications = context["ProductSpecifications"] if context else []
    return {
        **form,
        **{name: text(form[name]) for name in ("Id", "DepartmentId", "CategoryId", "BrandId")},
        "ReleaseDate": naive(form["ReleaseDate"]),
        "product_url": f"{STORE_URL}/{quote(form['LinkId'])}/p",
        "brand_name": brands[form["BrandId"]],
        "category_path": f"/{'/'.join(map(str, category['TreePathIds']))}/",
        "category_names": category["TreePath"],
        "sku_ids": [str(sku_id) for sku_id in sorted(catalog.skus_of(product_id))],
        "main_image_url": (context["ImageUrl"] or None) if context else None,
        "specifications": [
            {"name": one["FieldName"], "values": one["FieldValues"]} for one in specifications
        ],
        "date_updated": max((naive(row["DateUpdated"]) or "" for row in rows if row), default=None),
    }


def truth(shop: Shop, *, with_forms: bool = True) -> dict[str, dict[str, Json]]:
    """The rows of products and SKUs, by id; as far as SKUs tell of them, without forms."""
    catalog = shop.store.catalog
    products = {str(one): product_record(shop, one) for one in catalog.product_ids()}
    if not with_forms:
        products = {
            # Where the form has null, SKUs have an empty text.
            key: row | dict.fromkeys(ONLY_IN_THE_FORM) | {"RefId": row["RefId"] or ""}
            for key, row in products.items()
            if row["sku_ids"]
        }
    return {
        "products": products,
        "skus": {str(one): sku_record(shop, one) for one in catalog.sku_ids()},
    }


def rows_of(records: Iterable[Json], key: str) -> dict[str, Json]:
    """Records by id, without what the tap adds to each."""
    return {row[key]: plain(row) for row in records}


def plain(row: Json) -> Json:
    """A record without what the tap adds to each."""
    assert row["synced_at"]
    assert row["account_name"] == "ipe"
    assert row.get("other_fields") is None, row["other_fields"]
    added = {"synced_at", "account_name", "other_fields"}
    return {name: value for name, value in row.items() if name not in added}
