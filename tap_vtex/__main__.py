"""``python -m tap_vtex``: the same as the command ``tap-vtex``."""

from tap_vtex.cli import main

main()
