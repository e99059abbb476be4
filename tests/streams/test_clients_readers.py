"""Clients, carts and newsletter: three streams, one reading of CL, a bookmark each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.streams.test_carts import TRACES
from tests.streams.test_masterdata import assert_equals_truth, columns_of, settle
from tests.streams.test_newsletter import clients as subscribed_clients
from tests.streams.test_newsletter import faststore, subscribers
from tests.support.expect import latest
from tests.support.tap import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

ALL = ("carts", "clients", "newsletter")
SEARCH, SCROLL = (f"/api/dataentities/{{acronym}}/{how}" for how in ("search", "scroll"))


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=50, days=100, clients=120)
    settle(shop)
    return shop


def bookmark(target: Target, stream: str) -> dict[str, Any]:
    """What the state has of a stream for the clients."""
    first = target.state["bookmarks"][stream]["partitions"][0]
    return {key: value for key, value in first.items() if key != "context"}


def assert_carts_equal_truth(target: Target, shop: Shop) -> None:
    """Of clients without any trace of a cart, a row may be there, but an empty one."""
    rows = target.table("carts", "client_id")
    for key, document in shop.documents("CL").items():
        if any(document[name] is not None for name in TRACES):
            assert rows[key]["rclastcart"] == document["rclastcart"]
            assert rows[key]["last_activity_at"] == latest(document)
        elif key in rows:
            assert rows[key]["items"] == []


def assert_all_equal_truth(target: Target, shop: Shop, run: Run) -> None:
    assert_equals_truth(target, shop, run, "clients", "CL")
    assert_carts_equal_truth(target, shop)
    assert subscribers(target, "CL") == subscribed_clients(shop)
    assert subscribers(target, "NL") == faststore(shop)


def sync(tap: Tap, shop: Shop, target: Target, *streams: str, **options: Any) -> Run:
    return tap.sync(shop.config(), target, select=streams or ALL, **options)


def test_all_three_cost_what_one_does(tap: Tap, shop: Shop, target: Target) -> None:
    del shop.store.entities["NL"]
    sync(tap, shop, Target(), "clients")
    alone = shop.requests()

    for hours in (0, 3):
        shop.pass_time(hours=hours)
        shop.requests()
        run = sync(tap, shop, target)
        if not hours:
            # And a look for FastStore's subscribers, of whom there are none.
            assert shop.requests() == {SEARCH: alone[SEARCH] + 1, SCROLL: alone[SCROLL]}
        assert_equals_truth(target, shop, run, "clients", "CL")
        assert_carts_equal_truth(target, shop)
        assert subscribers(target, "CL") == subscribed_clients(shop)
    assert bookmark(target, "carts") == bookmark(target, "clients")
    assert bookmark(target, "newsletter") == bookmark(target, "clients")


def test_streams_that_come_later_catch_up_and_then_share(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target, "newsletter")
    shop.pass_time(hours=3)
    sync(tap, shop, target, "newsletter", "carts")
    for _ in range(2):
        shop.pass_time(hours=3)
        sync(tap, shop, target)
    edited = next(iter(shop.documents("CL")))
    shop.edit("CL", edited, firstName="Um", rclastsession="s")
    shop.pass_time(hours=3)
    shop.requests()

    run = sync(tap, shop, target)

    assert_all_equal_truth(target, shop, run)
    assert [row["id"] for row in run.records("clients")] == [edited]
    # Of both entities: how many are undated, how many there are, how many have changed. Then the
    # one that has; of NL, whether any can be found by date.
    assert shop.requests() == {SEARCH: 7, SCROLL: 3}


def test_the_stream_that_is_behind_decides(tap: Tap, shop: Shop, target: Target) -> None:
    """The cart of a client is read, the clients are not, and then the cart is gone."""
    sync(tap, shop, target)
    shop.pass_time(hours=3)
    client = next(key for key, one in shop.documents("CL").items() if not one["rclastcart"])
    shop.edit("CL", client, firstName="Um", rclastcart="add?sku=5&qty=2&seller=1&sc=1")
    shop.pass_time(hours=2)
    before = bookmark(target, "clients")
    sync(tap, shop, target, "carts")
    assert bookmark(target, "clients") == before
    shop.edit("CL", client, **dict.fromkeys(TRACES))
    shop.pass_time(hours=2)

    run = sync(tap, shop, target)

    assert_all_equal_truth(target, shop, run)
    assert target.table("carts", "client_id")[client]["items"] == []


@pytest.mark.parametrize("selected", [("clients", "newsletter"), ("carts", "newsletter")])
def test_nobody_gets_what_only_another_has_asked_for(
    tap: Tap, shop: Shop, target: Target, selected: Collection[str]
) -> None:
    """Neither the fields that a stream leaves out, nor those that the key may not read."""
    shop.store.quirks.private_fields = frozenset({"email", "rclastcart"})

    run = sync(tap, shop, target, *selected, deselect={"clients": {"document", "custom_fields"}})

    kept = {"id", "userId", "firstName", "lastName", "isNewsletterOptIn"}
    dates = {"createdIn", "updatedIn", "lastInteractionIn"}
    always = {"accountId", "accountName", "dataEntityId"}
    for row in run.records("newsletter"):
        if row["source_entity"] == "CL":
            assert row["document"].keys() == kept | dates | always
            assert row["email"] is None
    assert any(row["name"] for row in run.records("newsletter"))
    for row in run.records("clients"):
        assert "document" not in row
        assert "custom_fields" not in row
        assert row["email"] is row["rclastcart"] is None
    if "clients" in selected:
        assert {"homePhone"} <= columns_of(run, "clients")
        assert any(row["homePhone"] for row in run.records("clients"))
    else:
        assert any(row["checkouttag"] for row in run.records("carts"))


def test_a_state_that_one_stream_cannot_use_leaves_the_others_be(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target)
    target.state["bookmarks"]["newsletter"]["partitions"][0]["undated"] = -1
    shop.pass_time(hours=3)
    shop.edit("CL", next(iter(shop.documents("CL"))), firstName="Um")
    shop.pass_time(minutes=5)

    run = sync(tap, shop, target, expect=1)

    assert "Stream newsletter (CL) failed: The state of newsletter can't be read" in run.log
    assert_equals_truth(target, shop, run, "clients", "CL")
    assert run.records("carts") or run.records("clients")


STEPS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(ALL), min_size=1),
        # How much of its output reaches the target.
        st.one_of(st.just(1.0), st.floats(0, 1)),
        st.sampled_from([0.1, 3, 30]),
    ),
    min_size=2,
    max_size=5,
)


@pytest.mark.long
@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(STEPS, st.sampled_from([60, 1300]), st.integers(0, 99))
def test_whichever_are_selected_and_wherever_runs_end(
    tap: Tap,
    open_shop: Callable[..., Shop],
    steps: list[tuple[set[str], float, float]],
    clients: int,
    seed: int,
) -> None:
    shop, target = open_shop(orders=20, days=100, clients=clients, seed=seed), Target()
    for number, (streams, share, hours) in enumerate(steps):
        run = tap.run(shop.config(), state=target.state, select=streams)
        target.take(run.lines[: round(share * len(run.lines))])
        documents = [*shop.documents("CL").items()]
        for key, document in documents[number :: 1 + len(documents) // 7]:
            empty = dict.fromkeys(TRACES) if document["rclastcart"] else {}
            shop.edit("CL", key, firstName=f"{number}", **empty)
        shop.pass_time(hours=hours)
    settle(shop)
    for _ in range(2):
        run = sync(tap, shop, target)

    assert_all_equal_truth(target, shop, run)


def test_a_reading_of_three_streams_that_is_killed_gets_further(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """A document becomes up to three records, and a checkpoint comes every 500 of these."""
    shop = open_shop(orders=20, days=100, clients=900)
    shop.close()
    streams = {"clients", "carts", "newsletter"}
    sent = 0
    for _ in range(8):
        lines = tap.killed_after(650, shop.config(), state=target.state, select=streams)
        target.take(lines)
        records = sum('"type":"RECORD"' in line for line in lines)
        sent += records
        if records < 650:
            break
    else:
        pytest.fail("no run came to its end")

    assert len(target.tables["clients"]) == len(shop.documents("CL"))
    assert sent < 1.5 * sum(map(len, target.tables.values()))
