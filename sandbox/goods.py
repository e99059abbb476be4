"""The goods that the store sells. Products and SKUs are computed from their numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

#: Kind of goods, category, and approximate price in cents.
KINDS = (
    ("Camiseta", "Camisetas", 4990),
    ("Tênis", "Tênis", 29990),
    ("Calça Jeans", "Jeans", 15990),
    ("Fone de Ouvido", "Fones de Ouvido", 19990),
    ("Cafeteira", "Cafeteiras", 39990),
    ("Mochila", "Mochilas", 12990),
    ("Café em Grãos", "Cafés", 3490),
    ("Panela de Pressão", "Panelas", 18990),
    ("Relógio", "Relógios", 45990),
    ("Perfume", "Perfumes", 22990),
)
FIRST_CATEGORY = 10
BRANDS = ("Ipê", "Jatobá", "Aroeira", "Umburana", "Cedro & Filhos", "Pau-Brasil")
FIRST_BRAND = 2000000
VARIANTS = ("P", "M", "G", "GG", "Azul", "Preto", "Branco", "110 V", "220 V", "500 g")
SKUS_PER_PRODUCT = 6


@dataclass(frozen=True, slots=True)
class Product:
    """A product, with what its SKUs have in common. Money is in cents."""

    product_id: int
    kind: str
    name: str
    brand_id: int
    brand: str
    category_id: int
    category: str
    price: int
    list_price: int

    @property
    def link(self) -> str:
        """The product's name as part of a URL."""
        return f"{self.name.lower().replace(' ', '-')}-{self.product_id}"


@dataclass(frozen=True, slots=True)
class Sku:
    """A SKU, with the product fields that orders repeat. Money is in cents."""

    sku_id: int
    product_id: int
    product_name: str
    variant: str
    name: str
    brand_id: int
    brand: str
    category_id: int
    category: str
    ref_id: str
    ean: str | None
    price: int
    list_price: int
    unit: str
    unit_multiplier: float
    #: The path of the product page.
    link: str

    @property
    def image(self) -> str:
        """The URL of the SKU's image."""
        return f"http://ipe.vteximg.com.br/arquivos/ids/{155000 + self.sku_id}-55-55/foto.jpg"


@lru_cache(maxsize=4096)
def product(seed: int, product_id: int) -> Product:
    """The product with an id."""
    dice = random.Random(f"product {seed} {product_id}")
    kind = dice.randrange(len(KINDS))
    what, category, price = KINDS[kind]
    brand = dice.randrange(len(BRANDS))
    list_price = round(price * dice.uniform(0.6, 2.5))
    return Product(
        product_id=product_id,
        kind=what,
        name=f"{what} {BRANDS[brand]} {dice.randrange(100, 999)}",
        brand_id=FIRST_BRAND + brand,
        brand=BRANDS[brand],
        category_id=FIRST_CATEGORY + kind,
        category=category,
        price=round(list_price * dice.choice((1, 1, 0.9, 0.75))),
        list_price=list_price,
    )


def sku(seed: int, number: int) -> Sku:
    """The SKU with a number, counted from 0. Six consecutive ones belong to one product."""
    place, variant = divmod(number, SKUS_PER_PRODUCT)
    return variant_of(seed, place + 1, number + 1, variant)


@lru_cache(maxsize=8192)
def variant_of(seed: int, product_id: int, sku_id: int, place: int) -> Sku:
    """The SKU with an id; ``place`` is its position among its product's SKUs."""
    of = product(seed, product_id)
    variant = VARIANTS[(product_id + place) % len(VARIANTS)]
    by_weight = of.kind == "Café em Grãos"
    return Sku(
        sku_id=sku_id,
        product_id=product_id,
        product_name=of.name,
        variant=variant,
        name=f"{of.name} {variant}",
        brand_id=of.brand_id,
        brand=of.brand,
        category_id=of.category_id,
        category=of.category,
        ref_id=f"{of.kind[:3].upper()}{product_id:05d}-{place}",
        ean=None if sku_id % 17 == 1 else f"789{sku_id:010d}",
        price=of.price,
        list_price=of.list_price,
        unit="kg" if by_weight else "un",
        unit_multiplier=0.5 if by_weight else 1.0,
        link=f"/{of.link}/p",
    )
