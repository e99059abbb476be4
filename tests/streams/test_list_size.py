"""Short lists, changed rows and sets of ids, as the state knows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.id_census import MAX_CHARACTERS, IdSet
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.row_census import MAX_BUCKETS, RowCensus, RowChanges
from tap_vtex.streams.second_looks import SecondLooks

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class TestListSize:
    def test_an_answer_that_shows_less_is_doubted(self) -> None:
        size = ListSize().after(10, NOON)
        assert not size.is_doubtful
        assert size.is_short(9)
        assert not size.is_short(10)
        assert size.is_short(10, announced=11)
        assert ListSize().is_short(0)
        assert not ListSize().is_short(1)

    def test_the_same_answer_a_day_later_counts(self) -> None:
        size = ListSize().after(10, NOON).after(7, NOON + HOUR)
        assert size.is_doubtful
        size = size.after(8, NOON + 20 * HOUR)  # no less than before
        assert size.is_doubtful
        size = size.after(7 + 1, NOON + 25 * HOUR)
        assert size == ListSize(rows=8)

    def test_an_even_shorter_one_begins_anew(self) -> None:
        size = ListSize().after(10, NOON).after(7, NOON + HOUR).after(3, NOON + 24 * HOUR)
        assert size.is_doubtful
        assert size.after(3, NOON + 26 * HOUR).is_doubtful
        assert size.after(3, NOON + 48 * HOUR) == ListSize(rows=3)

    def test_a_full_answer_ends_the_doubt(self) -> None:
        assert ListSize().after(10, NOON).after(0, NOON).after(12, NOON) == ListSize(rows=12)

    def test_it_survives_the_state(self) -> None:
        for size in (ListSize(), ListSize().after(10, NOON).after(7, NOON)):
            assert ListSize.from_state(json.loads(json.dumps(size.to_state()))) == size


def rows(*values: Any) -> dict[str, dict[str, Any]]:
    return {f"id-{number}": {"value": value} for number, value in enumerate(values)}


def note_all(changes: RowChanges) -> RowCensus:
    for bucket in changes.changed_buckets():
        changes.note(bucket, again=False)
    return changes.census()


class TestRowChanges:
    def test_only_what_changed_is_looked_at(self) -> None:
        census = note_all(RowChanges(RowCensus(), rows(1, 2, 3)))
        changes = RowChanges(census, rows(1, 5, 3, 4))
        assert sorted(changes.changed_buckets().values()) == [["id-1"], ["id-3"]]

    def test_the_order_of_fields_is_no_change(self) -> None:
        census = note_all(RowChanges(RowCensus(), {"a": {"x": 1, "y": {"z": 2, "w": [3]}}}))
        assert not RowChanges(census, {"a": {"y": {"w": [3], "z": 2}, "x": 1}}).changed_buckets()

    def test_a_row_can_be_looked_at_once_more(self) -> None:
        changes = RowChanges(RowCensus(), rows(1))
        (bucket,) = changes.changed_buckets()
        changes.note(bucket, again=True)
        changes = RowChanges(changes.census(), rows(1))
        assert changes.is_second_look(bucket)
        assert changes.changed_buckets() == {bucket: ["id-0"]}
        assert not RowChanges(note_all(changes), rows(1)).changed_buckets()

    def test_missing_rows_are_known_until_they_are_forgotten(self) -> None:
        census = note_all(RowChanges(RowCensus(), rows(1, 2)))
        short = RowChanges(census, rows(1))
        assert not RowChanges(short.census(), rows(1, 2)).changed_buckets()
        short.forget_missing()
        assert len(RowChanges(short.census(), rows(1, 2)).changed_buckets()) == 1

    def test_many_rows_share_buckets_and_stay_known(self) -> None:
        few, many = rows(*range(MAX_BUCKETS)), rows(*range(20_000))
        census = note_all(RowChanges(RowCensus(), few))
        assert len(json.dumps(census.to_state())) < 64_000
        census = note_all(RowChanges(census, many))
        assert len(json.dumps(census.to_state())) < 64_000
        assert not RowChanges(census, many).changed_buckets()
        changed = RowChanges(census, many | {"id-777": {"value": "other"}}).changed_buckets()
        (keys,) = changed.values()
        assert "id-777" in keys
        assert len(keys) < 30

    def test_more_rows_than_buckets_leave_those_known_that_were(self) -> None:
        census = note_all(RowChanges(RowCensus(), rows(*range(MAX_BUCKETS))))
        one_more = RowChanges(census, rows(*range(MAX_BUCKETS + 1)))
        (keys,) = one_more.changed_buckets().values()
        assert f"id-{MAX_BUCKETS}" in keys

    @pytest.mark.parametrize("state", [{"packed": "AAAA"}, {"bits": 0}, {"bits": 99}])
    def test_a_damaged_state_is_refused(self, state: Any) -> None:
        with pytest.raises(ValueError, match="not the checksums of rows"):
            RowCensus.from_state(state)

    @given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=8))
    def test_a_target_that_is_told_the_changes_has_the_rows(
        self, readings: list[dict[str, int]]
    ) -> None:
        census, held = RowCensus(), dict[str, int]()
        for reading in readings:
            listed = {key: {"value": value} for key, value in reading.items()}
            changes = RowChanges(census, listed)
            for keys in changes.changed_buckets().values():
                held |= {key: reading[key] for key in keys}
            census = note_all(changes)
            assert reading.items() <= held.items()


class TestIdSet:
    @given(st.frozensets(st.integers(0, 2**40), max_size=50))
    def test_it_survives_the_state(self, ids: frozenset[int]) -> None:
        assert IdSet.from_state(IdSet(ids).to_state()).ids == ids

    def test_it_is_small(self) -> None:
        assert len(IdSet(range(200_000)).to_state()) < 2_000
        assert len(IdSet(range(0, 200_000, 20)).to_state()) < 2_000
        large = IdSet(one * 7919 % 10_000_019 for one in range(100_000)).to_state()
        assert len(large) <= MAX_CHARACTERS
        assert len(IdSet.from_state(large).ids) > 5_000

    @pytest.mark.parametrize("state", ["", "x", "AAAA"])
    def test_a_damaged_state_is_refused(self, state: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            IdSet.from_state(state)


class TestSecondLooks:
    def looks(self, *, is_first: bool = False, without: Any = (), doubtful: Any = ()) -> Any:
        return SecondLooks(without, doubtful, is_first=is_first, found_any=False, spacing=0)

    def test_what_is_known_to_be_empty_is_looked_at_once(self) -> None:
        looks = self.looks(without={5})
        assert looks.note(5, found=False, is_second=False)
        assert looks.state() == ({5}, set())

    def test_what_was_not_empty_before_is_doubtful_and_a_pass_later_empty(self) -> None:
        looks = self.looks()
        assert not looks.note(5, found=False, is_second=False)
        assert list(looks.pop_due()) == [5]
        assert looks.note(5, found=False, is_second=True)
        looks.finish()
        assert looks.state() == (set(), {5})
        looks = self.looks(doubtful={5})
        looks.note(5, found=False, is_second=True)
        assert looks.state() == ({5}, set())

    def test_in_a_first_pass_it_is_believed_among_others_that_have_something(self) -> None:
        looks = self.looks(is_first=True)
        for one in range(10):
            looks.note(one, found=one % 2 == 0, is_second=True)
        looks.finish()
        assert looks.state() == ({1, 3, 5, 7, 9}, set())

    def test_in_a_first_pass_hundreds_in_a_row_are_an_outage(self) -> None:
        looks = self.looks(is_first=True)
        for one in range(600):
            looks.note(one, found=not 100 <= one < 500, is_second=True)
        looks.finish()
        assert looks.state() == (set(), set(range(100, 500)))
