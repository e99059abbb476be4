"""Numbers in texts for people."""

from __future__ import annotations

import re
from typing import Final

#: Singulars that take more than dropping the final ``s``.
SINGULARS: Final = {"categories": "category", "taxes": "tax"}


def counted(count: int, things: str) -> str:
    """A number and what it counts: ``1 order``, ``2,000 orders``, ``1 row of CL``.

    Args:
        count: The number.
        things: What it counts, in the plural.
    """
    if count != 1:
        return f"{count:,} {things}"
    noun, rest = re.findall(r"^(.+?)( (?:of|in) .*)?$", things)[0]
    return f"1 {SINGULARS.get(noun, noun.removesuffix('s'))}{rest}"
