from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tap_vtex.errors import AbandonedError
from tap_vtex.http.limiter import RateLimiter
from tap_vtex.shutdown import Shutdown

if TYPE_CHECKING:
    from tests.support.clock import FakeTime

NEVER = threading.Event()


def test_requests_of_all_threads_are_spaced(clock: FakeTime) -> None:
    limiter = RateLimiter(6_000, clock)
    began = clock.now

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: limiter.wait(NEVER), range(51)))

    # 100 a second: fifty gaps take half a second, however many threads there are.
    assert clock.now - began >= 0.499


def test_idle_time_is_not_caught_up_on(clock: FakeTime) -> None:
    limiter = RateLimiter(6_000, clock)
    limiter.wait(NEVER)
    clock.now += 10
    began = clock.now

    for _ in range(11):
        limiter.wait(NEVER)

    assert clock.now - began == pytest.approx(0.1)


def test_a_pause_holds_for_every_thread_those_that_wait_already_included(clock: FakeTime) -> None:
    limiter = RateLimiter(600, clock)
    limiter.wait(NEVER)
    began = clock.now
    # It comes while the next request waits for its turn, a tenth of a second later.
    clock.meanwhile = lambda: limiter.pause(0.6)

    limiter.wait(NEVER)
    assert clock.now - began >= 0.6
    limiter.wait(NEVER)
    assert clock.now - began >= 0.7


def test_who_waits_can_be_sent_home() -> None:
    limiter = RateLimiter(1, Shutdown())
    stop = threading.Event()
    limiter.wait(stop)
    threading.Timer(0.1, stop.set).start()

    with pytest.raises(AbandonedError):
        limiter.wait(stop)
