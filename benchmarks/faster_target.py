"""target-postgres with another JSON codec: what its SDK could give by default.

Run like the target itself, in the environment of the group ``bench``. Two lines are changed:
how a message is read, and how a value for a JSON column is written.
"""

from __future__ import annotations

from singer_sdk.contrib.msgspec import MsgSpecReader, encoder
from target_postgres.connector import PostgresConnector
from target_postgres.target import TargetPostgres


def main() -> None:
    """Change the two, and run the target."""
    TargetPostgres.message_reader_class = MsgSpecReader
    PostgresConnector.serialize_json = _serialize_json
    TargetPostgres.cli()


def _serialize_json(_connector: PostgresConnector, value: object) -> str:
    return encoder.encode(value).decode()


if __name__ == "__main__":
    main()
