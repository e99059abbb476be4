"""The command ``tap-vtex``, also started by ``python -m tap_vtex``."""

from __future__ import annotations

import errno
import gc
import sys
from typing import Final, NoReturn

from tap_vtex.output import OutputError
from tap_vtex.shutdown import Terminated
from tap_vtex.tap import TapVTEX

#: What a disk says that takes no more. Other errors of the system are not about the output.
DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
#: How many new objects make Python search for garbage in cycles.
GC_THRESHOLD: Final = 50_000


def main() -> NoReturn:
    """Run the command line, and end the process with its exit code or that of a signal."""
    # An order is hundreds of objects, none of them in a cycle. By default, Python searches them for
    # cycles once an order, and all modules now and then: a sixth of the CPU time of a load.
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
    """Run the command line, and flush what it has printed; return its exit code.

    A run writes through `MessageWriter`. What ``--discover`` and the like print, the SDK writes.
    """
    try:
        if code := _end_of_cli():
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


def _end_of_cli() -> int:
    try:
        TapVTEX.cli()
    except Terminated:
        raise
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
