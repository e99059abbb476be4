"""``python -m tap_vtex``: the same as the command ``tap-vtex``."""

from tap_vtex.tap import TapVTEX

TapVTEX.cli()
