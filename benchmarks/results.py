"""Results of the benchmarks: figures for the table, bars for the picture."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """A row of the table: a measurement and its yardstick."""

    what: str
    measured: str
    yardstick: str = ""
    ratio: str = ""
    wanted: str = ""
    reached: bool | None = None


class Bars(msgspec.Struct, frozen=True):
    """A panel of the picture."""

    title: str
    bars: list[tuple[str, float]]
    #: The bars that are not the tap.
    yardsticks: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """The result of one benchmark."""

    title: str
    figures: list[Figure]
    bars: Bars | None = None
    #: Named values for sentences elsewhere, such as in the README.
    facts: dict[str, float] = {}
    date: str = ""
    machine: str = ""
    #: How long the benchmark took.
    minutes: float = 0.0


def machine() -> str:
    """A description of this machine."""
    implementation = platform.python_implementation()
    return f"{os.cpu_count()} cores, {implementation} {platform.python_version()}, {_processor()}"


def today() -> str:
    """Today's date in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - no file to speak of
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.machine()
