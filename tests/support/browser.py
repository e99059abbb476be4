"""A real Chromium, without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-US"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"),
    "--virtual-time-budget=20000",
)


def opened(page: Path, at: str, width: int = 1280) -> tuple[str, list[str]]:
    """A page's HTML once its scripts have run, and what they wrote on the console.

    The browser is in São Paulo, west of Greenwich, where a date that is taken for a moment in UTC
    is the day before. It is no narrower than 500 pixels.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    where = (f"--window-size={width},1750", f"--user-data-dir={page.parent / 'profile'}")
    ended = subprocess.run(
        [program, *OPTIONS, *where, "--dump-dom", f"{page.as_uri()}#{at}"],
        env={**os.environ, "TZ": "America/Sao_Paulo"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout, re.findall(r".*CONSOLE.*", ended.stderr)
