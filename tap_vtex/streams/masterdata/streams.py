"""Clients, addresses, and the entities that the store's settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.masterdata.base import MasterDataStream
from tap_vtex.streams.masterdata.structure import extended

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.masterdata.documents import Document, Found
    from tap_vtex.tap import TapVTEX


class EntityStream(MasterDataStream):
    """All documents of one entity, with a column for each field that is known of it."""

    primary_keys = ("account_name", "id")

    #: The schema that holds without knowing the store.
    native_schema: ClassVar[str] = "entity"

    def __init__(
        self, tap: TapVTEX, acronym: str, name: str, fields: Iterable[tuple[str, str]]
    ) -> None:
        """``fields`` are names and types of the entity's fields, as far as they are known."""
        self._acronym = acronym
        native: dict[str, Any] = SCHEMAS.get_schema(self.native_schema)
        logger = tap.logger.getChild(name)
        super().__init__(tap, extended(native, fields, self.leftovers, logger), name)

    def entity(self, partition: Context) -> str:  # noqa: ARG002
        """The stream's one entity."""
        return self._acronym

    def fields(self, acronym: str) -> Sequence[str]:  # noqa: ARG002
        """The columns that are selected, without those that the tap makes."""
        made_here = {self.replication_key, self.leftovers, *self.account}
        names = [name for name in self.effective_schema["properties"] if name not in made_here]
        return ["id", *(name for name in names if self.mask.get(("properties", name), True))]

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Fields without a column are wanted if the column for them is."""
        return self.mask.get(("properties", self.leftovers), True)

    def records(self, found: Found, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Emit the document as it is."""
        yield found.document


class ClientsStream(EntityStream):
    """Clients (CL): those who bought, registered, or left an e-mail address."""

    native_schema = "clients"


class AddressesStream(EntityStream):
    """The addresses of clients (AD)."""

    native_schema = "addresses"
