"""Requests in flight, bounded."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """Threads that do one piece of work for each of many items."""

    def __init__(self, count: int) -> None:
        self.count = count

    def each(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
    ) -> Generator[tuple[Item, Result], None, None]:
        """Do ``work(item, stop)`` for each item; yield item and result as they are done.

        No order is kept: one slow answer must not hold up the others. At most two items
        for each worker are taken up and not yet handed on, so a slow reader slows the
        requests down and memory stays flat. The first error ends it, and so does a reader
        that stops reading: ``stop`` is set, which the work has to heed in its waits.
        """
        stop = threading.Event()
        done: SimpleQueue[Future[Result]] = SimpleQueue()
        waiting = iter(items)
        running: dict[Future[Result], Item] = {}
        # A pool for each call: threads are cheap beside requests, and what an abandoned
        # call leaves running can't then get in the way of the next one.
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
