"""How fast the tap is, and what it costs: ``make bench``. Nothing of it is in the wheel."""
