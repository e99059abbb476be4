"""Many requests in flight, bounded in number and in memory."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Bytes of bodies that may be under way or wait for their reader. As Python objects they take
#: about seven times as much.
MAX_WAITING: Final = 16 * 1024 * 1024


class Ahead(Generic[Result]):
    """One piece of work that a thread does while its result is not needed yet."""

    def __init__(self, work: Callable[[threading.Event], Result]) -> None:
        """Begin with ``work(stop)``."""
        self._stop = threading.Event()
        pool = ThreadPoolExecutor(1, thread_name_prefix="vtex-ahead")
        self._future = pool.submit(work, self._stop)
        pool.shutdown(wait=False)

    def result(self) -> Result:
        """Wait for the result; raise what the work has raised."""
        return self._future.result()

    def abandon(self) -> None:
        """Stop the work, if it is not done: nobody waits for the result any more."""
        self._stop.set()


class Workers:
    """Threads that do one piece of work for each of many items."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._average_size = 0.0

    def note_size(self, size: int) -> None:
        """Take note of the bytes of a body, by which `each` keeps memory bounded."""
        self._average_size += (size - self._average_size) / 16

    @property
    def max_waiting(self) -> int:
        """How many items may be in flight or unconsumed."""
        return min(2 * self.count, max(2, int(MAX_WAITING / (self._average_size or 1.0))))

    def each(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
    ) -> Generator[tuple[Item, Result], None, None]:
        """Do ``work(item, stop)`` for each item.

        Results come in the order of completion, so one slow response does not hold up the
        others. At most `max_waiting` items are in flight or unconsumed: a slow consumer slows
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
                for item in islice(waiting, max(0, self.max_waiting - len(running))):
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
