"""Singer tap for VTEX."""
