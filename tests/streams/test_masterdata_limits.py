"""Master Data out of order for good: a run ends, gets further, and stays cheap."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_masterdata import SCROLL, SEARCH, assert_equals_truth, columns_of, settle
from tests.streams.test_masterdata_trust import CL_SCROLL, CL_SEARCH, at_rest, edit, says_so, sync
from tests.support.expect import entity_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

pytestmark = pytest.mark.matrix


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return at_rest(open_shop)


def check(
    tap: Tap, shop: Shop, target: Target, stream: str = "clients", acronym: str = "CL"
) -> Run:
    run = sync(tap, shop, target, stream)
    assert run.exit_code == 0, run.log
    assert_equals_truth(target, shop, run, stream, acronym)
    return run


class TestAStoreThatHasLess:
    def test_one_client_is_erased(self, tap: Tap, shop: Shop, target: Target) -> None:
        check(tap, shop, target)
        shop.pass_time(hours=5)
        erased = list(shop.documents("CL"))[40]
        shop.store.entities["CL"].deleted[shop.numbers("CL")[erased]] = 0
        edit(shop, "clients", "Um")
        shop.pass_time(minutes=5)

        runs = []
        for hours in (0, 3, 23, 3):
            shop.pass_time(hours=hours)
            runs.append(sync(tap, shop, target, "clients"))

        assert [run.exit_code for run in runs] == [0, 0, 0, 0]
        assert ["announced" in run.log for run in runs] == [True, False, False, False]
        # What has changed is read until the number is believed, and then no more.
        assert [bool(run.records("clients")) for run in runs] == [True, True, True, False]
        assert target.table("clients", "id").keys() == {erased, *shop.documents("CL")}

    def test_an_entity_is_emptied(self, tap: Tap, shop: Shop, target: Target) -> None:
        check(tap, shop, target)
        shop.pass_time(hours=5)
        entity = shop.store.entities["CL"]
        entity.deleted |= dict.fromkeys(entity.numbers(shop.store.clock.now()), 0)

        runs = []
        for hours in (0, 3, 24, 3):
            shop.pass_time(hours=hours)
            runs.append(sync(tap, shop, target, "clients"))

        assert [run.exit_code for run in runs] == [1, 1, 0, 0]
        assert "announces 0 documents" in runs[0].log
        assert not says_so(runs[3])

    def test_an_entity_was_always_empty(self, tap: Tap, shop: Shop, target: Target) -> None:
        entity = shop.store.entities["CL"]
        deleted = dict.fromkeys(entity.numbers(shop.store.clock.now()), 0)
        entity.deleted |= deleted

        runs = []
        for hours in (0, 3, 24, 3):
            shop.pass_time(hours=hours)
            shop.requests()
            runs.append(sync(tap, shop, target, "clients"))
        assert sum(shop.requests().values()) < 7
        assert [run.exit_code for run in runs] == [0, 0, 0, 0]
        assert [says_so(run) for run in runs] == [True, False, False, False]

        entity.deleted.clear()
        shop.pass_time(hours=3)
        check(tap, shop, target)

    def test_an_incident_of_two_days(self, tap: Tap, shop: Shop, target: Target) -> None:
        """What was believed of it is mended when the documents are back."""
        check(tap, shop, target)
        shop.pass_time(hours=3)
        edit(shop, "clients", "Um")
        shop.pass_time(hours=1)
        shop.fail("nothing", "/api/dataentities/CL/", times=None)
        for _ in range(5):
            sync(tap, shop, target, "clients")
            shop.pass_time(hours=12)
        shop.store.faults.clear()

        run = check(tap, shop, target)

        assert "all of them are loaded again" in run.log


class TestWhatTheIndexShowsLate:
    @pytest.mark.parametrize("hours", [70 / 60, 20])
    @pytest.mark.parametrize("every", [1, 4])
    def test_an_edit(
        self, tap: Tap, shop: Shop, target: Target, hours: float, every: float
    ) -> None:
        check(tap, shop, target)
        shop.pass_time(hours=30)
        sync(tap, shop, target, "clients")
        late = list(shop.documents("CL"))[::20]
        for document_id in late:
            shop.freeze_document("CL", document_id)
            shop.edit("CL", document_id, firstName="Tarde")
        passed = 0.0
        while passed < hours:
            shop.pass_time(hours=every)
            passed += every
            sync(tap, shop, target, "clients")
        for document_id in late:
            shop.thaw_document("CL", document_id)
        for _ in range(2):
            shop.pass_time(hours=12.5)
            run = sync(tap, shop, target, "clients")

        assert_equals_truth(target, shop, run, "clients", "CL")

    def test_documents_of_a_first_load(self, tap: Tap, shop: Shop, target: Target) -> None:
        """Long before any margin: only the number of all documents tells of them."""
        for document_id in list(shop.documents("CL"))[10:16]:
            shop.hide_document("CL", document_id, hours=50)
        sync(tap, shop, target, "clients")
        shop.pass_time(hours=51)

        check(tap, shop, target)


class TestCheckpoints:
    @pytest.fixture
    def shop(self, open_shop: Callable[..., Shop]) -> Shop:
        shop = open_shop(orders=40, days=100, clients=2600)
        settle(shop)
        for entity in shop.store.entities.values():
            entity.closed = shop.store.clock.now()
        return shop

    def cut(self, run: Run, after: int) -> list[str]:
        """The output of a run that was killed after so many records."""
        numbers = [n for n, line in enumerate(run.lines) if line.startswith('{"type":"RECORD"')]
        return run.lines[: numbers[after - 1] + 1] if after <= len(numbers) else run.lines

    @pytest.mark.parametrize("kind", ["dated", "undated", "changes"])
    def test_a_killed_run_is_not_repeated(
        self, tap: Tap, shop: Shop, target: Target, kind: str
    ) -> None:
        config = shop.config()
        if kind == "undated":
            shop.store.entities["CL"].undated_one_in = 1
        if kind == "changes":
            tap.sync(config, target, select={"clients"})
            shop.pass_time(hours=30)
            for number, document_id in enumerate(list(shop.documents("CL"))):
                if number % 20 == 0:
                    shop.pass_time(minutes=20 / 3)
                shop.edit("CL", document_id, firstName="Um")
            shop.pass_time(minutes=5)
        came = 0
        for _ in range(20):
            run = tap.run(config, state=target.state, select={"clients"})
            lines = self.cut(run, 700)
            came += sum('"RECORD"' in line for line in lines)
            target.take(lines)
            if len(lines) == len(run.lines):
                break

        assert_equals_truth(target, shop, run, "clients", "CL")
        # Three or four times, as many as there are since the last checkpoint.
        assert came <= 2600 + 5 * 260

    def test_another_order_of_the_index(self, tap: Tap, shop: Shop, target: Target) -> None:
        entity = shop.store.entities["CL"]
        entity.undated_one_in = 1
        run = tap.run(shop.config(), select={"clients"})
        target.take(self.cut(run, 1200))
        assert target.state["bookmarks"]["clients"]["partitions"][0]["prefix"]["documents"] == 1000
        first = list(shop.documents("CL"))[3]
        entity.deleted[shop.numbers("CL")[first]] = 0

        run = tap.sync(shop.config(), target, select={"clients"})

        assert target.table("clients", "id").keys() >= shop.documents("CL").keys()


class TestOneDocument:
    @pytest.mark.parametrize("taken", [0, 10])
    def test_twice_under_one_id(self, tap: Tap, shop: Shop, target: Target, taken: int) -> None:
        shop.store.scrolls.taken_by_others = taken
        shop.store.entities["CL"].twice |= {5, 40, 119}

        check(tap, shop, target)
        assert sum(shop.requests().values()) < 40
        shop.pass_time(hours=3)
        check(tap, shop, target)

    @pytest.mark.parametrize("kind", ["null_row", "no_id", "odd_id"])
    def test_without_a_readable_id_once(
        self, tap: Tap, shop: Shop, target: Target, kind: Any
    ) -> None:
        shop.fail(kind, CL_SCROLL, skip=4, row=3)

        run = check(tap, shop, target)

        assert "without a readable id; reading that part again" in run.log

    @pytest.mark.parametrize("kind", ["null_row", "no_id", "odd_id"])
    def test_without_a_readable_id_for_good(
        self, tap: Tap, shop: Shop, target: Target, kind: Any
    ) -> None:
        shop.fail(kind, CL_SCROLL, times=None, row=3)

        run = sync(tap, shop, target, "clients")

        assert run.exit_code == 0
        assert "Skipped 1 row of CL without an id" in run.log
        assert len(target.table("clients", "id")) == len(shop.documents("CL")) - 1

    def test_ids_that_differ_by_letter_case(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.entities["LE"].chosen_ids |= {3: "aB3xY", 4: "Ab3Xy"}

        check(tap, shop, target, "md_le", "LE")

        assert {"aB3xY", "Ab3Xy"} <= target.table("md_le", "id").keys()


class TestEnds:
    @pytest.mark.parametrize("has_total", [True, False])
    def test_a_scroll_that_repeats_its_last_page(
        self, tap: Tap, shop: Shop, target: Target, has_total: bool
    ) -> None:
        shop.store.quirks.scroll_has_total = has_total
        shop.fail("repeat_last", CL_SCROLL, times=None)

        check(tap, shop, target)

        assert shop.requests()[SCROLL] < 20

    def test_a_scroll_that_repeats_its_first_page(self, tap: Tap, shop: Shop) -> None:
        shop.store.quirks.max_scroll_size = 100
        shop.fail("repeat", CL_SCROLL, times=None)

        run = tap.run(shop.config(), select={"clients"}, expect=None, hurry=True)

        assert {one["id"] for one in run.records("clients")} == shop.documents("CL").keys()
        assert sum(shop.requests().values()) < 100

    @pytest.mark.parametrize("least", [0, 30])
    def test_counts_that_time_out(self, tap: Tap, shop: Shop, target: Target, least: int) -> None:
        shop.store.quirks.search_timeout_from = least

        check(tap, shop, target)

        requests = shop.requests()
        assert requests[SEARCH] <= 6
        assert requests[SCROLL] < 300


class TestFields:
    @pytest.mark.parametrize("stream", ["clients", "carts", "newsletter"])
    @pytest.mark.parametrize(
        "refusal",
        [
            (403, "Forbidden access to the fields '{fields}'"),
            (401, "Forbidden access to the fields '{fields}'"),
            (403, "Acesso negado"),
            (401, "Acesso negado"),
            (403, "Cannot read private fields"),
        ],
    )
    def test_one_that_the_key_may_not_read(
        self, tap: Tap, shop: Shop, target: Target, stream: str, refusal: Any
    ) -> None:
        status, message = refusal
        shop.store.quirks.private_fields = frozenset({"email", "phone"})
        shop.store.quirks.private_fields_message = message
        shop.store.quirks.private_fields_status = status

        run = sync(tap, shop, target, stream)

        assert run.exit_code == 0, run.log
        assert "may not read email" in run.log
        rows = [row for row in target.tables[stream].values() if row.get("source_entity") != "NL"]
        assert rows
        assert {row["email"] for row in rows} == {None}
        if stream == "clients":
            columns = columns_of(run, stream)
            secret: dict[str, Any] = {"email": None, "phone": None, "custom_fields": None}
            assert target.table(stream, "id") == {
                key: entity_record(document, columns) | secret
                for key, document in shop.documents("CL").items()
            }
        if "{fields}" in message and stream != "newsletter":
            # VTEX has named them, so nothing is halved.
            assert shop.requests()[SEARCH] < 14

    def test_a_key_that_may_read_nothing(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.store.quirks.forbidden_entities = frozenset({"CL"})

        run = sync(tap, shop, target, "clients")

        assert run.exit_code == 1
        assert "'Read only documents'" in run.log
        assert sum(shop.requests().values()) < 5


def test_what_an_incremental_run_costs(tap: Tap, shop: Shop, target: Target) -> None:
    """Two requests more than without a second source; a wide pass costs none."""
    sync(tap, shop, target, "clients")
    for hours in (3, 30, 3):
        shop.pass_time(hours=hours)
        edit(shop, "clients", "Um")
        shop.pass_time(minutes=5)
        shop.requests()
        sync(tap, shop, target, "clients")
        # How many are undated, how many there are, how many have changed, and these.
        assert shop.requests() == {SEARCH: 3, SCROLL: 2}


def test_a_search_that_repeats_its_first_page(tap: Tap, shop: Shop, target: Target) -> None:
    """Windows are halved until a page holds them."""
    shop.store.scrolls.taken_by_others = 10
    shop.store.quirks.search_total = "missing"
    shop.fail("repeat", CL_SEARCH, times=None)

    check(tap, shop, target)

    assert sum(shop.requests().values()) < 300


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens(
    tap: Tap, open_shop: Callable[..., Shop], target: Target, seed: int
) -> None:
    """Runs are killed and told the wrong things while the store goes on."""
    dice = random.Random(seed)
    shop = open_shop(orders=40, days=100, clients=900)
    shop.store.entities["CL"].undated_one_in = dice.choice([2, 251])
    for _ in range(12):
        shop.store.faults.clear()
        for _ in range(dice.choice([0, 0, 1, 2])):
            faults: list[tuple[str, dict[str, Any]]] = [
                ("nothing", {}),
                ("nothing", {"with_total": False}),
                ("low", {"left": dice.randrange(1, 500)}),
                ("no_rows", {}),
                ("drop_rows", {}),
                ("wrong_total", {"by": dice.choice([-1, 1, 300])}),
                ("null_row", {}),
                ("repeat", {}),
                ("repeat_last", {}),
                ("stale", {"hours": 2}),
                ("status", {"status": 408}),
                ("cut", {}),
            ]
            kind, details = dice.choice(faults)
            times = dice.choice([1, 2, 10, None])
            shop.fail(
                kind, "/api/dataentities/CL/", times=times, skip=dice.randrange(12), **details
            )
        run = tap.run(
            shop.config(), state=target.state, select={"clients"}, expect=None, hurry=True
        )
        target.take(run.lines[: dice.choice([len(run.lines), dice.randrange(len(run.lines) + 1)])])
        for document_id in dice.sample(sorted(shop.documents("CL")), 20):
            shop.edit("CL", document_id, firstName=f"{dice.random()}")
        shop.pass_time(minutes=dice.choice([5, 60, 600, 2000]))
    shop.store.faults.clear()
    settle(shop)
    for hours in (0, 25, 25):
        shop.pass_time(hours=hours)
        run = sync(tap, shop, target, "clients")

    assert run.exit_code == 0, run.log
    assert_equals_truth(target, shop, run, "clients", "CL")
