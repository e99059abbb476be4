"""``make bench``: measure, print the table, and bring docs/performance.md up to date.

``python -m benchmarks cost memory`` runs only those; ``--draw`` only rewrites page and picture
from the existing results.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from importlib import import_module
from traceback import format_exception_only
from typing import TYPE_CHECKING

import msgspec

from benchmarks import page
from benchmarks.results import machine, today

if TYPE_CHECKING:
    from benchmarks.results import Result

#: Modules with a function ``measure``, in the order of the page.
NAMES = (
    *("first_load", "cost", "incremental", "hourly", "clients"),
    *("catalog", "catalog_day", "memory", "target"),
)


def main() -> None:
    """Run the requested benchmarks, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; or all")
    parser.add_argument("--draw", action="store_true", help="measure nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    # Exit by an exception, so that the store, the database and the measured program end, too.
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, lambda number, _frame: sys.exit(128 + number))
    results = page.read()
    failed = []
    for name in () if options.draw else options.names or NAMES:
        try:
            results[name] = _measure(name)
        except (Exception, SystemExit) as error:  # continue with the others
            if isinstance(error, SystemExit) and isinstance(error.code, int):
                raise  # a signal
            reason = format_exception_only(error)[-1].rstrip()
            print(f"{name} failed: {reason}", file=sys.stderr, flush=True)
            failed.append(name)
        page.write(_in_order(results))
    results = _in_order(results)
    page.write(results)
    print(page.on_terminal(results.values()))
    print(f"\nMeasured on {machine()}. Also in {page.PAGE}.")
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}. Their figures are from an earlier run.")


def _in_order(results: dict[str, Result]) -> dict[str, Result]:
    return {name: results[name] for name in NAMES if name in results}


def _measure(name: str) -> Result:
    load = os.getloadavg()[0]
    print(f"{name} ... (the machine's load before: {load:.1f})", flush=True)
    began = time.monotonic()
    result: Result = import_module(f"benchmarks.{name}").measure()
    minutes = round((time.monotonic() - began) / 60, 1)
    return msgspec.structs.replace(result, date=today(), machine=machine(), minutes=minutes)


if __name__ == "__main__":
    main()
