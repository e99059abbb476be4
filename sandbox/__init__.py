"""A made-up VTEX store on this machine, for demonstrations, tests and benchmarks.

It serves VTEX's paths, headers and error bodies, and has VTEX's quirks: an index that lags,
lists that stop early, limits, refusals. Where VTEX's documentation is silent, a setting
chooses the behavior (see `sandbox.quirks.Quirks`), so the tap can be tested against each
possibility. The sandbox is not part of the wheel.
"""
