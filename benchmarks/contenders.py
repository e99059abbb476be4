"""What the tap is compared with: what a user would take, or write, instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.shop import BENCH, WORKERS

if TYPE_CHECKING:
    from benchmarks.shop import Load, Shop


class Contender(NamedTuple):
    """A program that reads the orders within reach of the list, the latest 3,000."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    python: str = sys.executable

    def load(self, store: Shop, workers: int = WORKERS) -> Load:
        """Run it against a store. The serial ones ignore ``workers``."""
        files = {"config": store.config | {"max_workers": workers}}
        return store.watch(self.module, files, *self.arguments, python=self.python)


AIOHTTP: Final = Contender("bare loop, aiohttp", "benchmarks.aiohttp_loop")
REQUESTS: Final = Contender("bare loop, requests, serial", "benchmarks.bare", ("orders",))
SDK: Final = Contender("plain SDK tap, serial", "benchmarks.serial_tap")
DLT: Final = Contender(
    "dlt rest_api, parallelized", "benchmarks.dlt_pipeline", python=str(BENCH / "python")
)
DLT_NORMALIZED: Final = DLT._replace(
    name="dlt rest_api, with normalization", arguments=("--normalize",)
)
