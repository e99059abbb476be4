"""The settings: what they are called and mean, and what they are in a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from singer_sdk import typing as th

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_LOOKBACK_DAYS: Final = 60
DEFAULT_MAX_WORKERS: Final = 16
DEFAULT_REQUESTS_PER_MINUTE: Final = 3000
DEFAULT_CATALOG_FULL_REFRESH_DAYS: Final = 7
DEFAULT_REFRESH_HOURS: Final = 24

#: Orders older than two years are not shown by VTEX, so there is nothing to look back to.
MAX_LOOKBACK_DAYS: Final = 731
#: A catalog that is read again more seldom than once a year is not read again.
MAX_REFRESH_DAYS: Final = 366
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
        examples=["vtexappkey-acme-ABCDEF"],
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
        examples=[30, 120],
    ),
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=MAX_WORKERS),
        default=DEFAULT_MAX_WORKERS,
        title="Requests in flight",
        description=(
            "How many requests are under way at the same time. One more may list what comes next."
        ),
        examples=[8, 32],
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
        examples=[1000, 5000],
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
    th.Property(
        "catalog_full_refresh_days",
        th.IntegerType(minimum=1, maximum=MAX_REFRESH_DAYS),
        default=DEFAULT_CATALOG_FULL_REFRESH_DAYS,
        title="Days between full catalog passes",
        description=(
            "After how many days all products, SKUs and categories are read again, since not "
            "every change of theirs can be seen from outside."
        ),
        examples=[1, 30],
    ),
    th.Property(
        "prices_refresh_hours",
        th.IntegerType(minimum=0, maximum=24 * MAX_REFRESH_DAYS),
        default=DEFAULT_REFRESH_HOURS,
        title="Hours between prices",
        description=(
            "After how many hours the prices are read again, which costs a request for each SKU. "
            "0 reads them in every run."
        ),
        examples=[0, 6],
    ),
    th.Property(
        "inventory_refresh_hours",
        th.IntegerType(minimum=0, maximum=24 * MAX_REFRESH_DAYS),
        default=DEFAULT_REFRESH_HOURS,
        title="Hours between inventories",
        description=(
            "After how many hours the inventory is read again, which costs a request for each "
            "SKU. 0 reads it in every run."
        ),
        examples=[0, 6],
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
    catalog_full_refresh: timedelta
    prices_refresh: timedelta
    inventory_refresh: timedelta

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
            catalog_full_refresh=timedelta(
                days=_number(config, "catalog_full_refresh_days", DEFAULT_CATALOG_FULL_REFRESH_DAYS)
            ),
            prices_refresh=_hours(config, "prices_refresh_hours"),
            inventory_refresh=_hours(config, "inventory_refresh_hours"),
        )


def account_of(config: Mapping[str, Any]) -> str:
    """The account's name as it stands in records and in the state; '' where it is unset."""
    return str(config.get("account_name") or "").strip().lower()


def _number(config: Mapping[str, Any], name: str, default: int) -> int:
    value = config.get(name)
    return default if value is None else value


def _hours(config: Mapping[str, Any], name: str) -> timedelta:
    return timedelta(hours=_number(config, name, DEFAULT_REFRESH_HOURS))
