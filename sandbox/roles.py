"""Roles: what an API key may do, in VTEX's own words."""

from __future__ import annotations

#: What stores grant a key created for this tap: orders, Master Data, promotions, and the part of
#: the catalog that the old resources cover.
READER_ROLE = frozenset(
    {
        "CRM administrator",
        "Category",
        "Categories Management",
        "Similar Category",
        "Similar Categories Management",
        "SKUs",
        "View order",
        "List Orders",
        "Order feed subscription",
        "Feed v3 and Hook admin",
        "Feed v3 and Hook view only",
        "Manage benefits and rates",
        "Manage policies",
        "Read prices",
        "Read only documents",
        "Insert or update document (not remove)",
        "Full access to all documents",
        "Master Data administrator",
    }
)
