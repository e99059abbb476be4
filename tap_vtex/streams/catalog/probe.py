"""Finds out how VTEX's catalog behaves where its documentation is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex.http.bodies import documents_in
from tap_vtex.report.probe import NOBODYS_ID, copies_in, zone_of
from tap_vtex.streams.catalog.api import (
    PRODUCT_LIST,
    PRODUCTS_PER_PAGE,
    SKU_CONTEXT,
    SKU_LIST,
    SKU_ROWS,
    SKUS_PER_PAGE,
)

if TYPE_CHECKING:
    from tap_vtex.report.probe import Probe, ProbeResponse


def probe_catalog(probe: Probe) -> None:
    """Probe the lists of products and SKUs, and single SKUs."""
    _probe_products(probe)
    _probe_sku_list(probe)
    _probe_skus(probe)


def _probe_products(probe: Probe) -> None:
    with probe.finding("catalog.product_list_status"):
        response = _products(probe, PRODUCTS_PER_PAGE)
        probe.found["catalog.product_list_status"] = response.status
        # The list that the tap would read the catalog by.
        probe.found["catalog.read_by"] = "products" if response.is_ok else "SKUs"
        if not response.is_ok:
            return
        probe.found["catalog.copies_in_a_page_of_products"] = copies_in(response.body["data"])
        larger = _products(probe, PRODUCTS_PER_PAGE + 1)
        probe.found["catalog.page_of_251_products_status"] = larger.status


def _products(probe: Probe, rows: int) -> ProbeResponse:
    return probe.ask(PRODUCT_LIST, params={"_from": 1, "_to": rows})


def _probe_sku_list(probe: Probe) -> None:
    with probe.finding("catalog.copies_in_a_page_of_skus", "catalog.page_of_1001_skus_status"):
        response = _skus(probe, SKUS_PER_PAGE)
        probe.found["catalog.copies_in_a_page_of_skus"] = copies_in(response.body)
        larger = _skus(probe, SKUS_PER_PAGE + 1)
        probe.found["catalog.page_of_1001_skus_status"] = larger.status


def _skus(probe: Probe, rows: int) -> ProbeResponse:
    return probe.ask(SKU_LIST, params={"page": 1, "pagesize": rows})


def _probe_skus(probe: Probe) -> None:
    with probe.finding("catalog.unknown_sku_status"):
        response = probe.ask(SKU_CONTEXT, NOBODYS_ID)
        probe.found["catalog.unknown_sku_status"] = response.status
        probe.found["catalog.unknown_sku_is_empty"] = not response.body
    with probe.finding("catalog.zone_of_date_updated"):
        sku = probe.ask(SKU_CONTEXT, probe.ask(SKU_LIST, params={"page": 1, "pagesize": 1}).body[0])
        rows = documents_in(probe.ask(SKU_ROWS, sku.body["ProductId"]).body)
        zone = zone_of(row.get("DateUpdated") for row in rows)
        probe.found["catalog.zone_of_date_updated"] = zone
