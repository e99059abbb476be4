"""How faults change requests and responses."""
