"""Concurrent requests, bounded in number and memory."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Bytes of bodies in flight or waiting for their consumer. As Python objects they take about
#: seven times as much.
MAX_BUFFERED: Final = 16 * 1024 * 1024
#: Assumed bytes of a body before the first one has arrived.
INITIAL_SIZE: Final = 1024 * 1024


class Ahead(Generic[Result]):
    """An iterator that a thread reads ahead."""

    def __init__(self, make: Callable[[threading.Event], Iterator[Result]], steps: int) -> None:
        """Start reading ``make(stop)``: up to ``steps`` results buffered, and one in hand."""
        self._stop = threading.Event()
        self._free = threading.Semaphore(steps)
        self._results: SimpleQueue[Future[Result]] = SimpleQueue()
        threading.Thread(target=self._read, args=(make(self._stop),), daemon=True).start()

    def _read(self, results: Iterator[Result]) -> None:
        while not self._stop.is_set():
            future: Future[Result] = Future()
            try:
                future.set_result(next(results))
            except BaseException as error:  # noqa: BLE001 - __next__ raises it, StopIteration too
                future.set_exception(error)
                self._stop.set()
            self._free.acquire()
            self._results.put(future)

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        future = self._results.get()
        self._free.release()
        return future.result()

    def close(self) -> None:
        """Stop reading, because the rest is not needed."""
        self._stop.set()
        self._free.release()


class Workers:
    """Threads that do the same work for many items."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._own = threading.local()

    def note_size(self, size: int) -> None:
        """Record the bytes of a body that this thread has received."""
        self._own.size = self._size() + size

    def _size(self) -> int:
        return getattr(self._own, "size", 0)

    def ahead(
        self, make: Callable[[threading.Event], Generator[Result, None, None]], steps: int
    ) -> Ahead[Result] | Generator[Result, None, None]:
        """Iterate over ``make(stop)``, reading ahead unless there is only one worker."""
        return make(threading.Event()) if self.count == 1 else Ahead(make, steps)

    def each(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
    ) -> Generator[tuple[Item, Result], None, None]:
        """Do ``work(item, stop)`` for each item.

        Results come in order of completion, so one slow response does not hold up the others.
        At most two items per thread are in flight or unconsumed, and fewer if their bodies would
        exceed `MAX_BUFFERED` together: a slow consumer slows the requests down, and memory stays
        bounded. The iteration ends at the first error, or when the consumer stops. Either sets
        ``stop``, which the work has to check while it waits.

        Yields:
            Each item with its result.
        """
        yield from self._run(work, items, 2 * self.count, in_order=False)

    def in_order(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
        limit: int,
    ) -> Generator[Result, None, None]:
        """Like `each`, with at most ``limit`` items at a time, and results in order of the items.

        Yields:
            The result of each item.
        """
        for _, result in self._run(work, items, limit, in_order=True):
            yield result

    def _run(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
        limit: int,
        *,
        in_order: bool,
    ) -> Generator[tuple[Item, Result], None, None]:
        stop = threading.Event()
        done: SimpleQueue[Future[tuple[Result, int]]] = SimpleQueue()
        waiting = iter(items)
        running: dict[Future[tuple[Result, int]], Item] = {}
        size = _AverageSize()

        def measured(item: Item) -> tuple[Result, int]:
            before = self._size()
            return work(item, stop), self._size() - before

        # Each call has its own pool: threads are cheap compared with requests, and what an
        # abandoned call leaves running can't get in the way of the next one.
        pool = ThreadPoolExecutor(self.count, thread_name_prefix="vtex")
        try:
            while True:
                at_once = min(limit, max(2, int(MAX_BUFFERED / size.average)))
                for item in islice(waiting, max(0, at_once - len(running))):
                    future = pool.submit(measured, item)
                    running[future] = item
                    if not in_order:
                        future.add_done_callback(done.put)
                if not running:
                    return
                future = next(iter(running)) if in_order else done.get()
                result, bytes_received = future.result()
                size.add(bytes_received)
                yield running.pop(future), result
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


class _AverageSize:
    """The average bytes of the latest items."""

    def __init__(self) -> None:
        self.average = float(INITIAL_SIZE)
        self._count = 0

    def add(self, size: int) -> None:
        self._count = min(self._count + 1, 16)
        self.average = max(1.0, self.average + (size - self.average) / self._count)
