"""Plain-text tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Lay out rows in columns: numbers right-aligned, text left-aligned."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [
        all(not row[column] or row[column][0].isdigit() for row in cells[1:])
        for column in range(len(widths))
    ]
    return [
        "  ".join(
            cell.rjust(width) if to_the_right else cell.ljust(width)
            for cell, width, to_the_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]
