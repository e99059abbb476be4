"""A real Chromium, without a network."""

from __future__ import annotations

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
    *("--window-size=1280,1750", "--virtual-time-budget=20000"),
)


def opened(page: Path, at: str) -> tuple[str, list[str]]:
    """A page's HTML once its scripts have run, and what they wrote on the console."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    command = [program, *OPTIONS, f"--user-data-dir={page.parent / 'profile'}", "--dump-dom"]
    ended = subprocess.run(
        [*command, f"{page.as_uri()}#{at}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout, re.findall(r".*CONSOLE.*", ended.stderr)
