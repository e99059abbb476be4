"""Sentences about the figures, for the README and the page on JSON codecs."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from benchmarks.shop import KILOBYTES, LATENCY, WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.results import Result

#: Orders a second that VTEX allows an account.
QUOTA: Final = 100
#: The part of the target's JSON that goes through msgspec.
CODECS: Final = {
    "released": "nothing",
    "reader": "messages read",
    "serializer": "JSON columns written",
    "both": "both",
}


def speed(results: Mapping[str, Result]) -> str:
    """The README's lines on speed, memory and the target.

    Raises:
        KeyError: A benchmark has not been run yet.
    """
    load, cost = results["first_load"].facts, results["cost"].facts
    memory, target = results["memory"].facts, results["target"].facts
    text = f"""\
With responses in {LATENCY} ms, {WORKERS} workers load {load["rate"]:.0f} orders a second; VTEX
allows an account {QUOTA}. 1,000 orders of {KILOBYTES} KB cost {cost["tap"]:.2f} seconds of CPU,
{cost["tap"] / cost["dlt"]:.2f} times what dlt takes to extract them;
{memory["most_orders"]:,.0f} orders need {memory["many"]:.0f} MB of memory.
target-postgres loads {target["rate"]:.0f} orders a second.
[docs/performance.md](docs/performance.md) has more figures, and how they were measured."""
    return textwrap.fill(text.replace("\n", " "), 100, break_long_words=False)


def codecs(results: Mapping[str, Result]) -> str:
    """The table of the page on JSON codecs.

    Raises:
        KeyError: A benchmark has not been run yet.
    """
    result = results["target"]
    facts = result.facts
    saved = 1 - facts["both_cpu"] / facts["released_cpu"]
    same = "the same" if facts["same_rows"] else "**not the same**"
    return "\n".join(
        [
            f"Measured {result.date} on {result.machine}: {result.title}.",
            "",
            "| by msgspec | CPU for 1,000 orders | orders a second | memory |",
            "|---|---|---|---|",
            *(_codec(name, facts, part) for part, name in CODECS.items()),
            "",
            f"With both, the target uses {saved:.0%} less CPU. The rows it loads are {same}.",
        ]
    )


def _codec(name: str, facts: Mapping[str, float], part: str) -> str:
    cpu, released = facts[f"{part}_cpu"], facts["released_cpu"]
    return (
        f"| {name} | {cpu:.2f} s ({cpu / released:.2f})"
        f" | {facts[f'{part}_rate']:.0f} | {facts[f'{part}_megabytes']:.0f} MB |"
    )


#: Documents with a generated block, and the function that generates it.
BLOCKS: Final[dict[str, Callable[[Mapping[str, Result]], str]]] = {
    "README.md": speed,
    "docs/sdk-json-codec.md": codecs,
}
