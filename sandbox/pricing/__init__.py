"""Prices: VTEX's Pricing API."""
