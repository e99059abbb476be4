"""What is wrong with a set of settings, told before the first request."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tap_vtex import dates
from tap_vtex.settings import MAX_LOOKBACK_DAYS, MAX_REFRESH_DAYS, MAX_WORKERS, account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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
    yield from _number_problems("catalog_full_refresh_days", config, 1, MAX_REFRESH_DAYS)
    for name in ("prices_refresh_hours", "inventory_refresh_hours"):
        yield from _number_problems(name, config, 0, 24 * MAX_REFRESH_DAYS)


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
