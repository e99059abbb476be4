"""Validation of the settings, before the first request."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from singer_sdk.helpers.capabilities import FLATTENING_CONFIG, STREAM_MAPS_CONFIG
from singer_sdk.mapper import (
    MAPPER_ALIAS_OPTION,
    MAPPER_KEY_PROPERTIES_OPTION,
    MAPPER_SOURCE_OPTION,
    NULL_STRING,
)

from tap_vtex import dates
from tap_vtex.settings import SETTINGS, MasterDataEntity, account_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

ENTITY_KEYS: Final = frozenset({"entity", "schema"})
#: PostgreSQL allows names of 63 characters, and the stream's prefix ``md_`` takes three.
ENTITY_NAME: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]{1,60}")
NEWSLETTER_KEYS: Final = frozenset({"entity", "email_field", "name_field", "opt_in_field"})
#: The tap's own settings, and the SDK's.
KNOWN: Final = frozenset(
    name
    for declared in (SETTINGS, STREAM_MAPS_CONFIG, FLATTENING_CONFIG)
    for name in declared["properties"]
)
#: Options of a stream map that must not be null.
REQUIRED_OPTIONS: Final = frozenset({MAPPER_ALIAS_OPTION, MAPPER_SOURCE_OPTION})
#: The only option of a stream map that is not a string.
KEY_OPTION: Final = MAPPER_KEY_PROPERTIES_OPTION
PREFIX: Final = "TAP_VTEX_"
#: A variable that the SDK reads, not a setting.
LOG_LEVEL: Final = "LOGLEVEL"


def errors_in(config: Mapping[str, Any]) -> Iterator[str]:
    """The errors in a config, one sentence each. They never contain a secret."""
    yield from _account_errors(config)
    for name, what in (("app_key", "key"), ("app_token", "token")):
        yield from _secret_errors(name, what, config.get(name))
    for name in ("store_url", "api_url"):
        yield from _url_errors(name, config.get(name))
    yield from _date_errors(config)
    yield from _entity_errors(config)
    yield from _newsletter_errors(config)
    yield from _stream_map_errors(config.get("stream_maps"))
    for name in sorted(config.keys() - KNOWN):
        yield f"There is no setting {name}.{_nearest(name, KNOWN)} Correct or remove it."
    if not isinstance(config.get("orders_feed"), bool | None):
        yield "The setting orders_feed has to be true or false."
    for name, declared in SETTINGS["properties"].items():
        if "maximum" in declared:  # not the SDK's own
            yield from _number_errors(name, config.get(name), declared)


def warnings_in(config: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """Likely mistakes, one sentence each. They never contain a secret.

    Meltano passes the settings in a file, leaves them in the environment as the user wrote them,
    and ignores variables that name no setting.
    """
    for variable in sorted(environment):
        # Two underscores: an extra of Meltano's, such as TAP_VTEX__SELECT.
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or name.startswith("_") or name == LOG_LEVEL.lower():
            continue
        if name not in KNOWN and name not in config:
            yield f"{variable} is ignored: there is no setting {name}.{_nearest(name, KNOWN)}"
    for name in ("start_date", "end_date"):
        written = environment.get(f"{PREFIX}{name.upper()}", "").strip()
        read = dates.parse(config.get(name))
        if read and re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}", written):
            yield (
                f"{PREFIX}{name.upper()} is {written}, which Meltano reads with the month first: "
                f"as {read:%d %B %Y}. Write dates with the year first, like 2026-01-31."
            )


def _nearest(name: str, known: Collection[str]) -> str:
    """Suggest a similar name as ``Did you mean ...?``; '' if there is none."""
    found = difflib.get_close_matches(name.lower(), known, 1)
    return f" Did you mean {found[0]}?" if found else ""


def _account_errors(config: Mapping[str, Any]) -> Iterator[str]:
    account = account_of(config)
    if not account:
        yield (
            "The setting account_name is missing. Set it to the name of the VTEX account, the "
            "'acme' in https://acme.myvtex.com/admin."
        )
    elif not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", account):
        yield (
            f"The setting account_name is {account!r}, but the name of a VTEX account has only "
            "letters, digits and hyphens. Set it to the 'acme' in https://acme.myvtex.com/admin."
        )


def _secret_errors(name: str, what: str, value: object) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"The setting {name} is missing. Set it to the app {what} of an API key."
    elif not re.fullmatch(r"[!-~]+", value.strip()):
        yield (
            f"The setting {name} contains spaces or other characters that an app {what} never has. "
            "Copy it again, complete and with nothing else."
        )
    elif "://" in value:
        yield f"The setting {name} contains a URL. Open the URL, and copy the {what} it shows."


def _url_errors(name: str, value: object) -> Iterator[str]:
    if value in (None, ""):
        return
    try:
        parts = urlsplit(str(value))
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
    except ValueError:
        valid = False
    if not valid:
        yield (
            f"The setting {name} is not a URL. Set it to one like https://www.acme.com.br, "
            "including the https://."
        )


def _date_errors(config: Mapping[str, Any]) -> Iterator[str]:
    for name in ("start_date", "end_date"):
        value = config.get(name)
        if value not in (None, "") and dates.parse(value) is None:
            yield (
                f"The setting {name} is {_shown(value)}, which is not a date. "
                "Write it like 2026-01-31 or 2026-01-31T00:00:00Z."
            )
    start, end = (dates.parse(config.get(name)) for name in ("start_date", "end_date"))
    if start and start > datetime.now(UTC) + timedelta(days=1):
        yield "The setting start_date is in the future. Set it to a date in the past."
    if start and end and end <= start:
        yield "The setting end_date has to be later than start_date."


def _entity_errors(config: Mapping[str, Any]) -> Iterator[str]:
    named = config.get("master_data_entities")
    if named is None:
        return
    entries: list[Any] | None = None
    if isinstance(named, list):
        entries = [{"entity": one} if isinstance(one, str) else one for one in named]
    if entries is None or not all(_is_entity(one) for one in entries):
        yield (
            "The setting master_data_entities has to be a list of Master Data entities, like "
            '["AU", "b2b_users", {"entity": "wishlist", "schema": "v1"}].'
        )
        return
    if unknown := {key for entry in entries for key in entry} - ENTITY_KEYS:
        yield _unknown_key("master_data_entities", unknown, ENTITY_KEYS)
    wrong = [one["entity"] for one in entries if not ENTITY_NAME.fullmatch(one["entity"].strip())]
    for name in wrong:
        yield (
            f"The setting master_data_entities names {name!r}, but the name of an entity has up to "
            "60 letters, digits, underscores and hyphens. Write it as the store does."
        )
    streams: dict[str, MasterDataEntity] = {}
    for entity in [] if wrong else MasterDataEntity.all_in(config):
        other = streams.setdefault(entity.stream, entity)
        if other != entity:
            yield (
                f"The setting master_data_entities names {other} and {entity}, which would both be "
                f"the stream {entity.stream}. Leave one of them out."
            )


def _is_entity(entry: object) -> bool:
    """Whether an entry has an entity, and its schema, if any, is a string."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("entity"), str)
        and isinstance(entry.get("schema") or "", str)
    )


def _unknown_key(setting: str, unknown: Collection[object], known: Collection[str]) -> str:
    name = min(unknown, key=str)
    return (
        f"The setting {setting} has an unknown key {name!r}.{_nearest(str(name), known)} The keys "
        f"are {', '.join(sorted(known))}."
    )


def _newsletter_errors(config: Mapping[str, Any]) -> Iterator[str]:
    entries = config.get("newsletter_entities")
    if entries is None:
        return
    valid = isinstance(entries, list) and all(
        isinstance(entry, dict) and _is_acronym(entry.get("entity")) for entry in entries
    )
    if not valid:
        yield (
            "The setting newsletter_entities has to be a list of entities with the names of "
            'their fields, like [{"entity": "NL", "name_field": "nome"}].'
        )
    elif unknown := {key for entry in entries for key in entry} - NEWSLETTER_KEYS:
        yield _unknown_key("newsletter_entities", unknown, NEWSLETTER_KEYS)


def _stream_map_errors(maps: object) -> Iterator[str]:
    """Errors that the SDK's schema misses, or reports without saying what to do."""
    if maps is None:
        return
    if not isinstance(maps, dict):
        yield "The setting stream_maps has to be an object with the names of streams as its keys."
        return
    for stream, fields in maps.items():
        if fields in (None, NULL_STRING):
            continue
        if not isinstance(fields, dict):
            yield (
                f"The setting stream_maps has {_shown(fields)} for {stream}. Write an object with "
                f"an expression for each field, or {NULL_STRING} to leave the stream out."
            )
            continue
        for name, expression in fields.items():
            if expression is None and name in REQUIRED_OPTIONS:
                yield f"The setting stream_maps has null for {name} of {stream}. Remove that line."
            elif not isinstance(expression, str | None) and name != KEY_OPTION:
                yield (
                    f"The setting stream_maps has {_shown(expression)} for {name} of {stream}. "
                    f"Write an expression as text, or {NULL_STRING} to leave the field out."
                )


def _is_acronym(name: object) -> bool:
    return isinstance(name, str) and bool(re.fullmatch(r"\s*[A-Za-z0-9]{1,20}\s*", name))


def _number_errors(name: str, value: object, declared: Mapping[str, Any]) -> Iterator[str]:
    if value is None:
        return
    minimum, maximum = declared["minimum"], declared["maximum"]
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
        yield (
            f"The setting {name} is {_shown(value)}, but has to be a whole number from {minimum} "
            f"to {maximum}."
        )


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
