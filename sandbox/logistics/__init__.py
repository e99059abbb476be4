"""Warehouses and stock: VTEX's Logistics API."""
