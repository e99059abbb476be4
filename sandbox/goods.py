"""What the store sells: a SKU follows from its number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

KINDS = (
    ("Camiseta", "Moda", 4990),
    ("Tênis", "Calçados", 29990),
    ("Calça Jeans", "Moda", 15990),
    ("Fone de Ouvido", "Eletrônicos", 19990),
    ("Cafeteira", "Casa", 39990),
    ("Mochila", "Acessórios", 12990),
    ("Café em Grãos", "Mercado", 3490),
    ("Panela de Pressão", "Casa", 18990),
    ("Relógio", "Acessórios", 45990),
    ("Perfume", "Beleza", 22990),
)
BRANDS = ("Ipê", "Jatobá", "Aroeira", "Umburana", "Cedro & Filhos", "Pau-Brasil")
VARIANTS = ("P", "M", "G", "GG", "Azul", "Preto", "Branco", "110 V", "220 V", "500 g")
SKUS_PER_PRODUCT = 4


@dataclass(frozen=True, slots=True)
class Sku:
    """A SKU, with what orders say of its product."""

    sku_id: int
    product_id: int
    product_name: str
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

    @property
    def link(self) -> str:
        """The path of the product's page."""
        return f"/{self.product_name.lower().replace(' ', '-')}-{self.product_id}/p"

    @property
    def image(self) -> str:
        """The address of its picture."""
        return f"http://ipe.vteximg.com.br/arquivos/ids/{155000 + self.sku_id}-55-55/foto.jpg"


@lru_cache(maxsize=8192)
def sku(seed: int, number: int) -> Sku:
    """The SKU with a number, from 0 on; four in a row are of one product."""
    product, variant = divmod(number, SKUS_PER_PRODUCT)
    dice = random.Random(f"product {seed} {product}")
    kind = dice.randrange(len(KINDS))
    what, category, price = KINDS[kind]
    brand = dice.randrange(len(BRANDS))
    list_price = round(price * dice.uniform(0.6, 2.5))
    by_weight = category == "Mercado"
    name = f"{what} {BRANDS[brand]} {dice.randrange(100, 999)}"
    variant_name = VARIANTS[(product + variant) % len(VARIANTS)]
    return Sku(
        sku_id=number + 1,
        product_id=product + 1,
        product_name=name,
        name=f"{name} {variant_name}",
        brand_id=2000000 + brand,
        brand=BRANDS[brand],
        category_id=10 + kind,
        category=category,
        ref_id=f"{what[:3].upper()}{product:05d}-{variant}",
        ean=None if number % 17 == 0 else f"789{number:010d}",
        price=round(list_price * dice.choice((1, 1, 0.9, 0.75))),
        list_price=list_price,
        unit="kg" if by_weight else "un",
        unit_multiplier=0.5 if by_weight else 1.0,
    )
