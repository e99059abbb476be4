"""target-postgres with another JSON codec, which the SDK could use by default.

Run it in the environment of the group ``bench`` like the target itself, with ``reader``,
``serializer`` or ``both`` before its options: what to replace, the reader of messages or the
serializer of values for JSON columns.
"""

from __future__ import annotations

import sys

from singer_sdk.contrib.msgspec import MsgSpecReader, encoder
from target_postgres.connector import PostgresConnector
from target_postgres.target import TargetPostgres


def main() -> None:
    """Replace what the first argument names, and run the target."""
    replaced = sys.argv.pop(1)
    if replaced in {"reader", "both"}:
        TargetPostgres.message_reader_class = MsgSpecReader
    if replaced in {"serializer", "both"}:
        PostgresConnector.serialize_json = _serialize_json
    TargetPostgres.cli()


def _serialize_json(_connector: PostgresConnector, value: object) -> str:
    return encoder.encode(value).decode()


if __name__ == "__main__":
    main()
