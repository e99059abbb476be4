"""Run a command, and write what it cost to a file: ``CPU seconds, peak kilobytes``.

On Linux, a process inherits the peak of the process that starts it, and keeps it as it loads
another program. A benchmark has 50 MB when it begins and grows from one measurement to the next,
so what it measures would never show less. This process is smaller than anything that is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> None:
    """The first argument is the file's descriptor; the command does not get to see it."""
    costs, *command = sys.argv[1:]
    process = subprocess.Popen(command)
    # Popen would only tell the exit code.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    os.write(int(costs), f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}".encode())
    sys.exit(process.returncode != 0)


if __name__ == "__main__":
    main()
