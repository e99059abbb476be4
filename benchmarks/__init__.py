"""Benchmarks of the tap's speed and cost: ``make bench``. They are not part of the wheel."""
