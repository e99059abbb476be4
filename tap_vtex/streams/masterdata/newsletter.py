"""Newsletter subscribers, out of all the places where stores keep them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.errors import AccessError, NotFoundError, RefusedError
from tap_vtex.settings import NewsletterEntity
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.masterdata.base import MasterDataStream
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.query import DATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.masterdata.documents import Document, Found

CLIENTS: Final = "CL"
#: Where FastStore puts subscribers; taken by itself where a store has it.
FASTSTORE: Final = NewsletterEntity("NL")

YES: Final = frozenset({"true", "1", "yes", "y", "sim", "s", "si", "sí", "on"})
NO: Final = frozenset({"false", "0", "no", "n", "nao", "não", "off"})


class NewsletterStream(MasterDataStream):
    """Subscribers: clients with their consent, and those in entities of the settings."""

    name = "newsletter"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="newsletter")
    primary_keys = ("account_name", "source_entity", "id")

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """A bookmark for each source: one that is added later is read from its beginning."""
        sources = [CLIENTS, *(one.entity for one in self._entities)]
        return [{**self.account, "source_entity": source} for source in sources]

    @property
    def _entities(self) -> Sequence[NewsletterEntity]:
        named = NewsletterEntity.all_in(self.config)
        return [FASTSTORE] if named is None else named

    def _form(self, acronym: str) -> NewsletterEntity:
        return next(one for one in self._entities if one.entity == acronym)

    def entity(self, partition: Context) -> str:
        """The source that a partition is for."""
        return str(partition["source_entity"])

    def ends_with(self, partition: Context) -> list[str]:
        """One source may fail and the others go on."""
        return [f"{self.name} ({self.entity(partition)})"]

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the subscribers of one source."""
        try:
            yield from super().extract(partition)
        except (AccessError, NotFoundError, RefusedError) as error:
            if self._is_expected(partition):
                raise
            self.logger.log(
                logging.WARNING if isinstance(error, AccessError) else logging.INFO,
                "The store shows no Master Data entity %s to this key: newsletter subscribers "
                "are those among the clients. %s",
                self.entity(partition),
                error,
            )

    def _is_expected(self, partition: Context) -> bool:
        """Whether the store is known to have a source: by its settings, or an earlier run."""
        if self.config.get("newsletter_entities") or self.entity(partition) == CLIENTS:
            return True
        return self.read_state(partition, EntityBookmark.from_state) is not None

    def wants_all(self, acronym: str) -> bool:
        """Of clients a few fields will do; other entities have no two forms alike."""
        return acronym != CLIENTS

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields that make a subscriber."""
        if acronym == CLIENTS:
            return ("id", "userId", "email", "firstName", "lastName", "isNewsletterOptIn")
        form = self._form(acronym)
        return ("id", form.email_field, form.name_field, form.opt_in_field)

    def records(self, found: Found, partition: Context) -> Iterator[Document]:
        """Emit a subscriber in the one shape that all sources share."""
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
            form = self._form(acronym)
            subscriber |= {
                "email": document.get(form.email_field),
                "name": document.get(form.name_field),
                "opt_in": consent(document.get(form.opt_in_field)),
            }
        yield subscriber


def consent(value: object) -> bool | None:
    """A consent in any of the forms that stores give it; None where it can't be told."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES:
        return True
    return False if text in NO else None
