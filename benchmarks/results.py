"""What the benchmarks come to: figures for the table, bars for the picture."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """A line of the table: something measured beside its yardstick."""

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
    #: Which of them are not the tap.
    yardsticks: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """What came of one benchmark."""

    title: str
    figures: list[Figure]
    bars: Bars | None = None
    #: For sentences elsewhere, such as the README's, by names of their own.
    facts: dict[str, float] = {}
    #: When and where it was measured, and how long that took.
    date: str = ""
    machine: str = ""
    minutes: float = 0.0


def machine() -> str:
    """What the figures were measured on."""
    implementation = platform.python_implementation()
    return f"{os.cpu_count()} cores, {implementation} {platform.python_version()}, {_processor()}"


def today() -> str:
    """The date of a measurement."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - no file to speak of
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.machine()
