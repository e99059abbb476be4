"""The category tree: departments, middle categories, and the leaves that hold products."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.goods import FIRST_CATEGORY, KINDS

Json = dict[str, Any]

DEPARTMENTS = {1: "Moda", 2: "Eletrônicos", 3: "Casa", 4: "Mercado", 5: "Beleza"}
#: Id, name and department.
MIDDLE = (
    (30, "Roupas", 1),
    (31, "Calçados", 1),
    (32, "Acessórios", 1),
    (33, "Áudio", 2),
    (34, "Cozinha", 3),
    (35, "Bebidas", 4),
    (36, "Perfumaria", 5),
)
#: The parents of the goods' own categories, in the order of `KINDS`.
PARENTS_OF_KINDS = (30, 31, 30, 33, 34, 32, 35, 34, 32, 36)
#: Inactive categories without products: one in a department, one below an active category.
INACTIVE = ((40, "Ponta de Estoque", 1), (41, "Fondue", 34))
FIRST_ADDED = 100


@dataclass
class Category:
    """A category; a department has no parent."""

    category_id: int
    name: str
    parent: int | None
    is_active: bool = True
    #: Edited fields of its document.
    edited: Json = field(default_factory=dict)


class Categories:
    """All categories of the store."""

    def __init__(self, account: str) -> None:
        self._account = account
        leaves = zip(KINDS, PARENTS_OF_KINDS, strict=True)
        self.by_id = {
            one.category_id: one
            for one in (
                *(Category(number, name, None) for number, name in DEPARTMENTS.items()),
                *(Category(*middle) for middle in MIDDLE),
                *(
                    Category(FIRST_CATEGORY + place, kind[1], parent)
                    for place, (kind, parent) in enumerate(leaves)
                ),
                *(Category(*inactive, is_active=False) for inactive in INACTIVE),
            )
        }

    def add(self, parent_id: int | None, name: str) -> int:
        """Add a category; returns its id."""
        category_id = max(FIRST_ADDED, *self.by_id) + 1
        self.by_id[category_id] = Category(category_id, name, parent_id)
        return category_id

    def edit(self, category_id: int, **fields: Any) -> None:  # noqa: ANN401 - of the document
        """Change fields of a category's document."""
        one = self.by_id[category_id]
        if unknown := fields.keys() - self.document(category_id).keys():
            raise ValueError(f"A category has no {sorted(unknown)}")
        one.name = fields.get("Name", one.name)
        one.parent = fields.get("FatherCategoryId", one.parent)
        one.is_active = fields.get("IsActive", one.is_active)
        one.edited |= fields

    def path(self, category_id: int) -> list[Category]:
        """The path from a category's department down to the category itself."""
        one = self.by_id[category_id]
        above = [] if one.parent is None else self.path(one.parent)
        return [*above, one]

    def below(self, category_id: int | None) -> list[Category]:
        """A category's children; the departments for None."""
        return [one for one in self.by_id.values() if one.parent == category_id]

    def document(self, category_id: int, *, with_path: bool = True) -> Json:
        """A category's document."""
        one = self.by_id[category_id]
        path = self.path(category_id)
        return {
            "Id": category_id,
            "Name": one.name,
            "FatherCategoryId": one.parent,
            "Title": f"{one.name} | Ipê" if category_id % 3 else "",
            "Description": f"<p>Tudo em {one.name.lower()}.</p>",
            "Keywords": one.name.lower() if category_id % 4 else None,
            "IsActive": one.is_active,
            "LomadeeCampaignCode": "",
            "AdWordsRemarketingCode": "",
            "ShowInStoreFront": one.is_active,
            "ShowBrandFilter": True,
            "ActiveStoreFrontLink": True,
            "GlobalCategoryId": 166,
            "StockKeepingUnitSelectionMode": "SPECIFICATION" if category_id % 2 else "LIST",
            "Score": 5 if category_id == 30 else None,
            "LinkId": _link(one),
            "HasChildren": bool(self.below(category_id)),
            **one.edited,
            "TreePath": [each.name for each in path] if with_path else None,
            "TreePathIds": [each.category_id for each in path] if with_path else None,
            "TreePathLinkIds": [_link(each) for each in path] if with_path else None,
        }

    def tree(self, levels: int, *, with_inactive: bool, below: int | None = None) -> list[Json]:
        """The tree, cut off below ``levels`` levels."""
        return [
            {
                "id": one.category_id,
                "name": one.name,
                "hasChildren": bool(self.below(one.category_id)),
                "url": self._address(one),
                "children": self.tree(
                    levels - 1, with_inactive=with_inactive, below=one.category_id
                )
                if levels > 1
                else [],
                "Title": one.edited.get("Title", f"{one.name} | Ipê"),
                "MetaTagDescription": "" if one.category_id % 5 else None,
            }
            for one in self.below(below)
            if one.is_active or with_inactive
        ]

    def _address(self, one: Category) -> str:
        path = "/".join(_link(each).lower() for each in self.path(one.category_id))
        return f"https://{self._account}.vtexcommercestable.com.br/{path}"


def _link(one: Category) -> str:
    return one.name.replace(" ", "-")
