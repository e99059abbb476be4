"""Products and SKUs as the catalog's routes return them.

There are three views: a product's document, a SKU's row in its product's list, and a SKU with its
context. Oddities depend on the id, so they are rare and reproducible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.clock import DAY, HOUR, moment

if TYPE_CHECKING:
    from sandbox.catalog.categories import Category
    from sandbox.goods import Product, Sku

Json = dict[str, Any]

#: Dates without a time zone are in the store's own.
ZONE = -3 * HOUR
MATERIALS = ("Algodão", "Aço inox", "Couro", "Plástico", "Vidro")
CLUSTERS = {"135": "Lançamentos", "142": "Frete grátis", "166": "Mais vendidos"}


def in_minutes(at: int) -> str:
    """A time as in a SKU's row: in the store's time zone, truncated to minutes."""
    return f"{moment(at + ZONE).isoformat()[:16]}:00"


def product_document(of: Product, department_id: int, first: int) -> Json:
    """A product's document; ``first`` is the release time of the store's oldest product."""
    number = of.product_id
    return {
        "Id": number,
        "Name": of.name,
        "DepartmentId": department_id,
        "CategoryId": of.category_id,
        "BrandId": of.brand_id,
        "LinkId": of.link,
        "RefId": f"{of.kind[:3].upper()}{number:05d}" if number % 9 else None,
        "IsVisible": number % 23 != 7,
        "Description": f"<p>{of.name}: <b>feito no Brasil</b>.\nGarantia de um ano.</p>",
        "DescriptionShort": of.name if number % 4 else "",
        "ReleaseDate": _release(number, first),
        "KeyWords": f"{of.kind}, {of.brand}" if number % 3 else None,
        "Title": of.name,
        # Its SKUs stay active, as in VTEX when the API deactivates a product.
        "IsActive": number % 23 != 5,
        "TaxCode": "",
        "MetaTagDescription": of.name if number % 5 else None,
        "SupplierId": 1 if number % 6 == 1 else None,
        "ShowWithoutStock": True,
        "AdWordsRemarketingCode": None,
        "LomadeeCampaignCode": None,
        "Score": number % 10 if number % 7 else None,
    }


def _release(number: int, first: int) -> str | None:
    """The merchant's date, in each format seen so far."""
    day = moment(first + number * 7 % 700 * DAY).isoformat()[:10]
    endings = {1: "T09:30:00.847", 2: "T15:51:29.2614605", 3: "T00:00:00Z"}
    return None if number % 8 == 4 else day + endings.get(number % 8, "T00:00:00")


def row_document(of: Sku, updated: int) -> Json:
    """A SKU's row in the list of its product's SKUs."""
    number = of.sku_id
    weighed = number % 12 != 10
    return {
        "IsPersisted": True,
        "IsRemoved": False,
        "Id": number,
        "ProductId": of.product_id,
        "IsActive": number % 7 != 3,
        "Name": of.variant,
        "Height": 10.2 if number % 11 != 4 else None,
        "RealHeight": None,
        "Width": 15.5,
        "RealWidth": None,
        "Length": 20.0,
        "RealLength": None,
        "WeightKg": 420.0 if weighed else None,
        "RealWeightKg": 400 if number % 13 == 1 else None,
        "ModalId": 1,
        "RefId": of.ref_id,
        "CubicWeight": 0.1667,
        "IsKit": number % 61 == 60,
        "IsDynamicKit": None,
        "InternalNote": None,
        "DateUpdated": in_minutes(updated),
        "RewardValue": 0.0 if number % 8 else None,
        "CommercialConditionId": 1,
        "EstimatedDateArrival": None,
        "FlagKitItensSellApart": False,
        "ManufacturerCode": "" if number % 4 else None,
        "ReferenceStockKeepingUnitId": None,
        "Position": 0,
        "EditionSkuId": None,
        "ApprovedAdminId": None,
        "EditionAdminId": None,
        "ActivateIfPossible": True,
        "SupplierCode": None,
        "MeasurementUnit": of.unit,
        "UnitMultiplier": of.unit_multiplier,
        "IsInventoried": None,
        "IsTransported": None,
        "IsGiftCardRecharge": None,
        "ModalType": None,
        # Real responses have these keys, always null.
        "NameComplete": None,
        "ProductName": None,
        "ProductRefId": None,
        "AlternateIds": None,
    }


def context_document(of: Sku, row: Json, product: Json, brand: Json, path: list[Category]) -> Json:
    """A SKU with its context: product, brand and categories."""
    return {
        **_names(of, row, product),
        "BrandId": str(product["BrandId"]),
        "BrandName": brand["name"],
        "IsBrandActive": brand["isActive"],
        **_measures(row),
        **_parts(of, row),
        **_offers(of),
        **_images(of),
        **_specifications(of),
        **_clusters(of.product_id),
        **_categories(path),
        "CommercialConditionId": row["CommercialConditionId"],
        "RewardValue": row["RewardValue"],
        **alternate_ids(of.ean, row["RefId"]),
        "EstimatedDateArrival": row["EstimatedDateArrival"],
        "MeasurementUnit": row["MeasurementUnit"],
        "UnitMultiplier": row["UnitMultiplier"],
        "InformationSource": "Indexer" if of.sku_id % 2 else None,
        "ModalType": row["ModalType"],
        "KeyWords": product["KeyWords"],
        "ReleaseDate": product["ReleaseDate"],
        "ProductIsVisible": product["IsVisible"],
        "ShowIfNotAvailable": product["ShowWithoutStock"],
        "IsProductActive": product["IsActive"],
        "ProductFinalScore": product["Score"] or 0,
    }


def alternate_ids(ean: str | None, ref_id: str | None) -> Json:
    """A SKU's other ids; a missing id has no key."""
    known = {name: value for name, value in (("Ean", ean), ("RefId", ref_id)) if value}
    return {"AlternateIds": known, "AlternateIdValues": list(known.values())}


def _names(of: Sku, row: Json, product: Json) -> Json:
    return {
        "Id": of.sku_id,
        "ProductId": of.product_id,
        "NameComplete": f"{product['Name']} {row['Name']}",
        "ComplementName": "",
        "ProductName": product["Name"],
        "ProductDescription": product["Description"],
        "ProductRefId": product["RefId"] or "",
        "TaxCode": product["TaxCode"],
        "SkuName": row["Name"],
        "IsActive": row["IsActive"],
        "IsTransported": True,
        "IsInventoried": True,
        "IsGiftCardRecharge": False,
        "ImageUrl": of.image,
        "DetailUrl": f"/{product['LinkId']}/p",
        "CSCIdentification": None,
    }


def _measures(row: Json) -> Json:
    weight = row["RealWeightKg"]
    return {
        "Dimension": {
            "cubicweight": row["CubicWeight"],
            "height": row["Height"],
            "length": row["Length"],
            "weight": row["WeightKg"],
            "width": row["Width"],
        },
        "RealDimension": {
            "realCubicWeight": 0.0 if weight is None else 0.21,
            "realHeight": row["RealHeight"] or 0.0,
            "realLength": row["RealLength"] or 0.0,
            "realWeight": weight or 0.0,
            "realWidth": row["RealWidth"] or 0.0,
        },
        "ManufacturerCode": row["ManufacturerCode"],
    }


def _parts(of: Sku, row: Json) -> Json:
    number = of.sku_id
    message = {
        "Id": 3,
        "Name": "Mensagem",
        "Keys": ["nome;20", "papel;40"],
        "Fields": [
            {"FieldName": "nome", "MaxCaracters": "20", "DomainValues": None},
            {"FieldName": "papel", "MaxCaracters": "40", "DomainValues": "Azul,Vermelho"},
        ],
        "IsActive": True,
        "IsRequired": False,
    }
    return {
        "IsKit": row["IsKit"],
        "KitItems": [{"Id": number - 1, "Amount": 2}] if row["IsKit"] else [],
        "Services": [{"ServiceTypeId": 1, "Name": "Embalagem"}] if number % 37 == 1 else [],
        "Categories": [],
        "Attachments": [message] if number % 10 == 1 else [],
        "Videos": ["https://videos.example.com/1"] if number % 29 == 1 else [],
        "Collections": [],
    }


def _offers(of: Sku) -> Json:
    sellers = ["1", "loja-sul"] if of.sku_id % 6 == 2 else ["1"]
    return {
        "SkuSellers": [
            {
                "SellerId": seller,
                "StockKeepingUnitId": of.sku_id,
                "SellerStockKeepingUnitId": str(of.sku_id) if seller == "1" else of.ref_id,
                "IsActive": True,
                "FreightCommissionPercentage": 0.0,
                "ProductCommissionPercentage": 0.0 if seller == "1" else 4.5,
            }
            for seller in sellers
        ],
        "SalesChannels": [1, 2] if of.product_id % 3 else [1],
    }


def _images(of: Sku) -> Json:
    return {
        "Images": [
            {
                "ImageUrl": of.image.replace("-55-55", ""),
                "ImageName": None if of.sku_id % 5 == 2 else ("foto", "verso")[number],
                "FileId": 155000 + of.sku_id + number,
            }
            for number in range(of.sku_id % 3)
        ]
    }


def _specifications(of: Sku) -> Json:
    material = of.product_id % len(MATERIALS)
    group = {"FieldGroupId": 11, "FieldGroupName": "Especificações"}
    return {
        "SkuSpecifications": [
            {
                "FieldId": 102,
                "FieldName": "Variante",
                "FieldValueIds": [266],
                "FieldValues": [of.variant],
                "IsFilter": False,
                **group,
            }
        ],
        "ProductSpecifications": [
            {
                "FieldId": 23,
                "FieldName": "Material",
                "FieldValueIds": [50 + material],
                "FieldValues": [MATERIALS[material]],
                "IsFilter": True,
                **group,
            },
            {
                "FieldId": 24,
                "FieldName": "Observações",
                "FieldValueIds": [],
                "FieldValues": ["Não lavar, não passar"],
                "IsFilter": False,
                **group,
            },
        ]
        if of.product_id % 4
        else [],
    }


def _clusters(product_id: int) -> Json:
    part = dict(list(CLUSTERS.items())[: product_id % 4])
    return {
        "ProductClustersIds": ",".join(part),
        "PositionsInClusters": {number: place for place, number in enumerate(part)},
        "ProductClusterNames": part,
        "ProductClusterHighlights": {k: v for k, v in part.items() if k == "142"},
    }


def _categories(path: list[Category]) -> Json:
    ids = [f"{one.category_id}/" for one in path]
    full = [f"/{''.join(ids[: place + 1])}" for place in range(len(ids))]
    return {
        "ProductCategoryIds": full[-1],
        "ProductCategories": {str(one.category_id): one.name for one in reversed(path)},
        "CategoriesFullPath": full[::-1],
        "IsDirectCategoryActive": path[-1].is_active,
        "ProductGlobalCategoryId": None,
    }
