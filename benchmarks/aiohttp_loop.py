"""The same orders with a bare aiohttp loop: concurrent requests, parse, encode, write.

It has no retries, rate limit, windows or state: a script for fetching the orders quickly, once.
``python -m benchmarks.aiohttp_loop --config config.json``: every order that the list shows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

ROWS = 100
LIST = "/api/oms/pvt/orders"


def main() -> None:
    """Read the config, and write the store's orders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aiohttp_loop")
    parser.add_argument("--config", required=True, type=Path)
    options = parser.parse_args()
    asyncio.run(_orders(json.loads(options.config.read_text())))


async def _orders(config: dict[str, Any]) -> None:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-VTEX-API-AppKey": config["app_key"],
        "X-VTEX-API-AppToken": config["app_token"],
    }
    workers = config["max_workers"]
    ids: asyncio.Queue[str | None] = asyncio.Queue(4 * workers)
    connector = aiohttp.TCPConnector(limit=workers + 1)
    async with (
        aiohttp.ClientSession(config["api_url"], headers=headers, connector=connector) as session,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(_list(session, ids, workers))
        for _ in range(workers):
            tasks.create_task(_read(session, ids))


async def _list(
    session: aiohttp.ClientSession, ids: asyncio.Queue[str | None], workers: int
) -> None:
    page, pages = 1, 1
    while page <= pages:
        listed = await _get(session, f"{LIST}?page={page}&per_page={ROWS}")
        page, pages = page + 1, listed["paging"]["pages"]
        for row in listed["list"]:
            await ids.put(row["orderId"])
    for _ in range(workers):
        await ids.put(None)


async def _read(session: aiohttp.ClientSession, ids: asyncio.Queue[str | None]) -> None:
    while order_id := await ids.get():
        order = await _get(session, f"{LIST}/{order_id}")
        record = {"type": "RECORD", "stream": "orders", "record": order}
        sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
        sys.stdout.buffer.flush()  # as Singer's writers do


async def _get(session: aiohttp.ClientSession, path: str) -> Any:  # noqa: ANN401 - JSON
    async with session.get(path) as response:
        response.raise_for_status()
        return msgspec.json.decode(await response.read())


if __name__ == "__main__":
    main()
