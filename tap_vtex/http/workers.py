"""Many requests in flight, bounded in number and in memory."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Bytes of bodies that may be under way or wait for their reader. As Python objects they take
#: about seven times as much.
MAX_WAITING: Final = 16 * 1024 * 1024


#: What a body is taken to have before the first one is there.
FIRST_GUESS: Final = 1024 * 1024


class Workers:
    """Threads that do one piece of work for each of many items."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._own = threading.local()

    def note_size(self, size: int) -> None:
        """Take note of the bytes of a body that this thread has received."""
        self._own.size = self._size() + size

    def _size(self) -> int:
        return getattr(self._own, "size", 0)

    def each(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
    ) -> Generator[tuple[Item, Result], None, None]:
        """Do ``work(item, stop)`` for each item.

        Results come in the order of completion, so one slow response does not hold up the
        others. The items in flight or unconsumed are at most two for each thread, and fewer if
        their bodies together would be larger than `MAX_WAITING`: a slow consumer slows the
        requests down, and memory stays bounded. The first error ends the iteration, and so
        does a consumer that stops iterating. Both set ``stop``; the work has to check it while
        it waits.

        Yields:
            Each item with its result.
        """
        stop = threading.Event()
        done: SimpleQueue[Future[tuple[Result, int]]] = SimpleQueue()
        waiting = iter(items)
        running: dict[Future[tuple[Result, int]], Item] = {}
        size = _AverageSize()

        def measured(item: Item) -> tuple[Result, int]:
            before = self._size()
            return work(item, stop), self._size() - before

        # Each call has a pool of its own. Threads are cheap beside requests, and what an
        # abandoned call leaves running can't get in the way of the next one.
        pool = ThreadPoolExecutor(self.count, thread_name_prefix="vtex")
        try:
            while True:
                most = min(2 * self.count, max(2, int(MAX_WAITING / size.average)))
                for item in islice(waiting, max(0, most - len(running))):
                    future = pool.submit(measured, item)
                    running[future] = item
                    future.add_done_callback(done.put)
                if not running:
                    return
                future = done.get()
                result, bytes_received = future.result()
                size.add(bytes_received)
                yield running.pop(future), result
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


class _AverageSize:
    """How many bytes the latest items took."""

    def __init__(self) -> None:
        self.average = float(FIRST_GUESS)
        self._count = 0

    def add(self, size: int) -> None:
        self._count = min(self._count + 1, 16)
        self.average = max(1.0, self.average + (size - self.average) / self._count)
