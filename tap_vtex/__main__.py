"""Entry point of ``tap-vtex`` and ``python -m tap_vtex``."""

from __future__ import annotations

import errno
import gc
import sys
from typing import Final, NoReturn

from tap_vtex.output import OutputError
from tap_vtex.shutdown import Terminated
from tap_vtex.tap import TapVTEX

#: Errors of a full or broken disk. Any other OSError is not about the output.
DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
#: New objects between two runs of the cyclic garbage collector.
GC_THRESHOLD: Final = 50_000


def main() -> NoReturn:
    """Run the command line, and exit with its code or that of a signal."""
    # An order is hundreds of objects, none of them in a cycle. By default, Python scans them for
    # cycles about once per order, and all modules now and then: a sixth of a load's CPU time.
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    shutdown = TapVTEX.shutdown
    shutdown.report = lambda: TapVTEX.logger.warning("Stopped by a signal.")
    shutdown.install()
    try:
        shutdown.exit(_run_command())
    except Terminated:
        shutdown.end()


def _run_command() -> int:
    """Run the command line and flush its output; return the exit code.

    A run writes through `MessageWriter`, but the SDK prints for ``--discover`` and the like.
    """
    try:
        if code := _run_cli():
            return code
        if sys.stdout is not None:
            sys.stdout.flush()
            return 0
        reason = None
    except BrokenPipeError:
        return 1
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        reason = error.strerror
    TapVTEX.logger.error("%s", OutputError(reason))
    return 1


def _run_cli() -> int:
    try:
        TapVTEX.cli()
    except Terminated:
        raise
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
