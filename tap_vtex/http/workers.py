"""Many requests in flight, bounded in number and in memory."""

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

#: Bytes of bodies that may be under way or wait for their reader. As Python objects they take
#: about seven times as much.
MAX_WAITING: Final = 16 * 1024 * 1024
#: What a body is taken to have before the first one is there.
FIRST_GUESS: Final = 1024 * 1024


class Ahead(Generic[Result]):
    """An iterator that a thread reads some steps ahead."""

    def __init__(self, make: Callable[[threading.Event], Iterator[Result]], steps: int) -> None:
        """Begin with ``make(stop)``, and hold at most ``steps`` results and one in hand."""
        self._stop = threading.Event()
        self._free = threading.Semaphore(steps)
        self._results: SimpleQueue[Future[Result]] = SimpleQueue()
        threading.Thread(target=self._read, args=(make(self._stop),), daemon=True).start()

    def _read(self, results: Iterator[Result]) -> None:
        while not self._stop.is_set():
            future: Future[Result] = Future()
            try:
                future.set_result(next(results))
            except BaseException as error:  # noqa: BLE001 - StopIteration too: raised in __next__
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
        """Stop reading: nobody waits for the rest."""
        self._stop.set()
        self._free.release()


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

    def ahead(
        self, make: Callable[[threading.Event], Generator[Result, None, None]], steps: int
    ) -> Ahead[Result] | Generator[Result, None, None]:
        """What ``make(stop)`` yields, read some steps ahead unless there is one worker only."""
        return make(threading.Event()) if self.count == 1 else Ahead(make, steps)

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
        yield from self._do(work, items, 2 * self.count, in_order=False)

    def in_order(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
        most: int,
    ) -> Generator[Result, None, None]:
        """The same, with at most ``most`` items at a time, and results in the order of the items.

        Yields:
            The result of each item.
        """
        for _, result in self._do(work, items, most, in_order=True):
            yield result

    def _do(
        self,
        work: Callable[[Item, threading.Event], Result],
        items: Iterable[Item],
        most: int,
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

        # Each call has a pool of its own. Threads are cheap beside requests, and what an
        # abandoned call leaves running can't get in the way of the next one.
        pool = ThreadPoolExecutor(self.count, thread_name_prefix="vtex")
        try:
            while True:
                at_once = min(most, max(2, int(MAX_WAITING / size.average)))
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
    """How many bytes the latest items took."""

    def __init__(self) -> None:
        self.average = float(FIRST_GUESS)
        self._count = 0

    def add(self, size: int) -> None:
        self._count = min(self._count + 1, 16)
        self.average = max(1.0, self.average + (size - self.average) / self._count)
