"""The streams, a module or package for each area of VTEX."""
