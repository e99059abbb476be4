"""Endpoints of VTEX's API, and the License Manager resources that open them.

Each API module declares its own endpoints, for use by the client, the access check and error
texts. The resources come from the permission tables in VTEX's API reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeGuard, TypeVar
from urllib.parse import quote

from tap_vtex.http import bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Body = TypeVar("Body")


class Host(Enum):
    """One of VTEX's hosts. Pricing is the only API with its own."""

    COMMERCE = auto()
    PRICING = auto()


class Resource(NamedTuple):
    """A License Manager resource, and the path an administrator clicks to reach it."""

    product: str
    category: str
    name: str

    def __str__(self) -> str:
        return f"'{self.name}' (product {self.product}, category {self.category})"


@dataclass(frozen=True, eq=False)
class Endpoint(Generic[Body]):
    """One endpoint of VTEX's API."""

    #: The path, with ``{}`` for each id.
    path: str
    #: Tells a usable body from ``null`` or JSON of another shape.
    validate: Callable[[object], TypeGuard[Body]]
    #: Any one of these grants access; the first is the recommended one.
    resources: tuple[Resource, ...]
    host: Host = Host.COMMERCE
    #: Only the feed uses POST.
    method: Literal["GET", "POST"] = "GET"
    #: Headers in addition to the client's.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Reads the id in a body about one thing; None if bodies carry none.
    identity: Callable[[Body], object] | None = None
    #: Decodes a body; raises ValueError if it is not JSON.
    decode: Callable[[bytes], object] = bodies.decode

    def path_to(self, *ids: object) -> str:
        """The path for some ids, percent-encoded."""
        return self.path.format(*(quote(str(one), safe="") for one in ids))

    def is_about(self, body: Body, *ids: object) -> bool:
        """Whether a body carries the requested id, or none."""
        found = self.identity(body) if self.identity else None
        return found is None or str(found).lower() == str(ids[0]).lower()

    @property
    def how_to_grant(self) -> str:
        """Tell an administrator which resource to grant for this endpoint."""
        first, *others = map(str, self.resources)
        alternatives = f", or {' or '.join(others)}" if others else ""
        return f"Give the key's role the resource {first}{alternatives}, in the License Manager."
