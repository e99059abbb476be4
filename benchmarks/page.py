"""Output of the results: a table on the terminal, and page and picture in docs/."""

from __future__ import annotations

from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks.picture import svg
from benchmarks.results import Figure, Result
from benchmarks.sentences import BLOCKS
from demo.services import PROJECT
from tap_vtex.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RESULTS: Final = PROJECT / "benchmarks/results.json"
PAGE: Final = PROJECT / "docs/performance.md"
PICTURE: Final = PROJECT / "docs/performance.svg"
BEGIN, END = "<!-- make bench writes from here -->", "<!-- to here -->"
HEADS = ("", "measured", "compared with", "ratio", "goal", "met")


def read() -> dict[str, Result]:
    """The latest results, by the name of the benchmark."""
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Result])


def write(results: Mapping[str, Result]) -> None:
    """Save the results, and bring page and picture up to date."""
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    RESULTS.write_bytes(encoded + b"\n")
    PICTURE.write_text(svg(result.bars for result in results.values() if result.bars))
    _write_block(PAGE, "\n".join(_markdown(results.values())))
    for name, sentences in BLOCKS.items():
        # A block whose benchmarks have not all been run stays as it is.
        with suppress(KeyError):
            _write_block(PROJECT / name, sentences(results) + "\n")


def _write_block(page: Path, block: str) -> None:
    page.write_text(with_block(page.read_text(), block))


def with_block(text: str, block: str) -> str:
    """Replace the block between a page's pair of marks.

    Raises:
        ValueError: The page has no such marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"A page has to have {BEGIN} and {END} for the figures to go between.")
    return f"{before}{BEGIN}\n\n{block}\n{END}{after}"


def on_terminal(results: Iterable[Result]) -> str:
    """The figures as one table."""
    rows: list[tuple[str, ...]] = [HEADS]
    for result in results:
        rows += [(result.title, *[""] * 5), *(_cells(figure) for figure in result.figures)]
    return "\n".join(table(rows))


def _markdown(results: Iterable[Result]) -> list[str]:
    lines: list[str] = []
    for (date, machine), group in groupby(results, lambda result: (result.date, result.machine)):
        together = list(group)
        minutes = sum(result.minutes for result in together)
        lines += [f"Measured {date}, in {minutes:.0f} minutes, on {machine}.", ""]
        lines += [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
        for result in together:
            lines.append(f"| **{result.title}** {'| ' * 5}|")
            lines += [f"| {' | '.join(_cells(figure))} |" for figure in result.figures]
        lines.append("")
    return lines


def _cells(figure: Figure) -> tuple[str, ...]:
    reached = {None: "", True: "yes", False: "NO"}[figure.reached]
    return (*msgspec.structs.astuple(figure)[:5], reached)
