"""Runs the tests as they will run on other days: ``make other-days``.

A test that compares a fixed date with the machine's clock is green today and red in a month.
So the tests run here with the wall clock set forward, and across the midnights at which
years and days of leap years end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SHIFT = Path(__file__).parent / "support/other_day.c"


@dataclass
class Day:
    """A day at which the tests are to run."""

    what: str
    #: What the clock shows as they begin.
    begins: datetime
    zone: str = "UTC"


def days(now: datetime) -> list[Day]:
    """The days; where one ends in a midnight, the tests begin a minute before it."""
    minute = timedelta(minutes=1)
    leap_year = now.year + 4 - now.year % 4
    return [
        Day("in 60 days", now + timedelta(days=60)),
        Day("in 400 days, in São Paulo", now + timedelta(days=400), "America/Sao_Paulo"),
        Day("the end of the next 29 February", datetime(leap_year, 3, 1, tzinfo=UTC) - minute),
        Day("the end of the year", datetime(now.year + 1, 1, 1, tzinfo=UTC) - minute),
    ]


def build(folder: Path) -> Path:
    """Compile what shifts the clock."""
    library = folder / "other_day.so"
    compiler = os.environ.get("CC", "cc")
    options = ("-shared", "-fPIC", "-O2", "-Wall", "-Werror")
    subprocess.run([compiler, *options, "-o", library, SHIFT], check=True)
    return library


def environment(library: Path, begins: datetime) -> dict[str, str]:
    """What to add to the environment of a process, for its clock to show ``begins`` now."""
    shift = round((begins - datetime.now(UTC)).total_seconds())
    shifted_already = int(os.environ.get("WALL_CLOCK_SHIFT", "0"))
    return {"LD_PRELOAD": str(library), "WALL_CLOCK_SHIFT": str(shift + shifted_already)}


def main(arguments: list[str]) -> int:
    """Run pytest on each of the days; give the exit code."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        library = build(Path(folder))
        for day in days(datetime.now(UTC)):
            print(f"== {day.what}", flush=True)
            env = {**os.environ, "TZ": day.zone, **environment(library, day.begins)}
            ended = subprocess.run(
                [sys.executable, "-m", "pytest", "-m", "not services", *arguments],
                env=env,
                check=False,
            )
            if ended.returncode:
                failed.append(day.what)
    print(f"failed: {', '.join(failed)}" if failed else "passed on all days")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
