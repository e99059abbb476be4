"""Many requests in flight, bounded, and what to do about those that fail."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError, VtexError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")

#: This many failures in a row are an outage.
MAX_FAILURES: Final = 3


class Workers:
    """Threads that do one piece of work for each of many items."""

    def __init__(self, count: int) -> None:
        self.count = count

    def each(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
    ) -> Generator[tuple[Item, Result], None, None]:
        """Do ``work(item, stop)`` for each item.

        Results come in the order of completion, so one slow response does not hold up the
        others. At most ``2 * count`` items are in flight or unconsumed: a slow consumer slows
        the requests down, and memory stays bounded. The first error ends the iteration, and so
        does a consumer that stops iterating. Both set ``stop``; the work has to check it while
        it waits.

        Yields:
            Each item with its result.
        """
        stop = threading.Event()
        done: SimpleQueue[Future[Result]] = SimpleQueue()
        waiting = iter(items)
        running: dict[Future[Result], Item] = {}
        # Each call has a pool of its own. Threads are cheap beside requests, and what an
        # abandoned call leaves running can't get in the way of the next one.
        pool = ThreadPoolExecutor(self.count, thread_name_prefix="vtex")
        try:
            while True:
                for item in islice(waiting, 2 * self.count - len(running)):
                    future = pool.submit(work, item, stop)
                    running[future] = item
                    future.add_done_callback(done.put)
                if not running:
                    return
                future = done.get()
                yield running.pop(future), future.result()
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


class Outcome(NamedTuple, Generic[Item, Result]):
    """What came of one item: a result, or the error instead of one."""

    item: Item
    result: Result | None = None
    error: VtexError | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether VTEX says that there is no such thing (404)."""
        return isinstance(self.error, NotFoundError)


def fetch_each(
    workers: Workers,
    fetch: Callable[[Item, threading.Event], Result],
    items: Iterable[Item],
    *,
    max_unknown: int | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Fetch each item, side by side; one that fails does not stop the others.

    Args:
        workers: The threads to use.
        fetch: Fetches one item, until the event is set.
        items: What to fetch.
        max_unknown: This many 404s in a row are an error, where VTEX lists the items itself.

    Yields:
        The outcome of each item, in the order of completion.

    Raises:
        AccessError: The key may not read such items.
        UnavailableError, RefusedError: `MAX_FAILURES` items in a row failed.
    """

    def attempt(item: Item, stop: threading.Event) -> Outcome[Item, Result]:
        try:
            return Outcome(item, fetch(item, stop))
        except (NotFoundError, RefusedError, UnavailableError) as error:
            return Outcome(item, error=error)

    unknown = failures = 0
    for _, outcome in workers.each(attempt, items):
        if outcome.error is None:
            unknown = failures = 0
        elif outcome.is_unknown:
            unknown += 1
        else:
            failures += 1
            if failures >= MAX_FAILURES:
                raise outcome.error
        if max_unknown is not None and unknown >= max_unknown:
            raise UnavailableError(
                f"VTEX lists {unknown} items in a row that it then does not know (status 404). "
                "Check whether a proxy or a firewall swallows requests."
            )
        yield outcome
