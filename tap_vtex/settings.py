"""The settings: what they are called and mean, and what is wrong with a set of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from singer_sdk import typing as th

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_LOOKBACK_DAYS: Final = 60
DEFAULT_MAX_WORKERS: Final = 16
DEFAULT_REQUESTS_PER_MINUTE: Final = 3000

#: Orders older than two years are not shown by VTEX, so there is nothing to look back to.
MAX_LOOKBACK_DAYS: Final = 731
#: More threads than this use up a core without asking for more.
MAX_WORKERS: Final = 128

SETTINGS: Final = th.PropertiesList(
    th.Property(
        "account_name",
        th.StringType(nullable=False),
        required=True,
        title="Account name",
        description="Name of the VTEX account: the 'acme' of https://acme.myvtex.com/admin.",
        examples=["acme"],
    ),
    th.Property(
        "app_key",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="App key",
        description="The key of an API key pair of the account (X-VTEX-API-AppKey).",
    ),
    th.Property(
        "app_token",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="App token",
        description="The token of the same pair (X-VTEX-API-AppToken).",
    ),
    th.Property(
        "store_url",
        th.StringType,
        title="Store URL",
        description=(
            "The shop's public address, for links to products and carts. "
            "Default: https://{account_name}.myvtex.com"
        ),
        examples=["https://www.acme.com.br"],
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "Earliest date wanted: of creation for orders, of last activity for Master Data. "
            "Unset: the two years of orders that VTEX shows, and every Master Data document."
        ),
        examples=["2026-01-01", "2026-01-01T03:00:00Z"],
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description=(
            "First moment no longer wanted, so that several processes can each load a slice of "
            "orders. A run with it looks for no changes; a run without it does."
        ),
        examples=["2026-02-01"],
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=MAX_LOOKBACK_DAYS),
        default=DEFAULT_LOOKBACK_DAYS,
        title="Look-back in days",
        description=(
            "How old an order may be, counted back from the last run, and still be checked for "
            "every kind of change. Older orders are checked for payment and invoice only."
        ),
    ),
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=MAX_WORKERS),
        default=DEFAULT_MAX_WORKERS,
        title="Requests in flight",
        description="How many requests are under way at the same time.",
    ),
    th.Property(
        "requests_per_minute",
        th.IntegerType(minimum=1),
        default=DEFAULT_REQUESTS_PER_MINUTE,
        title="Requests per minute",
        description=(
            "Ceiling over the whole process. VTEX counts by account and allows 6000 a minute "
            "for orders; the default leaves half to the store's other systems."
        ),
    ),
    th.Property(
        "api_url",
        th.StringType,
        title="API URL",
        description="Replaces every VTEX host: for the sandbox or a proxy of your own.",
        examples=["http://127.0.0.1:8700"],
    ),
    th.Property(
        "master_data_entities",
        th.ArrayType(th.StringType),
        title="Master Data entities",
        description="Further Master Data entities to extract, by acronym.",
        examples=[["AU", "NL"]],
    ),
    th.Property(
        "newsletter_entities",
        th.ArrayType(
            th.ObjectType(
                th.Property(
                    "entity",
                    th.StringType,
                    required=True,
                    title="Entity",
                    description="Acronym of the Master Data entity.",
                ),
                th.Property(
                    "email_field",
                    th.StringType,
                    title="E-mail field",
                    description="Its field with the e-mail address. Default: email",
                ),
                th.Property(
                    "name_field",
                    th.StringType,
                    title="Name field",
                    description="Its field with the subscriber's name. Default: name",
                ),
                th.Property(
                    "opt_in_field",
                    th.StringType,
                    title="Opt-in field",
                    description="Its field with the consent. Default: isNewsletterOptIn",
                ),
            )
        ),
        title="Newsletter entities",
        description=(
            "Master Data entities besides CL that hold newsletter subscribers. "
            "Default: NL, where the account has it."
        ),
        examples=[[{"entity": "NL", "name_field": "nome"}]],
    ),
).to_dict()


@dataclass(frozen=True)
class NewsletterEntity:
    """A Master Data entity with newsletter subscribers, and what it calls their fields."""

    entity: str
    email_field: str = "email"
    name_field: str = "name"
    opt_in_field: str = "isNewsletterOptIn"

    @classmethod
    def all_in(cls, config: Mapping[str, Any]) -> list[NewsletterEntity] | None:
        """Those that a config names; None where it leaves the choice to the tap."""
        named = config.get("newsletter_entities")
        if named is None:
            return None
        return [
            cls(**{key: value for key, value in entry.items() if value} | _acronym_in(entry))
            for entry in named
        ]


def _acronym_in(entry: Mapping[str, Any]) -> dict[str, str]:
    return {"entity": str(entry["entity"]).strip().upper()}


def entities_in(config: Mapping[str, Any]) -> list[str]:
    """The acronyms of the further Master Data entities that a config names."""
    named = config.get("master_data_entities") or []
    return list(dict.fromkeys(str(acronym).strip().upper() for acronym in named))


@dataclass(frozen=True)
class Settings:
    """The settings of a run, checked and complete."""

    account_name: str
    app_key: str
    app_token: str
    store_url: str
    start_date: datetime | None
    end_date: datetime | None
    lookback_days: int
    max_workers: int
    requests_per_minute: int
    api_url: str | None

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Settings:
        """Make settings of a config in which `problems` found nothing."""
        account = account_of(config)
        return cls(
            account_name=account,
            app_key=config["app_key"].strip(),
            app_token=config["app_token"].strip(),
            store_url=(config.get("store_url") or f"https://{account}.myvtex.com").rstrip("/"),
            start_date=dates.parse(config.get("start_date")),
            end_date=dates.parse(config.get("end_date")),
            lookback_days=_number(config, "lookback_days", DEFAULT_LOOKBACK_DAYS),
            max_workers=_number(config, "max_workers", DEFAULT_MAX_WORKERS),
            requests_per_minute=_number(config, "requests_per_minute", DEFAULT_REQUESTS_PER_MINUTE),
            api_url=(config.get("api_url") or "").rstrip("/") or None,
        )


def account_of(config: Mapping[str, Any]) -> str:
    """The account's name as it stands in records and in the state; '' where it is unset."""
    return str(config.get("account_name") or "").strip().lower()


def problems(config: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a config: a sentence each, with no secret in it."""
    yield from _account_problems(config)
    for name, what in (("app_key", "key"), ("app_token", "token")):
        yield from _secret_problems(name, what, config.get(name))
    for name in ("store_url", "api_url"):
        yield from _url_problems(name, config.get(name))
    yield from _date_problems(config)
    yield from _entity_problems(config)
    yield from _number_problems("lookback_days", config, 0, MAX_LOOKBACK_DAYS)
    yield from _number_problems("max_workers", config, 1, MAX_WORKERS)
    yield from _number_problems("requests_per_minute", config, 1, 1_000_000)


def _account_problems(config: Mapping[str, Any]) -> Iterator[str]:
    account = account_of(config)
    if not account:
        yield (
            "The setting account_name is missing: give the name of the VTEX account, "
            "the 'acme' of https://acme.myvtex.com/admin."
        )
    elif not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", account):
        yield (
            f"The setting account_name is {account!r}, but a VTEX account's name has letters, "
            "digits and hyphens only: give the 'acme' of https://acme.myvtex.com/admin."
        )


def _secret_problems(name: str, what: str, value: object) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"The setting {name} is missing: give the {what} of an API key of the account."
    elif not re.fullmatch(r"[!-~]+", value.strip()):
        yield (
            f"The setting {name} holds blanks or other characters that no {what} of VTEX's has: "
            "copy it again, all of it and nothing else."
        )
    elif "://" in value:
        yield (
            f"The setting {name} holds a web address: open it, and copy the {what} that it shows."
        )


def _url_problems(name: str, value: object) -> Iterator[str]:
    if value in (None, ""):
        return
    try:
        parts = urlsplit(str(value))
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
    except ValueError:
        valid = False
    if not valid:
        yield (
            f"The setting {name} is no web address: give one like "
            "https://www.acme.com.br, with https:// in front."
        )


def _date_problems(config: Mapping[str, Any]) -> Iterator[str]:
    for name in ("start_date", "end_date"):
        value = config.get(name)
        if value not in (None, "") and dates.parse(value) is None:
            yield (
                f"The setting {name} is {_shown(value)}, which is no date: "
                "write it like 2026-01-31 or 2026-01-31T00:00:00Z."
            )
    start, end = (dates.parse(config.get(name)) for name in ("start_date", "end_date"))
    if start and start > datetime.now(UTC) + timedelta(days=1):
        yield "The setting start_date lies in the future: nothing can be loaded from there on."
    if start and end and end <= start:
        yield "The setting end_date has to be later than start_date."


def _entity_problems(config: Mapping[str, Any]) -> Iterator[str]:
    named = config.get("master_data_entities")
    if named is not None and not _are_acronyms(named):
        yield (
            "The setting master_data_entities has to be a list of acronyms of Master Data "
            'entities, like ["AU", "WL"].'
        )
    forms = config.get("newsletter_entities")
    if forms is None:
        return
    whole = isinstance(forms, list) and all(isinstance(form, dict) for form in forms)
    if not whole or not _are_acronyms([form.get("entity") for form in forms]):
        yield (
            "The setting newsletter_entities has to be a list of entities with the names of "
            'their fields, like [{"entity": "NL", "name_field": "nome"}].'
        )
    elif unknown := {key for form in forms for key in form} - FORM_KEYS:
        yield (
            f"The setting newsletter_entities knows no {min(unknown)!r}: "
            f"there are {', '.join(sorted(FORM_KEYS))}."
        )


FORM_KEYS: Final = frozenset({"entity", "email_field", "name_field", "opt_in_field"})


def _are_acronyms(names: object) -> bool:
    return isinstance(names, list) and all(
        isinstance(name, str) and re.fullmatch(r"\s*[A-Za-z0-9]{1,20}\s*", name) for name in names
    )


def _number_problems(name: str, config: Mapping[str, Any], least: int, most: int) -> Iterator[str]:
    value = config.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        yield (
            f"The setting {name} is {_shown(value)}, but has to be a whole number "
            f"from {least} to {most}."
        )


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _number(config: Mapping[str, Any], name: str, default: int) -> int:
    value = config.get(name)
    return default if value is None else value
