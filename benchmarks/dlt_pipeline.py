"""The same orders with dlt's ``rest_api`` source: what a user might take instead of the tap.

List and orders are one resource each, both parallelized; only the orders are kept. Extraction
writes one row per order to a file, like the stream ``orders``. ``--normalize`` then turns an
order's objects into columns and each of its lists into a table, including the items, payments and
packages for which the tap has streams. dlt's load step has no counterpart in a tap.

This needs the group ``bench`` of pyproject.toml, which ``make bench`` installs in a separate
environment.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    """Extract every order that the list shows; with ``--normalize``, normalize them as well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dlt_pipeline")
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--normalize", action="store_true", help="normalize the orders as well")
    options = parser.parse_args()
    settings = json.loads(options.config.read_text())
    with tempfile.TemporaryDirectory() as folder:
        # dlt reads these on import.
        os.environ |= {
            "DLT_PROJECT_DIR": folder,
            "DLT_DATA_DIR": folder,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            # Neither extraction nor a tap compresses; gzip would take a fifth of the time.
            "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
            "EXTRACT__WORKERS": str(settings["max_workers"]),
            "EXTRACT__MAX_PARALLEL_ITEMS": str(4 * settings["max_workers"]),
        }
        import dlt  # noqa: PLC0415
        from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

        pipeline = dlt.pipeline("vtex", pipelines_dir=folder, destination="filesystem")
        print("begins", flush=True)
        pipeline.extract(rest_api_source(_source(settings)))
        if options.normalize:
            pipeline.normalize()


def _source(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "client": {
            "base_url": settings["api_url"],
            "headers": {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "X-VTEX-API-AppKey": settings["app_key"],
                "X-VTEX-API-AppToken": settings["app_token"],
            },
        },
        "resources": [
            {
                "name": "order_list",
                "selected": False,  # requested but not kept
                "parallelized": True,
                "endpoint": {
                    "path": "api/oms/pvt/orders",
                    "params": {"per_page": 100},
                    "data_selector": "list",
                    "paginator": {
                        "type": "page_number",
                        "base_page": 1,
                        "total_path": "paging.pages",
                    },
                },
            },
            {
                "name": "orders",
                "primary_key": "orderId",
                "parallelized": True,
                "endpoint": {
                    "path": "api/oms/pvt/orders/{resources.order_list.orderId}",
                    "data_selector": "$",
                    "paginator": "single_page",
                },
            },
        ],
    }


if __name__ == "__main__":
    main()
