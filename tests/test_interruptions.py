"""Runs that end before their time: the next one makes up for them."""

from __future__ import annotations

import io
import json
import random
import select
import signal
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.singerlib import StateMessage

from tap_vtex.output import MessageWriter
from tap_vtex.shutdown import Shutdown
from tests.streams.test_orders_changes import assert_equals_truth
from tests.support.shop import ORDER, Shop

if TYPE_CHECKING:
    import subprocess

    from tests.support.tap import Tap, Target

EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGKILL: -9}
ORDERS = {"orders", "order_items"}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A store whose windows hold sixty orders at most, and whose answers take a while."""
    shop.close()
    shop.store.quirks.max_rows = 2
    shop.store.latency = 0.002
    return shop


def kill(process: subprocess.Popen[str], how: signal.Signals, after_lines: int) -> list[str]:
    """End the tap once it has sent so many lines; the lines that a target received."""
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(after_lines)]
    process.send_signal(how)
    lines += process.stdout.readlines()
    process.wait(timeout=30)
    return [line for line in lines if line]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_load_that_is_killed_again_and_again_ends_complete(
    tap: Tap, shop: Shop, target: Target, how: signal.Signals, seed: int
) -> None:
    dice = random.Random(seed)
    states = []
    for _ in range(4):
        with tap.start(shop.config(), state=target.state, select=ORDERS) as process:
            target.take(kill(process, how, dice.randrange(1, 350)))
        assert process.returncode == EXIT_CODES[how]
        states.append(target.state)
    tap.sync(shop.config(), target, select=ORDERS)

    assert_equals_truth(target, shop)
    assert len(target.tables["order_items"]) == sum(
        len(order["items"]) for order in shop.orders().values()
    )
    assert states[0] != states[-1]  # the runs went on from each other


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
@pytest.mark.parametrize("seed", range(2))
def test_a_search_for_changes_that_is_killed_is_done_again(
    tap: Tap, shop: Shop, target: Target, how: signal.Signals, seed: int
) -> None:
    dice = random.Random(seed)
    config = shop.config(lookback_days=100)
    tap.sync(config, target, select=ORDERS)
    shop.act("touch", *dice.sample(sorted(shop.orders()), 150))
    shop.pass_time(hours=2)
    for _ in range(3):
        with tap.start(config, state=target.state, select=ORDERS) as process:
            target.take(kill(process, how, dice.randrange(1, 120)))
        shop.pass_time(hours=3)
    tap.sync(config, target, select=ORDERS)

    assert_equals_truth(target, shop)


def test_an_interrupt_from_the_keyboard(tap: Tap, shop: Shop) -> None:
    with tap.start(shop.config()) as process:
        kill(process, signal.SIGINT, 50)
        assert process.stderr
        log = process.stderr.read()

    assert process.returncode == EXIT_CODES[signal.SIGINT]
    assert "Stopped by a signal" in log
    assert "Traceback" not in log


def test_a_signal_while_vtex_does_not_answer(tap: Tap, shop: Shop) -> None:
    """Nobody waits for the requests under way."""
    shop.fail("never", ORDER.partition("{")[0], times=None, skip=100)
    with tap.start(shop.config()) as process:
        began = time.monotonic()
        kill(process, signal.SIGTERM, 50)

    assert process.returncode == EXIT_CODES[signal.SIGTERM]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_signal_while_the_target_is_slow(
    tap: Tap, shop: Shop, target: Target, unbuffered: str
) -> None:
    """The tap is in the middle of a message, since nobody reads: the message ends whole."""
    env = {"PYTHONUNBUFFERED": unbuffered}
    with tap.start(shop.config(), env=env, select=ORDERS) as process:
        assert process.stdout
        select.select([process.stdout], [], [], 60)
        time.sleep(2)  # as long as it takes to fill the pipe
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        lines = process.stdout.readlines()
        process.wait(timeout=30)

    assert process.returncode == EXIT_CODES[signal.SIGTERM]
    assert all(line.endswith("}\n") for line in lines)
    target.take(lines)
    tap.sync(shop.config(), target, select=ORDERS)
    assert_equals_truth(target, shop)


class PartByPart(io.BytesIO):
    """An output without a buffer, which signals interrupt all the time."""

    def write(self, data: Any) -> int:
        return super().write(bytes(data[:7]))


def test_an_output_that_takes_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    out = PartByPart()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out, flush=out.flush))
    states = [{"bookmarks": {"orders": {"day": day}}} for day in range(3)]
    for state in states:
        MessageWriter(Shutdown()).write_message(StateMessage(state))

    assert [json.loads(line)["value"] for line in out.getvalue().splitlines()] == states


def test_a_target_that_dies_ends_the_run(tap: Tap, shop: Shop, target: Target) -> None:
    with tap.start(shop.config(), select=ORDERS) as process:
        assert process.stdout
        assert process.stderr
        lines = [process.stdout.readline() for _ in range(150)]
        process.stdout.close()
        log = process.stderr.read()
        process.wait(timeout=30)

    assert process.returncode == 1
    assert "The target closed the pipe" in log
    assert "Traceback" not in log
    assert shop.requests()[ORDER] < len(shop.orders())
    target.take(lines)
    tap.sync(shop.config(), target, select=ORDERS)
    assert_equals_truth(target, shop)
