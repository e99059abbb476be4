"""When VTEX is asked again: every number about retries and waits, in one place.

The loop itself is in `VtexClient`. The decorators of `backoff` and `tenacity` sleep where
neither a signal nor an abandoned worker can wake them, and they have one limit for all
failures. The client takes only the wait sequences from `backoff`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import backoff

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class RetryPolicy:
    """For how long, and how often, the tap asks again. All times are in seconds."""

    #: A failure that passes: a 5xx, or a broken connection to an endpoint that has worked.
    retry_for: float = 300.0
    #: An endpoint that has never worked: a wrong setting is likelier than an outage. Also each
    #: further request of an outage that was waited out.
    retry_unproven_for: float = 20.0
    #: A 429, which may come with a Retry-After of minutes.
    retry_throttled_for: float = 900.0
    #: JSON that is not what was asked for, from an endpoint that has worked.
    retry_unusable_for: float = 60.0
    #: All requests together, while VTEX has answered none in this process.
    retry_unanswered_for: float = 60.0
    #: A host that can't be resolved or connected, while VTEX has answered nothing: most often
    #: a misspelt account.
    retry_unreachable_for: float = 8.0
    #: The discovery of the store's own fields, as a whole.
    retry_discovery_for: float = 20.0
    #: What earlier runs failed to get, all of it together.
    retry_missing_for: float = 20.0
    #: Each request to the feed of order changes, and each order that it names: the list of
    #: orders does without.
    retry_feed_for: float = 20.0
    #: The feed as a whole, until the orders that it named are fetched.
    read_feed_for: float = 600.0
    #: A page of a scroll by its number. Without it, the scroll is read page by page.
    retry_page_for: float = 20.0
    #: Whether an endpoint still gives what it gave before, to tell an outage.
    retry_probe_for: float = 10.0
    #: Whatever ``tap-vtex --check`` asks for, since somebody is waiting.
    retry_check_for: float = 10.0

    #: The first wait; each one after it is about twice as long ...
    first_wait: float = 1.0
    #: ... up to this.
    max_wait: float = 60.0
    #: The least to wait after a 429. VTEX advises against asking again soon.
    min_wait_throttled: float = 15.0
    #: The longest pause that VTEX may ask for.
    max_pause: float = 300.0

    #: To open a connection, to receive each part of a response, and to receive all of it.
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    response_timeout: float = 120.0
    #: The least that a response gets where there is only little time for a request.
    min_timeout: float = 10.0

    #: Waits before each reading of a list or a total that contradicts itself, or another
    #: answer; the first reading does not wait.
    list_waits: tuple[float, ...] = (0, 1, 5, 20)
    #: Pages of a list of ids, or of brands. One that goes on longer than this never ends.
    max_pages: int = 10_000
    #: Waits for a free scroll where search does not reach. VTEX keeps an abandoned scroll
    #: for twenty minutes; together these are longer.
    scroll_waits: tuple[float, ...] = (15, 30, 60, 120, 240, 300, 300, 300)
    #: How often a catalog entry that comes back empty is asked for before that is believed.
    empty_answers: int = 3

    def waits(self) -> Iterator[float]:
        """The waits between the retries of one request: half fixed, half random."""
        longest = backoff.expo(factor=self.first_wait, max_value=self.max_wait)
        next(longest)  # backoff's generators begin with an empty step
        for seconds in longest:
            yield seconds / 2 + backoff.full_jitter(seconds / 2)
