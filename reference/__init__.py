"""The tables reference, made of the schemas: ``python -m reference`` writes docs/tables.md."""
