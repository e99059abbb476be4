"""Run a command, and write its cost to a file: ``CPU seconds, peak kilobytes``.

On Linux, a process inherits the memory peak of its parent, and exec keeps it. A benchmark starts
with 50 MB and grows with each measurement, so nothing it measures would ever show less. This
launcher is smaller than anything measured.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> None:
    """Take a file descriptor and a command; the command does not inherit the descriptor."""
    costs, *command = sys.argv[1:]
    process = subprocess.Popen(command)
    # Popen.wait would only return the exit code.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    os.write(int(costs), f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}".encode())
    sys.exit(process.returncode != 0)


if __name__ == "__main__":
    main()
