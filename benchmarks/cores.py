"""Which core a process runs on: what is measured must not share the store's."""

from __future__ import annotations

import os
import sys
from typing import Final


def _allowed() -> frozenset[int]:
    if sys.platform == "linux":
        return frozenset(os.sched_getaffinity(0))
    return frozenset()  # elsewhere, everything runs where the system puts it


#: What this process was allowed when it began.
ALL: Final = _allowed()
#: The store's core; none where there is only one, or none can be chosen.
STORE: Final = frozenset({max(ALL)}) if len(ALL) > 1 else frozenset[int]()
#: The cores of what is measured.
OTHERS: Final = ALL - STORE


def keep_on(process: int, cores: frozenset[int]) -> None:
    """Keep a process, and those that it will start, on some cores; without any, anywhere."""
    if sys.platform == "linux" and cores:
        os.sched_setaffinity(process, cores)
