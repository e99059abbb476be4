"""Numbers in what people read."""

from __future__ import annotations

import re
from typing import Final

#: Nouns whose singular is more than one letter shorter.
SINGULARS: Final = {"categories": "category", "taxes": "tax"}


def counted(count: int, things: str) -> str:
    """A number and what it counts: ``1 order``, ``2,000 orders``, ``1 row of CL``.

    Args:
        count: How many.
        things: What, in the plural.
    """
    if count != 1:
        return f"{count:,} {things}"
    noun, rest = re.findall(r"^(.+?)( (?:of|in) .*)?$", things)[0]
    return f"1 {SINGULARS.get(noun, noun.removesuffix('s'))}{rest}"
