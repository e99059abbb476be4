"""Builds the documents of products, SKUs and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from tap_vtex.http.bodies import documents_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_vtex.types import Document

#: Fields of a product, with the names they have in its SKUs.
FROM_A_SKU: Final = {
    "Id": "ProductId",
    "Name": "ProductName",
    "RefId": "ProductRefId",
    "Description": "ProductDescription",
    "BrandId": "BrandId",
    "IsActive": "IsProductActive",
    "IsVisible": "ProductIsVisible",
    "ShowWithoutStock": "ShowIfNotAvailable",
    "KeyWords": "KeyWords",
    "ReleaseDate": "ReleaseDate",
    "TaxCode": "TaxCode",
}


@dataclass(frozen=True)
class Category:
    """A category and its place in the tree."""

    node: Document
    #: From the department down to the category itself.
    ids: tuple[str, ...]
    names: tuple[str, ...]


def categories_in(tree: Iterable[Document], above: Category | None = None) -> Iterator[Category]:
    """The categories of a tree, parents first; nodes without a valid id are skipped."""
    for node in tree:
        own = node.get("id")
        if not isinstance(own, int | str) or isinstance(own, bool):
            yield from categories_in(documents_in(node.get("children")), above)
            continue
        category = Category(
            node,
            (*(above.ids if above else ()), str(own)),
            (*(above.names if above else ()), str(node.get("name"))),
        )
        yield category
        yield from categories_in(documents_in(node.get("children")), category)


def sku_document(context: Document) -> Document:
    """A SKU with its context, and its codes and images as plain lists."""
    codes = context.get("AlternateIds")
    codes = codes if isinstance(codes, dict) else {}
    ean, ref_id = codes.get("Ean"), codes.get("RefId")
    values = context.get("AlternateIdValues")
    # A SKU can have several EANs; the one named ``Ean`` comes first.
    others = [v for v in values if v != ref_id] if isinstance(values, list) else []
    images = (_url(image) for image in documents_in(context.get("Images")))
    return {
        **context,
        "eans": list(dict.fromkeys(str(code) for code in (ean, *others) if code)),
        "ref_id": ref_id,
        "image_urls": [url for url in images if url],
    }


def product_document(
    details: Document | None,
    context: Document | None,
    sku_ids: Iterable[int],
    category: Category | None,
    store_url: str,
) -> Document:
    """A product, from its own data and that of one of its SKUs.

    Args:
        details: The product's own data, if the key may read it.
        context: The context of one of its SKUs, if it has any.
        sku_ids: The ids of its SKUs.
        category: Its category, if the tree is known.
        store_url: The base URL of links.
    """
    context = context or {}
    product = dict(details) if details else _from_sku(context)
    link = product.get("LinkId")
    ids, names = _path(context) if category is None else (category.ids, category.names)
    return {
        **product,
        "product_url": f"{store_url}/{quote(str(link))}/p" if link else None,
        "brand_name": context.get("BrandName"),
        "category_path": f"/{'/'.join(ids)}/" if ids else None,
        "category_names": list(names) or None,
        "sku_ids": [str(sku_id) for sku_id in sorted(sku_ids)],
        "main_image_url": _main_image(context),
        "specifications": [
            {"name": one.get("FieldName"), "values": one.get("FieldValues")}
            for one in documents_in(context.get("ProductSpecifications"))
        ],
    }


def _from_sku(context: Mapping[str, Any]) -> Document:
    ids, _names = _path(context)
    # '/coffee-of-the-house/p'
    link = str(context.get("DetailUrl") or "").strip("/").removesuffix("/p")
    return {
        **{name: context.get(theirs) for name, theirs in FROM_A_SKU.items()},
        "LinkId": link or None,
        "DepartmentId": ids[0] if ids else None,
        "CategoryId": ids[-1] if ids else None,
    }


def _path(context: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids and names of a category's path, which a SKU has as '/1/12/' and a map of names."""
    path = context.get("ProductCategoryIds")
    names = context.get("ProductCategories")
    ids = tuple(part for part in str(path or "").split("/") if part)
    known = names if isinstance(names, dict) else {}
    return ids, tuple(str(known[part]) for part in ids if part in known)


def _main_image(context: Mapping[str, Any]) -> str | None:
    url = context.get("ImageUrl")
    if isinstance(url, str) and url:
        return url
    return next(filter(None, map(_url, documents_in(context.get("Images")))), None)


def _url(image: Document) -> str | None:
    url = image.get("ImageUrl")
    return url if isinstance(url, str) and url else None
