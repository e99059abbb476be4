"""What faults do to requests and responses."""
