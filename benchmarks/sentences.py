"""What documents say in sentences about the figures: the README, and the page on JSON codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.shop import KILOBYTES, LATENCY, WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.results import Result

#: What VTEX allows an account, in orders a second.
QUOTA: Final = 100
#: What of the target's JSON goes through msgspec.
CODECS: Final = {
    "released": "nothing",
    "reader": "messages read",
    "serializer": "JSON columns written",
    "both": "both",
}


def speed(results: Mapping[str, Result]) -> str:
    """The README's lines on speed, memory and the target.

    Raises:
        KeyError: something is not measured yet.
    """
    load, cost = results["first_load"].facts, results["cost"].facts
    memory, target = results["memory"].facts, results["target"].facts
    later = results["incremental"].facts
    return f"""\
- **Speed.** If VTEX answers in {LATENCY} ms, {WORKERS} workers load {load["rate"]:.0f} orders a
  second of the {load["limit"]:.0f} that arithmetic allows, and 64 load {load["most_rate"]:.0f} of
  {load["most_limit"]:.0f}. VTEX's quota is {QUOTA}. 1,000 orders of {KILOBYTES} KB cost
  {cost["tap"]:.2f} seconds of CPU: {cost["tap"] / cost["aiohttp"]:.1f} times a bare aiohttp loop,
  {cost["tap"] / cost["dlt"]:.2f} times dlt's `rest_api` source, and
  {cost["tap"] / cost["sdk"]:.2f} times a plain SDK tap. With TLS and gzip, they cost
  {cost["tap_tls"]:.2f} seconds. If nothing changes in an hour, {later["unchanged"]:,.0f} requests
  keep the {later["orders"]:,.0f} orders of a lookback window up to date; loading them again takes
  {later["full"]:,.0f}. Memory is {memory["few"]:.0f} MB for 1,000 orders and {memory["many"]:.0f}
  MB for {memory["most_orders"]:,.0f}; orders of 500 KB take {memory["kb500_16"]:.0f} MB.
  [docs/performance.md](docs/performance.md) tells how that was measured.
- **target-postgres** loads {target["rate"]:.0f} orders a second with the settings of `meltano.yml`
  (`use_copy`, `validate_records: false`, batches of 1,000 rows). With its own defaults, it loads
  {target["plain_rate"]:.0f} and takes {target["plain_megabytes"] / target["megabytes"]:.1f} times
  the memory."""


def codecs(results: Mapping[str, Result]) -> str:
    """The table of the page on JSON codecs.

    Raises:
        KeyError: something is not measured yet.
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


#: Documents with a block of their own, and what writes it.
BLOCKS: Final[dict[str, Callable[[Mapping[str, Result]], str]]] = {
    "README.md": speed,
    "docs/sdk-json-codec.md": codecs,
}
