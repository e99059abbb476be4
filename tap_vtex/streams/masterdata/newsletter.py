"""Newsletter subscribers, from every place where stores keep them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.errors import AccessError, NotFoundError, RefusedError
from tap_vtex.settings import NewsletterEntity
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.masterdata.api import DATES
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.streams import MasterDataStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.masterdata.replication import FoundDocument
    from tap_vtex.types import Document

CLIENTS: Final = "CL"
#: Where FastStore puts subscribers. Read by default, if a store has it.
FASTSTORE: Final = NewsletterEntity("NL")
#: FastStore told stores to make this field, before it called it ``name``.
EARLIER_NAME_FIELD: Final = "nome"

YES: Final = frozenset({"true", "1", "yes", "y", "sim", "s", "si", "sí", "on"})
NO: Final = frozenset({"false", "0", "no", "n", "nao", "não", "off"})


class NewsletterStream(MasterDataStream):
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

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the subscribers of one source."""
        try:
            yield from super().extract(partition)
        except (AccessError, NotFoundError, RefusedError) as error:
            if self._is_expected(partition) or not self.run.client.has_answered:
                raise
            self.logger.log(
                logging.WARNING if isinstance(error, AccessError) else logging.INFO,
                "This key sees no Master Data entity %s, so the newsletter subscribers are those "
                "among the clients. %s",
                self.entity(partition),
                error,
            )

    def _is_expected(self, partition: Context) -> bool:
        """Whether the settings or an earlier run say that the store has this source."""
        if self.config.get("newsletter_entities") or self.entity(partition) == CLIENTS:
            return True
        return self.load_bookmark(partition, EntityBookmark) is not None

    def wants_all(self, acronym: str) -> bool:
        """A few fields of clients are enough; other entities all differ."""
        return acronym != CLIENTS

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields that a subscriber is made of."""
        if acronym == CLIENTS:
            return ("id", "userId", "email", "firstName", "lastName", "isNewsletterOptIn")
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
