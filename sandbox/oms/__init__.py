"""The store's order management: VTEX's OMS."""
