"""Newsletter subscribers, from every place where stores keep them."""

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

#: Where FastStore puts subscribers. Read by default, if a store has it.
FASTSTORE: Final = NewsletterEntity("NL")
#: FastStore told stores to make this field, before it called it ``name``.
EARLIER_NAME_FIELD: Final = "nome"

#: What a subscriber among the clients is made of ...
OF_CLIENTS: Final = ("id", "userId", "email", "firstName", "lastName", "isNewsletterOptIn")
#: ... and what is kept of the document: what VTEX always sends, too.
KEPT_OF_CLIENTS: Final = (*OF_CLIENTS, "accountId", "accountName", "dataEntityId", *DATES)

YES: Final = frozenset({"true", "1", "yes", "y", "sim", "s", "si", "sí", "on"})
NO: Final = frozenset({"false", "0", "no", "n", "nao", "não", "off"})


class NewsletterStream(ClientsChild):
    """Subscribers: clients with their consent, and those in further entities."""

    name = "newsletter"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="newsletter")
    primary_keys = ("account_name", "source_entity", "id")

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """One for each source. A source that is added later is read from its beginning."""
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
        """One source can fail while the others go on."""
        return [f"{self.name} ({self.entity(partition)})"]

    @property
    def clients_partition(self) -> Context:
        """The source that clients are."""
        return {**self.account, "source_entity": CLIENTS}

    def read_other_entities(self) -> None:
        """Write the subscribers of the other sources. Each can fail by itself."""
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
            "This key sees no Master Data entity %s, so the newsletter subscribers are those "
            "among the clients. %s",
            self.entity(partition),
            error,
        )

    def _is_expected(self, partition: Context) -> bool:
        """Whether the settings or an earlier run say that the store has this source."""
        if self.config.get("newsletter_entities"):
            return True
        return self.load_bookmark(partition, EntityBookmark) is not None

    def wants_all(self, acronym: str) -> bool:
        """A few fields of clients are enough; other entities all differ."""
        return acronym != CLIENTS

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields that a subscriber is made of."""
        if acronym == CLIENTS:
            return OF_CLIENTS
        source = self._source(acronym)
        return ("id", source.email_field, source.name_field, source.opt_in_field)

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Emit a subscriber in the shape that all sources share."""
        document = found.document
        subscriber = {
            "id": document["id"],
            "document": document,
            **{name: document.get(name) for name in DATES},
        }
        acronym = self.entity(partition)
        if acronym == CLIENTS:
            # Other streams may have asked for more.
            subscriber["document"] = {
                name: document[name] for name in KEPT_OF_CLIENTS if name in document
            }
            names = (document.get("firstName"), document.get("lastName"))
            subscriber |= {
                "email": document.get("email"),
                "name": " ".join(name for name in names if isinstance(name, str)).strip() or None,
                "opt_in": consent(document.get("isNewsletterOptIn")),
                "userId": document.get("userId"),
            }
        else:
            source = self._source(acronym)
            subscriber |= {
                "email": document.get(source.email_field),
                "name": document.get(source.name_field) or _earlier_name(source, document),
                "opt_in": consent(document.get(source.opt_in_field)),
            }
        yield subscriber


def _earlier_name(source: NewsletterEntity, document: Document) -> object:
    return document.get(EARLIER_NAME_FIELD) if source == FASTSTORE else None


def consent(value: object) -> bool | None:
    """Read a consent in any of the forms that stores use; None if it can't be read."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES:
        return True
    return False if text in NO else None
