"""CPU cores of processes: the measured program must not share the store's core."""

from __future__ import annotations

import os
import sys
from typing import Final


def _allowed() -> frozenset[int]:
    if sys.platform == "linux":
        return frozenset(os.sched_getaffinity(0))
    return frozenset()  # elsewhere, the system decides


#: The cores this process was allowed at its start.
ALL: Final = _allowed()
#: The store's core; empty if there is only one, or no choice.
STORE: Final = frozenset({max(ALL)}) if len(ALL) > 1 else frozenset[int]()
#: The measured program's cores.
OTHERS: Final = ALL - STORE


def keep_on(process: int, cores: frozenset[int]) -> None:
    """Pin a process and its future children to some cores; with none, let them run anywhere."""
    if sys.platform == "linux" and cores:
        os.sched_setaffinity(process, cores)
