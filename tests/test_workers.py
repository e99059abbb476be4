from __future__ import annotations

import threading
import time
from itertools import count, islice
from queue import Empty, Queue
from typing import TYPE_CHECKING

import pytest

from tap_vtex.errors import VtexError
from tap_vtex.http.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Generator


def double(number: int, _stop: threading.Event) -> int:
    return 2 * number


def test_every_item_comes_back_with_its_result() -> None:
    found = dict(Workers(4).each(double, range(1000)))

    assert found == {number: 2 * number for number in range(1000)}


def test_a_slow_answer_holds_up_nobody() -> None:
    def work(number: int, stop: threading.Event) -> None:
        if number == 0:
            stop.wait(0.5)

    order = [number for number, _ in Workers(2).each(work, range(50))]

    assert order[-1] == 0


def test_a_slow_reader_slows_the_work() -> None:
    begun: list[int] = []

    def work(number: int, _stop: threading.Event) -> None:
        begun.append(number)

    results = Workers(4).each(work, count())
    for _ in islice(results, 100):
        pass
    time.sleep(0.1)

    assert len(begun) <= 100 + 2 * 4


@pytest.mark.parametrize(("megabytes", "most"), [(1, 16), (4, 16 + 4), (0, 16 + 128)])
def test_large_bodies_are_fewer_at_a_time(megabytes: int, most: int) -> None:
    """From the first one on, when nobody knows yet how large they are."""
    workers = Workers(64)
    begun: list[int] = []

    def work(number: int, _stop: threading.Event) -> None:
        begun.append(number)
        workers.note_size(megabytes * 1024**2)

    results = workers.each(work, count())
    next(results)
    time.sleep(0.1)
    assert len(begun) <= 16
    for _ in islice(results, 100):
        pass
    time.sleep(0.1)

    assert len(begun) - 101 <= most


def test_an_error_reaches_the_reader_and_stops_the_work() -> None:
    stopped = threading.Event()

    def work(number: int, stop: threading.Event) -> None:
        if number == 3:
            raise VtexError("no")
        if number == 4 and stop.wait(5):
            stopped.set()

    with pytest.raises(VtexError):
        list(Workers(4).each(work, count()))
    assert stopped.wait(2)


def test_a_reader_that_goes_away_stops_the_work() -> None:
    stopped = threading.Event()

    def work(number: int, stop: threading.Event) -> None:
        if number == 1 and stop.wait(5):
            stopped.set()

    results = Workers(2).each(work, count())
    next(results)
    results.close()
    assert stopped.wait(2)


class TestReadingAhead:
    def test_no_more_than_so_many_steps(self) -> None:
        begun: Queue[int] = Queue()

        def numbers(_stop: threading.Event) -> Generator[int, None, None]:
            for number in range(10):
                begun.put(number)
                yield number

        ahead = Workers(2).ahead(numbers, 3)

        assert [begun.get(timeout=5) for _ in range(4)] == [0, 1, 2, 3]
        with pytest.raises(Empty):
            begun.get(timeout=0.1)
        assert [next(ahead) for _ in range(10)] == list(range(10))

    def test_an_error_comes_where_its_result_would(self) -> None:
        def failing(_stop: threading.Event) -> Generator[int, None, None]:
            yield 1
            raise KeyError("two")

        ahead = Workers(2).ahead(failing, 3)

        assert next(ahead) == 1
        with pytest.raises(KeyError, match="two"):
            next(ahead)

    def test_nobody_waits_for_the_rest(self) -> None:
        stopped = threading.Event()

        def endless(stop: threading.Event) -> Generator[int, None, None]:
            try:
                while not stop.is_set():
                    yield 1
            finally:
                stopped.set()

        ahead = Workers(2).ahead(endless, 1)
        next(ahead)
        ahead.close()

        assert stopped.wait(5)
