"""Schematic pictures of a web page: an SVG, drawn from the top down.

They are as narrow as a phone, have a ground of their own, and follow the reader's choice of light
or dark. Lengths are in pixels.
"""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

WIDTH: Final = 360
#: Between the edge and what is drawn; the numbers of the steps stand on the left.
LEFT: Final = 44
RIGHT: Final = WIDTH - 16
GAP: Final = 12
LINE: Final = 17
BOX: Final = 30
#: How wide a character is: more than in most fonts, so that nothing runs out of its place.
CHARACTER: Final = 6.6
BOLD: Final = 7.5

STYLE: Final = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1c2430; }
.code { font: 12px ui-monospace, Menlo, Consolas, monospace; }
.small { font-size: 11px; }
.quiet { font-size: 12px; fill: #566072; }
.strong { font-weight: 600; }
.ground { fill: #fff; stroke: #c3c9d5; }
.panel { fill: #f3f5f9; stroke: #d5dae4; }
.box { fill: #fff; stroke: #8e98ab; }
.button { fill: #fff; stroke: #2f55d4; }
.link { fill: #2f55d4; }
.main, .tick { fill: #2f55d4; stroke: #2f55d4; }
.check { fill: none; stroke: #fff; stroke-width: 2; }
.caret { fill: none; stroke: #566072; stroke-width: 1.5; }
.mark { fill: #b4175a; font-weight: 700; }
.step { fill: #b4175a; }
.white { fill: #fff; font-weight: 600; }
.middle { text-anchor: middle; }
@media (prefers-color-scheme: dark) {
text { fill: #e8ebf2; }
.quiet { fill: #aeb7c7; }
.ground { fill: #1a1e27; stroke: #4a5468; }
.panel { fill: #232936; stroke: #3c465a; }
.box { fill: #1a1e27; stroke: #7d889d; }
.button { fill: #1a1e27; stroke: #8ea6ff; }
.link { fill: #9db2ff; }
.caret { stroke: #aeb7c7; }
.main { fill: #2f55d4; stroke: #2f55d4; }
.mark { fill: #ff8ab8; }
.white { fill: #fff; }
}
"""


class Picture:
    """One picture; each call draws a part below the last.

    Args:
        title: what it shows, read aloud by screen readers.
        language: of its words.
    """

    def __init__(self, title: str, language: str) -> None:
        self._title = title
        self._language = language
        self._root = self._within = ET.Element("g")
        self._said: list[str] = []
        self._y = 18.0

    # -- parts -----------------------------------------------------------------------------------

    @contextmanager
    def step(self, number: int) -> Generator[None]:
        """What is drawn here belongs to a step of the page that the picture stands on."""
        outer, self._within = self._within, self._element("g", {"data-step": str(number)})
        self._element("circle", {"class": "step", "cx": 22, "cy": self._y + 15, "r": 11})
        self._text(22, self._y + 19.5, str(number), "white middle")
        self._said.append(f"{number}.")
        yield
        self._within = outer

    @contextmanager
    def panel(self) -> Generator[None]:
        """What is drawn here stands on a ground of its own."""
        ground = self._element("rect", {"class": "panel", "x": LEFT - 8, "y": self._y, "rx": 6})
        top, self._y = self._y, self._y + GAP
        yield
        ground.set("width", _number(RIGHT - LEFT + 16))
        ground.set("height", _number(self._y - top))
        self._y += GAP

    def menu(self, *names: str) -> None:
        """The menu behind the first letter of an e-mail address, with the way through it."""
        self._element("circle", {"class": "main", "cx": LEFT + 13, "cy": self._y + 15, "r": 13})
        self._text(LEFT + 13, self._y + 19.5, "A", "white middle")
        x = LEFT + 38.0
        for place, name in enumerate(names):
            if place:
                self._y += 24
                self._text(x, self._y + 19.5, "→", "quiet")
                x += 18
            self._name(x, self._y + 19.5, name, "strong link" if place else "strong")
        self._y += BOX + GAP

    def button(self, name: str, *, main: bool = False) -> None:
        """A button; the main one is the one that ends what the page is for."""
        width = len(name) * BOLD + 22
        look = "button main" if main else "button"
        self._rect(look, LEFT, width, BOX)
        text = "white middle" if main else "strong link middle"
        self._name(LEFT + width / 2, self._y + 19.5, name, text)
        self._y += BOX + GAP

    def tab(self, name: str) -> None:
        """The tab that is open."""
        self._name(LEFT, self._y + 15, name, "strong")
        self._rect("main", LEFT, len(name) * BOLD, 2, down=22)
        self._y += BOX + GAP / 2

    def field(self, label: str, value: str, *, choice: bool = False) -> None:
        """A field with its label above, if it has one; a choice has a caret."""
        if label:
            self._name(LEFT, self._y + 12, label, "quiet")
            self._y += 18
        self._rect("box", LEFT, RIGHT - LEFT, BOX)
        self._name(LEFT + 10, self._y + 19.5, value)
        if choice:
            x, y = RIGHT - 20, self._y + 13
            self._element("path", {"class": "caret", "d": f"M{x} {y}l5 5l5 -5"})
        self._y += BOX + GAP

    def ticked(self, names: Iterable[str], *, heading: str = "") -> None:
        """Boxes that are ticked, beneath a heading."""
        if heading:
            for line in _lines(heading, RIGHT - LEFT):
                self._y += LINE
                self._text(LEFT, self._y - 4, line, "quiet")
            self._say(heading)
            self._y += 2
        for name in names:
            self._rect("tick", LEFT, 15, 15, down=3)
            check = f"M{LEFT + 3} {_number(self._y + 10.5)}l3.5 3.5l6 -7"
            self._element("path", {"class": "check", "d": check})
            self._name(LEFT + 24, self._y + 15, name)
            self._y += 23
        self._y += GAP / 2

    def blank(self) -> None:
        """A box that is not ticked, with something that does not matter."""
        self._rect("box", LEFT, 15, 15, down=3)
        self._rect("panel", LEFT + 24, 130, 9, down=6)
        self._y += 23

    def value(self, *parts: str, button: str = "") -> None:
        """An address or a value, every second part marked, and the button that copies it."""
        width = len(button) * BOLD + 20 if button else 0
        self._rect("box", LEFT, RIGHT - LEFT - width - (8 if button else 0), BOX)
        self._marked(LEFT + 10, self._y + 19.5, parts)
        if button:
            self._rect("button", RIGHT - width, width, BOX)
            self._name(RIGHT - width / 2, self._y + 19.5, button, "strong link middle")
        self._y += BOX

    def table(self, heads: Sequence[str], cells: Sequence[str], widths: Sequence[float]) -> None:
        """The heads of a list and its one row; the first cell is marked."""
        wrapped = [_lines(text, width - 8) for text, width in zip(cells, widths, strict=True)]
        x = float(LEFT)
        for place, (head, lines, width) in enumerate(zip(heads, wrapped, widths, strict=True)):
            self._name(x, self._y + 12, head, "quiet")
            if place:
                for down, line in enumerate(lines):
                    self._text(x, self._y + 36 + down * LINE, line)
                self._say(cells[place])
            else:
                self._marked(x, self._y + 36, ("", cells[0]), "code small")
            x += width
        self._element("path", {"class": "caret", "d": f"M{LEFT} {self._y + 19}H{RIGHT}"})
        self._y += 34 + LINE * max(map(len, wrapped)) - LINE + 8

    def note(self, text: str, *, mark: str = "") -> None:
        """Words about the part above, after a name that is marked."""
        if mark:
            self._y += LINE
            self._name(LEFT, self._y, mark, "code mark")
        for line in _lines(text, RIGHT - LEFT):
            self._y += LINE
            self._text(LEFT, self._y, line, "quiet")
        self._say(text)
        self._y += GAP

    def text(self) -> str:
        """The picture as SVG."""
        height = self._y + 6
        svg = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": str(WIDTH),
                "height": _number(height),
                "viewBox": f"0 0 {WIDTH} {_number(height)}",
                "role": "img",
                "lang": self._language,
                "aria-labelledby": "title desc",
            },
        )
        ET.SubElement(svg, "title", {"id": "title"}).text = self._title
        ET.SubElement(svg, "desc", {"id": "desc"}).text = " ".join(self._said)
        ET.SubElement(svg, "style").text = STYLE
        ground = {"class": "ground", "x": "1", "y": "1", "rx": "10"}
        size = {"width": str(WIDTH - 2), "height": _number(height - 2)}
        ET.SubElement(svg, "rect", ground | size)
        svg.append(self._root)
        ET.indent(svg, " ")
        for marked in svg.iter("text"):
            for part in marked:  # space between them would show
                marked.text = part.tail = ""
        return ET.tostring(svg, encoding="unicode") + "\n"

    # -- what they are drawn with ----------------------------------------------------------------

    def _element(self, tag: str, attributes: dict[str, str | float]) -> ET.Element:
        texts = {name: _number(value) for name, value in attributes.items()}
        return ET.SubElement(self._within, tag, texts)

    def _rect(self, look: str, x: float, width: float, height: float, *, down: float = 0) -> None:
        place = {"x": x, "y": self._y + down, "width": width, "height": height}
        self._element("rect", {"class": look, "rx": min(4, height / 3), **place})

    def _text(self, x: float, y: float, text: str, look: str = "") -> ET.Element:
        found = self._element("text", {"x": x, "y": y} | ({"class": look} if look else {}))
        found.text = text
        return found

    def _name(self, x: float, y: float, text: str, look: str = "") -> None:
        """A name that the reader looks for."""
        self._text(x, y, text, f"name {look}".strip())
        self._say(text)

    def _marked(self, x: float, y: float, parts: Sequence[str], look: str = "code") -> None:
        text = self._text(x, y, "", look)
        for place, part in enumerate(parts):
            marked = {"class": "mark"} if place % 2 else {}
            ET.SubElement(text, "tspan", marked).text = part
        self._say("".join(parts))

    def _say(self, text: str) -> None:
        self._said.append(text if text.endswith(".") else f"{text};")


def _lines(text: str, width: float) -> list[str]:
    """A text, broken to fit a width."""
    return textwrap.wrap(text, int(width / CHARACTER))


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
