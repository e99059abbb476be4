"""VTEX's Feed v3: its configuration, and the events in its queue.

The queue is Amazon SQS. A read returns at most ten events, in any order, and often fewer than
there are, or none; it then hides them for some minutes. An event comes again until it is committed
with the handle of its latest read.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex import dates
from tap_vtex.errors import NotFoundError, UnavailableError
from tap_vtex.http.bodies import documents_in, is_anything, is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.streams.orders.feed_bookmark import FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.types import Document

_RESOURCES: Final = (
    Resource("OMS", "OMS access", "Feed v3 and Hook admin"),
    Resource("OMS", "OMS access", "Feed v3 and Hook view only"),
)


def _is_config(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict)


_CONFIG, _QUEUE = "/api/orders/feed/config", "/api/orders/feed"
FEED_CONFIG: Final = Endpoint(_CONFIG, _is_config, _RESOURCES)
FEED_SETUP: Final = Endpoint[Any](_CONFIG, is_anything, _RESOURCES, method="POST")
FEED: Final = Endpoint(_QUEUE, is_list, _RESOURCES)
FEED_COMMIT: Final = Endpoint[Any](_QUEUE, is_anything, _RESOURCES, method="POST")

EVENTS_PER_READ: Final = 10
#: How long a read hides its events: enough to commit the handles, not to fetch the orders.
VISIBILITY_TIMEOUT: Final = timedelta(minutes=4)
#: The longest that VTEX allows.
RETENTION: Final = timedelta(days=14)
#: Prefix of a status that no order has; the consumer's name follows. VTEX accepts any status.
MARK: Final = "tap-vtex-"
#: Every status that VTEX documents or has been seen to use.
STATUSES: Final = (
    *("order-created", "on-order-completed", "on-order-completed-ffm", "order-completed"),
    *("order-create-error", "order-creation-error", "order-accepted", "order-replaced"),
    *("payment-pending", "approve-payment", "payment-approved", "payment-denied"),
    *("waiting-for-order-authorization", "waiting-for-authorization"),
    *("waiting-for-manual-authorization", "waiting-ffmt-authorization"),
    *("waiting-for-mkt-authorization", "waiting-for-fulfillment", "waiting-for-seller-decision"),
    *("waiting-seller-handling", "waiting-for-seller-confirmation", "authorize-fulfillment"),
    *("window-to-cancel", "window-to-change-payment", "window-to-change-seller"),
    *("ready-for-handling", "start-handling", "handling", "handling-shipping", "ship"),
    *("invoice", "invoiced", "invoice-after-cancellation-deny", "replaced"),
    *("request-cancel", "cancellation-requested", "cancellation-request-denied"),
    *("cancellation-request-denied-ffm", "cancel", "canceled", "finished"),
)


class Event(NamedTuple):
    """A change of an order's status."""

    order_id: str
    handle: str
    #: Identifies order, status and time of the change. It is the same when the event comes again.
    fingerprint: bytes
    #: When the status changed; None if that can't be read.
    at: datetime | None

    @classmethod
    def parse(cls, document: Document) -> Event | None:
        """Parse an event; None if it has no order id or no handle."""
        fields = {str(name).lower(): value for name, value in document.items()}
        order_id, handle = fields.get("orderid"), fields.get("handle")
        if not (isinstance(order_id, str | int) and order_id and isinstance(handle, str)):
            return None
        change = fields.get("currentchange")
        text = f"{order_id} {fields.get('state')} {change}"
        fingerprint = hashlib.blake2b(text.encode(), digest_size=FINGERPRINT).digest()
        return cls(str(order_id), handle, fingerprint, dates.parse(change))


class FeedConfig(NamedTuple):
    """The configuration of a key's feed."""

    #: The consumer named by the tap's mark; empty without exactly one mark.
    consumer: str
    #: Whether it includes every status.
    is_complete: bool
    #: The number of events, hidden ones included; None if VTEX does not say.
    quantity: int | None

    @classmethod
    def parse(cls, body: object) -> FeedConfig:
        """Parse a configuration; the case of its keys does not matter."""
        fields = _lowered(body)
        chosen = fields.get("filter") if isinstance(fields, dict) else None
        named = chosen.get("status") if isinstance(chosen, dict) else None
        statuses = {str(one).lower() for one in named} if isinstance(named, list) else set()
        consumers = [one.removeprefix(MARK) for one in statuses if one.startswith(MARK)]
        quantity = fields.get("quantity") if isinstance(fields, dict) else None
        return cls(
            consumers[0] if len(consumers) == 1 else "",
            statuses >= {*STATUSES},
            quantity if isinstance(quantity, int) else None,
        )


class FeedQueue:
    """The feed of the key; one request per method."""

    def __init__(self, client: VtexClient) -> None:
        self._client = client
        self._retry_for = client.policy.retry_feed_for

    def config(self) -> FeedConfig | None:
        """The feed's configuration; None if there is none.

        VTEX has to say twice that there is none, because the tap would then replace another
        system's configuration.
        """
        for wait in self._client.policy.list_waits[:2]:
            self._client.wait(wait)
            try:
                body = self._client.get(FEED_CONFIG, retry_for=self._retry_for).body
            except NotFoundError:
                continue
            return FeedConfig.parse(body)
        return None

    def configure(self, consumer: str) -> None:
        """Configure the feed for a consumer.

        This never retries: a second request could replace what another system has configured in
        the meantime.
        """
        filter_ = {"type": "FromWorkflow", "status": [*STATUSES, f"{MARK}{consumer}"]}
        queue = {
            "visibilityTimeoutInSeconds": int(VISIBILITY_TIMEOUT.total_seconds()),
            "MessageRetentionPeriodInSeconds": int(RETENTION.total_seconds()),
        }
        self._client.post(FEED_SETUP, {"filter": filter_, "queue": queue}, retry_for=0)

    def read(self) -> list[Event]:
        """Some of the events; perhaps none although the queue has some.

        Raises:
            VtexError: As `VtexClient.get` does; also `UnavailableError` if the feed has lost its
                configuration.
        """
        params = {"maxlot": EVENTS_PER_READ}
        try:
            body = self._client.get(FEED, params=params, retry_for=self._retry_for).body
        except NotFoundError:
            raise UnavailableError("Its configuration is gone.") from None
        return [event for event in map(Event.parse, documents_in(body)) if event]

    def commit(self, handles: Sequence[str]) -> None:
        """Remove events for good. Committing a handle twice does no harm."""
        self._client.post(FEED_COMMIT, {"handles": [*handles]}, retry_for=self._retry_for)


def new_consumer() -> str:
    """A unique name for a consumer."""
    return secrets.token_hex(4)


def _lowered(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    """JSON with all keys in lower case."""
    if isinstance(value, dict):
        return {str(key).lower(): _lowered(item) for key, item in value.items()}
    return value
