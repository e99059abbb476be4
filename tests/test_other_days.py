"""`make other-days`: what shifts the wall clock shifts nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.other_days import Day, build, days, environment
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

CLOCKS = """
import json, subprocess, time
from datetime import UTC, datetime
shown = subprocess.run(["date", "-u", "+%s"], capture_output=True, check=True).stdout
began = time.monotonic()
time.sleep(0.1)
print(json.dumps({
    "wall": [time.time(), time.time_ns() / 1e9, datetime.now(UTC).timestamp(), int(shown)],
    "monotonic": began,
    "waited": time.monotonic() - began,
}))
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
@pytest.mark.parametrize("day", days(datetime.now(UTC)), ids=lambda day: day.what)
def test_the_wall_clock_is_shifted_and_no_other(tmp_path: Path, day: Day) -> None:
    begins = day.begins
    env = {**os.environ, **environment(build(tmp_path), begins)}
    shown = subprocess.run([sys.executable, "-c", CLOCKS], env=env, check=True, capture_output=True)

    clocks = json.loads(shown.stdout)
    for wall in clocks["wall"]:
        # The shift is rounded to a second, and `date` cuts the fraction off.
        assert begins - 2 * SECOND < datetime.fromtimestamp(wall, UTC) < begins + 60 * SECOND
    assert clocks["monotonic"] < 10**9
    assert 0.1 <= clocks["waited"] < 60


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("year", [2026, 2027, 2028, 2040])
def test_the_days(year: int) -> None:
    now = datetime(year, 11, 25, 14, 30, tzinfo=UTC)
    begins = [day.begins for day in days(now)]
    assert begins[:2] == [now + timedelta(days=60), now + timedelta(days=400)]
    tomorrows = [moment + timedelta(minutes=1) for moment in begins[2:]]
    assert [(t.month, t.day, t.hour) for t in tomorrows] == [(3, 1, 0), (1, 1, 0)]
    assert (tomorrows[0] - timedelta(days=1)).day == 29
    assert all(moment > now for moment in begins)


def test_a_workflow_runs_them_every_week() -> None:
    workflow = yaml.safe_load((PROJECT / ".github/workflows/other-days.yml").read_text())
    (schedule,) = workflow[True]["schedule"]  # YAML takes "on" for a truth value
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert (day, month) == ("*", "*")
    assert {minute, hour, weekday}.isdisjoint({"*"})
    steps = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert "make other-days" in steps
