"""Which ids a list has shown, and the state of the catalog's streams."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.catalog.bookmark import CatalogBookmark, CatalogPass
from tap_vtex.streams.catalog.learned import Learned
from tap_vtex.streams.catalog.looks import Look, Looks
from tap_vtex.streams.id_census import BUCKETS, IdCensus, IdCounts, IdSet

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRODUCTS = {number: [10 * number, 10 * number + 1] for number in range(0, 6000, 2)}


def test_a_list_that_has_not_changed_has_no_newcomers() -> None:
    assert IdCensus.of(PRODUCTS).new_units(dict(reversed(PRODUCTS.items()))) == set()


def test_everything_is_new_at_first() -> None:
    assert IdCensus().new_units(PRODUCTS) == set(PRODUCTS)


def test_new_ids_are_told_exactly() -> None:
    more = {6001: [], 7000: [1]}

    assert IdCensus.of(PRODUCTS).new_units(PRODUCTS | more) == set(more)


@given(st.integers(0, 5998))
def test_a_low_id_that_comes_is_found_with_those_of_its_group(new: int) -> None:
    before = {unit: skus for unit, skus in PRODUCTS.items() if unit != new}
    found = IdCensus.of(before).new_units(before | {new: [5]})

    assert new in found
    assert {unit % BUCKETS for unit in found} == {new % BUCKETS}


def test_a_product_whose_skus_are_others_is_found() -> None:
    assert 44 in IdCensus.of(PRODUCTS).new_units(PRODUCTS | {44: [440]})


def test_the_order_of_skus_is_no_matter() -> None:
    assert not IdCensus.of(PRODUCTS).new_units(PRODUCTS | {44: [441, 440]})


def complete(**other: object) -> CatalogBookmark:
    at = CatalogBookmark(
        by="product",
        highest=NOON,
        seen_at=NOON,
        full_pass_at=NOON,
        ids=IdCensus.of(PRODUCTS),
        looks=Looks.all_at(Look(NOON, NOON)),
        recent=IdSet({4}),
        blank=IdSet({6}),
        missing={"7": NOON},
    )
    return msgspec.structs.replace(at, **other)


def test_the_state_gives_back_what_it_was_given() -> None:
    under_way = CatalogPass(
        began=NOON, full=True, ids=IdCensus.of(PRODUCTS), done_until=12, since=NOON
    )
    learned = Learned(skus=IdCounts({0: 3, 7: 1}), missing={"9": NOON}, gap_at=NOON)
    for at in (
        CatalogBookmark(by="sku"),
        complete(),
        complete(under_way=under_way),
        complete(by="sku", learned=learned),
    ):
        state = json.loads(json.dumps(at.to_state()))
        assert CatalogBookmark.from_state(state) == at


def test_the_state_is_small() -> None:
    assert len(json.dumps(complete().to_state())) < 1700
    hourly = Looks()
    for hour in range(24):
        look = Look(NOON + timedelta(hours=hour), NOON + timedelta(hours=hour))
        hourly = hourly.after(look, range(11 * hour, 256))
    assert len(json.dumps(complete(looks=hourly).to_state())) < 2500


def test_products_that_a_key_has_learned_of() -> None:
    dice = random.Random(1)
    ids = accumulate(dice.randint(1, 40) for _ in range(60_000))
    counts = {one: dice.choice((1, 1, 1, 2, 4, 6)) for one in ids}
    some = IdCounts(dict(islice(counts.items(), 10_000)))
    assert some.is_whole
    assert len(some.to_state()) < 15_000
    assert IdCounts.from_state(some.to_state()) == some

    # The lowest ones, as many as fit.
    most = IdCounts(counts)
    assert not most.is_whole
    assert len(most.to_state()) <= IdCounts.max_characters
    assert len(most.counts) > 40_000
    assert most.counts.items() <= counts.items()
    with pytest.raises(ValueError, match="packed"):
        IdCounts.from_state("AAAA")


def test_those_that_have_come_equally_far_go_together() -> None:
    earlier = NOON - timedelta(days=1)
    behind = complete(
        full_pass_at=earlier,
        highest=earlier,
        seen_at=earlier,
        looks=Looks.all_at(Look(NOON, earlier)).after(Look(earlier, NOON), {4}),
        recent=IdSet({5}),
    )

    shared = complete().merged_with(behind)

    assert shared is not None
    assert shared.full_pass_at == earlier
    assert shared.looks.of(4) == (earlier, NOON)
    assert shared.looks.of(5) == (NOON, earlier)
    assert shared.recent.ids == {4, 5}
    assert complete().merged_with(complete()) == complete()


def test_what_two_readers_have_learned_is_read_anew_where_it_differs() -> None:
    one = Learned(skus=IdCounts({1: 2, 2: 2, 3: 1}), gap_at=NOON)
    other = Learned(skus=IdCounts({1: 2, 2: 3, 4: 1}), gap_at=NOON)

    assert one.merged(other).skus.counts == {1: 2, 2: 0, 3: 1, 4: 1}


def test_those_that_have_not_go_alone() -> None:
    at = complete()
    for other in (
        CatalogBookmark(by="product"),
        complete(by="sku"),
        complete(ids=IdCensus.of({1: []})),
        complete(under_way=CatalogPass(began=NOON, full=False, ids=IdCensus(), since=NOON)),
    ):
        assert at.merged_with(other) is None
        assert other.merged_with(at) is None
