"""The picture in docs/performance.md: a bar chart as an SVG, readable on light and dark.

It uses no plotting library, so the same figures always produce the same file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.results import Bars

WIDTH, LABELS, VALUES = 760, 290, 70
ROW, BAR, HEAD, GAP = 24, 15, 30, 18
#: Mid-tones, with enough contrast on white and on black.
TEXT, TAP, YARDSTICK = "#808080", "#3f83f8", "#9a9a9a"


def svg(panels: Iterable[Bars]) -> str:
    """Draw the panels below one another."""
    shapes: list[str] = []
    y = GAP
    for panel in panels:
        shapes += _panel(panel, y)
        y += HEAD + ROW * len(panel.bars) + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
        f'height="{y}" font-family="sans-serif" font-size="13" fill="{TEXT}">'
    )
    return "\n".join([head, *shapes, "</svg>", ""])


def _panel(panel: Bars, top: int) -> list[str]:
    shapes = [f'<text x="0" y="{top + 14}" font-weight="bold">{escape(panel.title)}</text>']
    most = max(value for _, value in panel.bars)
    for number, (label, value) in enumerate(panel.bars):
        y = top + HEAD + ROW * number
        length = value / most * (WIDTH - LABELS - VALUES)
        color = YARDSTICK if label in panel.yardsticks else TAP
        shapes += [
            f'<text x="{LABELS - 10}" y="{y + 12}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{color}"/>',
            f'<text x="{LABELS + length + 8:.1f}" y="{y + 12}">{_short(value)}</text>',
        ]
    return shapes


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004 - two digits
