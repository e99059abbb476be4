"""``make tables``: bring docs/tables.md and the diagram in README.md up to date."""

from __future__ import annotations

from reference.pages import README, TABLES, readme, tables


def main() -> None:
    """Write both."""
    TABLES.write_text(tables())
    README.write_text(readme(README.read_text()))


if __name__ == "__main__":
    main()
