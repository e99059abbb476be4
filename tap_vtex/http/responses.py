"""What responses say besides their data: VTEX's messages, waiting times, what came instead."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tap_vtex.http import bodies

if TYPE_CHECKING:
    from tap_vtex.http.transport import RawResponse


def vtex_message(response: RawResponse) -> str:
    """Master Data's message in a refusal; '' if there is none."""
    try:
        body = bodies.decode(response.body)
    except ValueError:
        return ""
    return str(body.get("Message", "")) if isinstance(body, dict) else ""


def retry_after(response: RawResponse) -> float:
    """The seconds that VTEX asks to wait, in any of its formats; 0 if it does not ask."""
    value = response.headers.get("Retry-After", "").strip()
    if seconds := seconds_in(value):
        return seconds
    try:
        moment = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(response.headers["Date"])
        return max(0.0, (moment - sent).total_seconds())
    except (KeyError, OverflowError, TypeError, ValueError):
        return seconds_in(response.headers.get("Ratelimit-Reset"))


def seconds_in(value: str | None) -> float:
    """A positive number of seconds; 0 if there is none."""
    try:
        seconds = float(value or 0)
    except ValueError:
        return 0.0
    return seconds if seconds > 0 else 0.0  # 0 for NaN, too


def describe(response: RawResponse) -> str:
    """Describe a body that is not JSON without quoting it."""
    if not response.body:
        return f"an empty response (status {response.status})"
    if response.body.lstrip()[:1] == b"<":
        return (
            f"a web page instead of data (status {response.status}). VTEX sends its login page "
            "where a key lacks access: check app_key, app_token and the key's role"
        )
    return f"a response that is not JSON (status {response.status})"
