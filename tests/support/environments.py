"""Packages that tests run in environments of their own."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Beside Meltano's own, so that git ignores it and `make clean` removes it.
FOLDER = PROJECT / ".meltano/loaders"
UV = PROJECT / ".venv/bin/uv"


def programs(name: str, requirements: Sequence[str], instead: Sequence[str] = ()) -> Path:
    """The folder with the programs of an environment, which is made if it does not exist yet.

    ``instead`` replaces what the packages themselves require.
    """
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    parts = (version, *requirements, *instead)
    sign = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]
    home, overrides = folder / sign, folder / f"{sign}.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        if not (home / "ready").exists():
            overrides.write_text("\n".join(instead))
            uv("venv", "--clear", "--python", sys.executable, home)
            install = ("pip", "install", "--compile-bytecode", "--python", home)
            uv(*install, "--overrides", overrides, *requirements)
            (home / "ready").touch()
    return home / "bin"


def uv(*arguments: str | Path) -> None:
    ended = subprocess.run([UV, "--quiet", *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
