"""A VTEX store that runs on this machine: for trying the tap, for tests and benchmarks.

It speaks VTEX's paths, headers and error bodies, with VTEX's manners: an index that is
behind, lists that end without a word, limits, refusals. What VTEX does not document can
be set (see `sandbox.store.Manners`), so that the tap can be tried against each way it
may be. Nothing of it is in the wheel.
"""
