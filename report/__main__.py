"""``python -m report``: write the page for a store's database."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dotenv import load_dotenv

from report.data import NoModelsError, address, connect, read
from report.page import write


def main() -> None:
    """Parse the options, read the models and write the page."""
    load_dotenv(Path(".env"))
    parser = argparse.ArgumentParser(prog="python -m report", description=__doc__)
    add = parser.add_argument
    add("--schema", help="schema of the models; default: DBT_POSTGRES_SCHEMA or vtex_models")
    add("--duckdb", type=Path, help="DuckDB file with the models, in place of PostgreSQL")
    add("--account", help="VTEX account, where there are several; default: the largest")
    add("--output", type=Path, default=Path("report.html"), help="file to write")
    options = parser.parse_args()
    schema = options.schema or os.environ.get("DBT_POSTGRES_SCHEMA", "vtex_models")
    try:
        with connect(options.duckdb, address(os.environ)) as query:
            page = read(query, schema, options.account)
    except NoModelsError as error:
        sys.exit(str(error))
    write(page, options.output)
    print(f"The report is at {options.output.resolve().as_uri()}")


main()
