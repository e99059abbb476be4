"""Which License Manager resource opens which path of VTEX's API.

Taken from the permission tables of VTEX's API reference. A store's administrator finds a
resource by product, then category, then name; a second resource is one that opens the
path as well.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Resource(NamedTuple):
    """A License Manager resource, as an administrator clicks through to it."""

    product: str
    category: str
    name: str

    def __str__(self) -> str:
        return f"'{self.name}' (product {self.product}, category {self.category})"


ORDERS_FULL_ACCESS: Final = Resource("Checkout", "CheckoutResources", "Orders Full Access")
MASTER_DATA_ADMINISTRATOR: Final = Resource(
    "Dynamic Storage", "Dynamic storage generic resources", "Master Data administrator"
)

#: Tried in this order; the first pattern that matches the whole path counts.
RESOURCES: Final[tuple[tuple[re.Pattern[str], tuple[Resource, ...]], ...]] = (
    (
        re.compile(r"/api/oms/pvt/orders"),
        (Resource("OMS", "OMS access", "List Orders"), ORDERS_FULL_ACCESS),
    ),
    (
        re.compile(r"/api/oms/pvt/orders/[^/]+"),
        (Resource("OMS", "OMS access", "View order"), ORDERS_FULL_ACCESS),
    ),
    (
        re.compile(r"/api/dataentities/[^/]+/(search|scroll)"),
        (
            Resource("Dynamic Storage", "Dynamic storage generic resources", "Read only documents"),
            MASTER_DATA_ADMINISTRATOR,
        ),
    ),
    (
        re.compile(r"/api/dataentities/[^/]+"),
        (
            Resource("Dynamic Storage", "Data entity", "View data entity details"),
            MASTER_DATA_ADMINISTRATOR,
        ),
    ),
)


def resources_for(path: str) -> tuple[Resource, ...]:
    """The resources of which one opens a path; empty where none is known."""
    for pattern, resources in RESOURCES:
        if pattern.fullmatch(path):
            return resources
    return ()


def how_to_grant(path: str) -> str:
    """A sentence that tells the store's administrator what to grant for a path."""
    resources = resources_for(path)
    if not resources:
        return "Check the role of the key in the store's License Manager."
    first, *others = (str(resource) for resource in resources)
    instead = f", or {' or '.join(others)}" if others else ""
    return f"Give the key's role the resource {first}{instead}, in the License Manager."
