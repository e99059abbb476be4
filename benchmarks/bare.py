"""The minimum: request, parse, encode and write, in a plain loop. The yardstick for cost.

``python -m benchmarks.bare orders --config config.json``: every order that the list shows.
``clients`` instead of ``orders``: every client.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 100
SCROLL = 1000
TIMEOUT = 60


def main() -> None:
    """Read the config, and write the store's orders or clients."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bare")
    parser.add_argument("what", choices=("orders", "clients"))
    parser.add_argument("--config", required=True, type=Path)
    options = parser.parse_args()
    config = json.loads(options.config.read_text())
    session = requests.Session()
    session.headers["Accept"] = session.headers["Content-Type"] = "application/json"
    session.headers["X-VTEX-API-AppKey"] = config["app_key"]
    session.headers["X-VTEX-API-AppToken"] = config["app_token"]
    read = orders if options.what == "orders" else clients
    for document in read(session, config["api_url"]):
        record = {"type": "RECORD", "stream": options.what, "record": document}
        sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
        sys.stdout.buffer.flush()  # as Singer's writers do


def orders(session: requests.Session, url: str) -> Iterator[Any]:
    """Every order that the list shows: the latest 3,000."""
    path = f"{url}/api/oms/pvt/orders"
    page, pages = 1, 1
    while page <= pages:
        listed = _get(session, f"{path}?page={page}&per_page={ROWS}").json()
        page, pages = page + 1, listed["paging"]["pages"]
        for row in listed["list"]:
            yield msgspec.json.decode(_get(session, f"{path}/{row['orderId']}").content)


def clients(session: requests.Session, url: str) -> Iterator[Any]:
    """Every client, page by page."""
    path = f"{url}/api/dataentities/CL/scroll"
    response = _get(session, f"{path}?_fields=_all&_size={SCROLL}")
    while documents := msgspec.json.decode(response.content):
        yield from documents
        response = _get(session, f"{path}?_token={response.headers['X-VTEX-MD-TOKEN']}")


def _get(session: requests.Session, url: str) -> requests.Response:
    response = session.get(url, timeout=TIMEOUT)
    response.raise_for_status()
    return response


if __name__ == "__main__":
    main()
