from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_vtex.errors import AbandonedError
from tap_vtex.http.limiter import RateLimiter
from tap_vtex.shutdown import Shutdown


def release_times(limiter: RateLimiter, count: int, threads: int) -> list[float]:
    times: list[float] = []
    never = threading.Event()

    def work(_number: int) -> None:
        limiter.wait(never)
        times.append(time.monotonic())

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(count)))
    return sorted(times)


def test_requests_of_all_threads_are_spaced() -> None:
    times = release_times(RateLimiter(6_000, Shutdown()), 51, threads=16)

    # 100 a second: fifty gaps take half a second, however many threads there are.
    assert times[-1] - times[0] >= 0.49


def test_idle_time_is_not_caught_up_on() -> None:
    limiter = RateLimiter(6_000, Shutdown())
    release_times(limiter, 1, threads=1)
    time.sleep(0.3)

    times = release_times(limiter, 11, threads=8)

    assert times[-1] - times[0] >= 0.09


def test_a_pause_holds_for_every_thread_those_that_wait_already_included() -> None:
    limiter = RateLimiter(600, Shutdown())
    began = time.monotonic()
    threading.Timer(0.05, limiter.pause, [0.6]).start()

    times = release_times(limiter, 6, threads=6)

    assert sum(t - began < 0.6 for t in times) <= 2
    assert times[-1] - began >= 0.6


def test_who_waits_can_be_sent_home() -> None:
    limiter = RateLimiter(1, Shutdown())
    stop = threading.Event()
    limiter.wait(stop)
    threading.Timer(0.1, stop.set).start()

    with pytest.raises(AbandonedError):
        limiter.wait(stop)
