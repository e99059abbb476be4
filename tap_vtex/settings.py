"""The settings: names, defaults, bounds, descriptions, and their values in a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from singer_sdk import typing as th

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Two years: VTEX shows no older orders.
MAX_LOOKBACK_DAYS: Final = 731
#: A year: a catalog refreshed less often is not up to date.
MAX_REFRESH_DAYS: Final = 366
MAX_REFRESH_HOURS: Final = 24 * MAX_REFRESH_DAYS
#: Letters in an acronym of Master Data.
ACRONYM_LENGTH: Final = 2
#: More threads than this saturate a core without sending more requests.
MAX_WORKERS: Final = 128

SETTINGS: Final = th.PropertiesList(
    th.Property(
        "account_name",
        th.StringType(nullable=False),
        required=True,
        title="Account name",
        description="Name of the VTEX account: the 'acme' in https://acme.myvtex.com/admin.",
        examples=["acme"],
    ),
    th.Property(
        "app_key",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="App key",
        description="App key of an API key for the account (X-VTEX-API-AppKey).",
        examples=["vtexappkey-acme-ABCDEF"],
    ),
    th.Property(
        "app_token",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="App token",
        description="App token of the same API key (X-VTEX-API-AppToken).",
    ),
    th.Property(
        "store_url",
        th.StringType,
        title="Store URL",
        description=(
            "Public URL of the shop, used in links to products and carts. "
            "Default: https://{account_name}.myvtex.com"
        ),
        examples=["https://www.acme.com.br"],
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "Sync records from this date on: by creation date for orders, by last activity for "
            "Master Data. Default: the two years of orders that VTEX shows, and all of Master "
            "Data."
        ),
        examples=["2026-01-01", "2026-01-01T03:00:00Z"],
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description=(
            "Exclusive end date for orders, so that several processes can each backfill a part. "
            "With it, a run only loads orders and does not look for changes."
        ),
        examples=["2026-02-01"],
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=MAX_LOOKBACK_DAYS),
        default=60,
        title="Lookback window in days",
        description=(
            "Once a day, check orders up to this many days old for every kind of change. Older "
            "orders are only checked for payment and invoice."
        ),
        examples=[30, 120],
    ),
    th.Property(
        "recent_days",
        th.IntegerType(minimum=1, maximum=MAX_LOOKBACK_DAYS),
        default=3,
        title="Days checked in every run",
        description=(
            "In every run, check orders up to this many days old for every kind of change, plus "
            "as many older ones in the lookback window as forty requests cover."
        ),
        examples=[1, 7],
    ),
    th.Property(
        "orders_feed",
        th.BooleanType,
        default=False,
        title="Orders feed",
        description=(
            "Also read order changes from VTEX's Feed v3. It covers orders of any age, whose "
            "changes the order list shows late or never. VTEX has one feed per key, so give the "
            "tap a key of its own. Ignored with end_date."
        ),
        examples=[True],
    ),
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=MAX_WORKERS),
        default=16,
        title="Concurrent requests",
        description="Maximum number of concurrent requests. One more may read a list ahead.",
        examples=[8, 32],
    ),
    th.Property(
        "requests_per_minute",
        th.IntegerType(minimum=1, maximum=1_000_000),
        default=3000,
        title="Requests per minute",
        description=(
            "Maximum request rate of the whole process. VTEX counts per account and allows 6000 a "
            "minute for orders; the default leaves half to the store's other systems."
        ),
        examples=[1000, 5000],
    ),
    th.Property(
        "api_url",
        th.StringType,
        title="API URL",
        description="Use this URL instead of every VTEX host: the sandbox, or a proxy of your own.",
        examples=["http://127.0.0.1:8700"],
    ),
    th.Property(
        "master_data_entities",
        th.ArrayType(
            th.AnyOf(
                th.StringType(nullable=False),
                th.ObjectType(
                    th.Property(
                        "entity",
                        th.StringType(nullable=False),
                        required=True,
                        title="Entity",
                        description="Name of the Master Data entity.",
                    ),
                    th.Property(
                        "schema",
                        th.StringType,
                        title="Schema",
                        description="Name of the JSON Schema to read it with.",
                    ),
                ),
            )
        ),
        title="Master Data entities",
        description=(
            "More Master Data entities to sync, by acronym or name. If Master Data returns only "
            'ids, name the schema as well: {"entity": "wishlist", "schema": "v1"}'
        ),
        examples=[["AU", "b2b_users", {"entity": "wishlist", "schema": "v1"}]],
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
            "Master Data entities besides CL that hold newsletter subscribers, with their field "
            "names. Default: NL, if the account has it."
        ),
        examples=[[{"entity": "NL", "name_field": "nome"}]],
    ),
    th.Property(
        "catalog_full_refresh_days",
        th.IntegerType(minimum=1, maximum=MAX_REFRESH_DAYS),
        default=7,
        title="Days between full catalog refreshes",
        description=(
            "Read all products, SKUs and categories again after this many days, because VTEX does "
            "not date every change."
        ),
        examples=[1, 30],
    ),
    th.Property(
        "catalog_check_hours",
        th.IntegerType(minimum=0, maximum=MAX_REFRESH_HOURS),
        default=24,
        title="Hours between checks of a product",
        description=(
            "Check each product for changes once in this many hours, with one request per "
            "product, spread evenly over the runs. 0 checks all products in every run, as the "
            "tap does anyway in stores of up to 500."
        ),
        examples=[0, 6],
    ),
    th.Property(
        "prices_refresh_hours",
        th.IntegerType(minimum=0, maximum=MAX_REFRESH_HOURS),
        default=24,
        title="Hours between price refreshes",
        description=(
            "Read all prices again after this many hours, with one request per SKU. 0 reads them "
            "in every run."
        ),
        examples=[0, 6],
    ),
    th.Property(
        "inventory_refresh_hours",
        th.IntegerType(minimum=0, maximum=MAX_REFRESH_HOURS),
        default=24,
        title="Hours between inventory refreshes",
        description=(
            "Read the whole inventory again after this many hours, with one request per SKU. 0 "
            "reads it in every run."
        ),
        examples=[0, 6],
    ),
).to_dict()


@dataclass(frozen=True)
class NewsletterEntity:
    """A Master Data entity with newsletter subscribers, and the names of its fields."""

    entity: str
    email_field: str = "email"
    name_field: str = "name"
    opt_in_field: str = "isNewsletterOptIn"

    @classmethod
    def all_in(cls, config: Mapping[str, Any]) -> list[NewsletterEntity] | None:
        """The entities in a config; None if it leaves the choice to the tap."""
        named = config.get("newsletter_entities")
        if named is None:
            return None
        return [
            cls(
                **{key: value for key, value in entry.items() if value}
                | {"entity": str(entry["entity"]).strip().upper()}
            )
            for entry in named
        ]


@dataclass(frozen=True)
class MasterDataEntity:
    """An entity of Master Data, and the JSON Schema to read it with."""

    #: As it appears in requests.
    name: str
    schema: str | None = None

    @property
    def is_acronym(self) -> bool:
        """Whether it is an entity of version 1, where names are two capital letters."""
        return len(self.name) == ACRONYM_LENGTH and not self.schema

    @property
    def stream(self) -> str:
        """The name of its stream, without hyphens.

        SDK targets take what precedes a hyphen for a database schema.
        """
        return f"md_{self.name.lower().replace('-', '_')}"

    def __str__(self) -> str:
        """Its name in messages."""
        return f"{self.name} (schema {self.schema})" if self.schema else self.name

    @classmethod
    def all_in(cls, config: Mapping[str, Any]) -> list[MasterDataEntity]:
        """The further entities in a config, without duplicates."""
        named = config.get("master_data_entities") or []
        return list(dict.fromkeys(cls._of_entry(entry) for entry in named))

    @classmethod
    def _of_entry(cls, entry: str | Mapping[str, Any]) -> MasterDataEntity:
        if isinstance(entry, str):
            entry = {"entity": entry}
        schema = (entry.get("schema") or "").strip() or None
        entity = cls(entry["entity"].strip(), schema)
        return cls(entity.name.upper()) if entity.is_acronym else entity


@dataclass(frozen=True)
class Settings:
    """The settings of a run, validated and complete."""

    account_name: str
    app_key: str
    app_token: str
    store_url: str
    start_date: datetime | None
    end_date: datetime | None
    lookback: timedelta
    recent: timedelta
    orders_feed: bool
    max_workers: int
    requests_per_minute: int
    api_url: str | None
    catalog_full_refresh: timedelta
    catalog_check: timedelta
    prices_refresh: timedelta
    inventory_refresh: timedelta

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Settings:
        """Read a config that passed `tap_vtex.validation.errors_in`."""
        account = account_of(config)
        return cls(
            account_name=account,
            app_key=config["app_key"].strip(),
            app_token=config["app_token"].strip(),
            store_url=(config.get("store_url") or f"https://{account}.myvtex.com").rstrip("/"),
            start_date=dates.bounded(dates.parse(config.get("start_date"))),
            end_date=dates.bounded(dates.parse(config.get("end_date"))),
            lookback=timedelta(days=_number(config, "lookback_days")),
            recent=timedelta(days=_number(config, "recent_days")),
            orders_feed=bool(config.get("orders_feed")),
            max_workers=_number(config, "max_workers"),
            requests_per_minute=_number(config, "requests_per_minute"),
            api_url=(config.get("api_url") or "").rstrip("/") or None,
            catalog_full_refresh=timedelta(days=_number(config, "catalog_full_refresh_days")),
            catalog_check=timedelta(hours=_number(config, "catalog_check_hours")),
            prices_refresh=timedelta(hours=_number(config, "prices_refresh_hours")),
            inventory_refresh=timedelta(hours=_number(config, "inventory_refresh_hours")),
        )


def account_of(config: Mapping[str, Any]) -> str:
    """The account name as written to records and state; '' if it is unset."""
    return str(config.get("account_name") or "").strip().lower()


def default_of(name: str) -> int:
    """The default of a numeric setting."""
    default: int = SETTINGS["properties"][name]["default"]
    return default


def _number(config: Mapping[str, Any], name: str) -> int:
    value = config.get(name)
    return default_of(name) if value is None else value
