"""The retry policy: every number about retries and waits, in one place.

The retry loop is in `VtexClient`. The decorators of `backoff` and `tenacity` sleep without a way
to interrupt them for a signal or an abandoned request, and have one limit for all kinds of
failure. The client takes only the wait sequences from `backoff`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import backoff

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class RetryPolicy:
    """How long, and how often, the tap retries. All times are in seconds."""

    #: A transient failure: a 5xx, or a broken connection to an endpoint that has worked.
    retry_for: float = 300.0
    #: An endpoint that has never worked: a wrong setting is likelier than an outage. Also every
    #: further request of an outage that has outlasted `retry_for`.
    retry_unproven_for: float = 20.0
    #: A 429, which may come with a Retry-After of minutes.
    retry_throttled_for: float = 900.0
    #: JSON other than requested, from an endpoint that has worked.
    retry_unusable_for: float = 60.0
    #: All requests together, while VTEX has not answered once in this process.
    retry_unanswered_for: float = 60.0
    #: A host that can't be resolved or connected, while VTEX has not answered once: most often
    #: a misspelt account.
    retry_unreachable_for: float = 8.0
    #: The discovery of the store's own fields, as a whole.
    retry_discovery_for: float = 20.0
    #: Everything that earlier runs failed to fetch, as a whole.
    retry_missing_for: float = 20.0
    #: Each request to the orders feed, and for each order in it. Short, because a run can do
    #: without the feed.
    retry_feed_for: float = 20.0
    #: Reading the feed as a whole, including its orders.
    read_feed_for: float = 600.0
    #: A page of a scroll by its number. If it fails, the scroll is read page by page.
    retry_page_for: float = 20.0
    #: Repeating an endpoint's last successful request, to detect an outage.
    retry_probe_for: float = 10.0
    #: Each request of ``tap-vtex --check``, because a person is waiting.
    retry_check_for: float = 10.0

    #: The first wait. Each further one is about twice as long, up to `max_wait`.
    first_wait: float = 1.0
    max_wait: float = 60.0
    #: The minimum wait after a 429: VTEX advises against retrying soon.
    min_wait_throttled: float = 15.0
    #: The longest pause the tap makes, even if VTEX asks for more.
    max_pause: float = 300.0

    #: To open a connection.
    connect_timeout: float = 10.0
    #: To receive each part of a response.
    read_timeout: float = 60.0
    #: To receive a whole response.
    response_timeout: float = 120.0
    #: Minimum for a response, even if its request has less time left.
    min_timeout: float = 10.0

    #: Waits before each reading of a list or total that contradicts itself or another response;
    #: the first reading does not wait.
    list_waits: tuple[float, ...] = (0, 1, 5, 20)
    #: Maximum pages of a list of ids or brands: a longer one would never end.
    max_pages: int = 10_000
    #: Waits for a free scroll where search does not reach. Their sum exceeds the twenty minutes
    #: for which VTEX keeps an abandoned scroll.
    scroll_waits: tuple[float, ...] = (15, 30, 60, 120, 240, 300, 300, 300)
    #: After this many empty responses, a catalog entry counts as empty.
    max_empty_responses: int = 3

    def waits(self) -> Iterator[float]:
        """The waits between the retries of one request: half fixed, half random."""
        longest = backoff.expo(factor=self.first_wait, max_value=self.max_wait)
        next(longest)  # the generator yields None first
        for seconds in longest:
            yield seconds / 2 + backoff.full_jitter(seconds / 2)
