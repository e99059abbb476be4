from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.errors import AbandonedError
from tap_vtex.http.limiter import RateLimiter
from tap_vtex.shutdown import Shutdown
from tests.support.clock import FakeTime

NEVER = threading.Event()


def use_up(limiter: RateLimiter, requests: int) -> None:
    for _ in range(requests):
        limiter.wait(NEVER)


def test_the_first_minute_may_be_used_at_once(clock: FakeTime) -> None:
    limiter = RateLimiter(600, clock)
    began = clock.now

    use_up(limiter, 600)
    assert clock.now == began
    use_up(limiter, 1)
    assert clock.now == began + 60


def test_requests_of_all_threads_are_spaced(clock: FakeTime) -> None:
    limiter = RateLimiter(6_000, clock, may_burst=False)
    began = clock.now

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: limiter.wait(NEVER), range(51)))

    # 100 a second: fifty gaps take half a second, however many threads there are.
    assert clock.now - began >= 0.499


def test_idle_time_is_not_caught_up_on(clock: FakeTime) -> None:
    limiter = RateLimiter(6_000, clock)
    limiter.wait(NEVER)
    clock.now += 100
    limiter.wait(NEVER)
    clock.now += 10
    began = clock.now

    for _ in range(11):
        limiter.wait(NEVER)

    assert clock.now - began == pytest.approx(0.1)


@given(
    st.integers(1, 40),
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0, 7.0, 59.0, 61.0]), max_size=200),
)
def test_no_minute_has_more_than_its_share(per_minute: int, pauses: list[float]) -> None:
    clock = FakeTime()
    sent = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock.replace_in(monkeypatch)
        limiter = RateLimiter(per_minute, clock)
        for pause in pauses:
            clock.now += pause
            limiter.wait(NEVER)
            sent.append(clock.now)

    for earlier, later in zip(sent, sent[per_minute:], strict=False):
        assert later - earlier >= 60 - 1e-6


def test_a_pause_holds_for_every_thread_those_that_wait_already_included(clock: FakeTime) -> None:
    limiter = RateLimiter(600, clock, may_burst=False)
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
