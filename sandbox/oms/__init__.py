"""Orders: VTEX's order management system, the OMS."""
