"""Newsletter subscribers, from everywhere that stores keep them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.errors import AccessError, NotFoundError, RefusedError, VtexError
from tap_vtex.settings import NewsletterEntity
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.clients import CLIENTS, ClientsChild
from tap_vtex.streams.masterdata.rows import DATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.masterdata.replication import FoundDocument
    from tap_vtex.types import Document

#: FastStore's entity of subscribers. Read by default, if the store has it.
FASTSTORE: Final = NewsletterEntity("NL")
#: FastStore's guide used this field name before it changed to ``name``.
EARLIER_NAME_FIELD: Final = "nome"

#: The fields of a subscriber among the clients.
OF_CLIENTS: Final = ("id", "userId", "email", "firstName", "lastName", "isNewsletterOptIn")
#: What the column ``document`` keeps of a client: these, and what VTEX always sends.
KEPT_OF_CLIENTS: Final = (*OF_CLIENTS, "accountId", "accountName", "dataEntityId", *DATES)

YES: Final = frozenset({"true", "1", "yes", "y", "sim", "s", "si", "sí", "on"})
NO: Final = frozenset({"false", "0", "no", "n", "nao", "não", "off"})


class NewsletterStream(ClientsChild):
    """Subscribers: clients with their consent, and documents of other entities."""

    name = "newsletter"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="newsletter")
    primary_keys = ("account_name", "source_entity", "id")

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """One for each source, so that a source added later is read from the beginning."""
        sources = [CLIENTS, *(one.entity for one in self._entities)]
        return [{**self.account, "source_entity": source} for source in sources]

    @property
    def _entities(self) -> Sequence[NewsletterEntity]:
        named = NewsletterEntity.all_in(self.config)
        return [FASTSTORE] if named is None else named

    def _source(self, acronym: str) -> NewsletterEntity:
        return next(one for one in self._entities if one.entity == acronym)

    def entity(self, partition: Context) -> str:
        """The source of a partition."""
        return str(partition["source_entity"])

    def failed_parts(self, partition: Context) -> list[str]:
        """The source: one can fail while the others go on."""
        return [f"{self.name} ({self.entity(partition)})"]

    @property
    def clients_partition(self) -> Context:
        """The partition of subscribers among the clients."""
        return {**self.account, "source_entity": CLIENTS}

    def read_other_entities(self) -> None:
        """Write the subscribers of the other sources, each of which can fail alone."""
        for partition in self.partitions or []:
            if self.entity(partition) != CLIENTS:
                try:
                    for row in self.extract(partition):
                        self.write_record(row, partition)
                except VtexError as error:
                    self._fail_source(partition, error)

    def _fail_source(self, partition: Context, error: VtexError) -> None:
        is_refusal = isinstance(error, AccessError | NotFoundError | RefusedError)
        if not is_refusal or self._is_expected(partition) or not self.run.client.has_answered:
            self.fail(self.failed_parts(partition), error)
            return
        self.logger.log(
            logging.WARNING if isinstance(error, AccessError) else logging.INFO,
            "This key sees no Master Data entity %s, so newsletter subscribers come from the "
            "clients only. %s",
            self.entity(partition),
            error,
        )

    def _is_expected(self, partition: Context) -> bool:
        """Whether the source must exist: a setting names it, or an earlier run has read it."""
        if self.config.get("newsletter_entities"):
            return True
        return self.load_bookmark(partition, EntityBookmark) is not None

    def wants_all(self, acronym: str) -> bool:
        """Clients need a few fields only; other entities have fields that the tap can't know."""
        return acronym != CLIENTS

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields of a subscriber."""
        if acronym == CLIENTS:
            return OF_CLIENTS
        source = self._source(acronym)
        return ("id", source.email_field, source.name_field, source.opt_in_field)

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Emit a subscriber, in the shape that all sources share."""
        document = found.document
        subscriber = {
            "id": document["id"],
            "document": document,
            **{name: document.get(name) for name in DATES},
        }
        acronym = self.entity(partition)
        if acronym == CLIENTS:
            # Streams that share the read may have requested more fields.
            subscriber["document"] = {
                name: document[name] for name in KEPT_OF_CLIENTS if name in document
            }
            names = (document.get("firstName"), document.get("lastName"))
            subscriber |= {
                "email": document.get("email"),
                "name": " ".join(name for name in names if isinstance(name, str)).strip() or None,
                "opt_in": parse_consent(document.get("isNewsletterOptIn")),
                "userId": document.get("userId"),
            }
        else:
            source = self._source(acronym)
            subscriber |= {
                "email": document.get(source.email_field),
                "name": document.get(source.name_field) or _earlier_name(source, document),
                "opt_in": parse_consent(document.get(source.opt_in_field)),
            }
        yield subscriber


def _earlier_name(source: NewsletterEntity, document: Document) -> object:
    return document.get(EARLIER_NAME_FIELD) if source == FASTSTORE else None


def parse_consent(value: object) -> bool | None:
    """Parse a consent in any form that stores use; None if it can't be read."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES:
        return True
    return False if text in NO else None
