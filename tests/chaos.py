"""Chaos: a store that moves and fails in every way, and runs that are killed every few seconds.

At its end stand a few runs in which nothing goes wrong, and then everything has to be there.
Not among the tests that ``make test`` runs: ``make soak``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from sandbox.clock import HOUR
from sandbox.faults import Fault, Kind
from sandbox.logistics.stock import WAREHOUSES
from sandbox.quirks import Quirks
from sandbox.roles import READER_ROLE
from sandbox.tampering.shapes import SHAPES
from tap_vtex import dates
from tests.support.expect import order_record
from tests.support.shop import Shop, Trigger, order_of
from tests.support.tap import HURRIED, Kill, Run, Tap, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
Table = dict[tuple[Any, ...], Json]

MINUTES = float(os.environ.get("SOAK_MINUTES") or 30)
#: Each store has another seed, and lives for so many minutes.
SEED = int(os.environ.get("SOAK_SEED") or random.randrange(10**6))
MINUTES_PER_STORE = 5.0
#: With all streams, an outage without an answer has to be over before the test's patience is.
POLICY = dataclasses.replace(HURRIED, min_timeout=3.0)

#: All but the one that makes up rows, which the target would keep, and the one that is believed
#: at the second time: Master Data's index does hold some documents twice.
KINDS = [kind for kind in get_args(Kind) if kind not in {"endless", "row_twice"}]
#: Kinds that say something wrong, instead of failing.
LIES = {
    *("nothing", "low", "no_rows", "drop_rows", "wrong_total", "null_row", "no_id", "odd_id"),
    *("repeat", "repeat_last", "foreign", "latest", "stale"),
}
#: Kinds that strike once or a few times only, since they take long or are hard to tell.
RARE = {"date", "bomb", "huge", "never", "drip", "drip_headers"}
#: A refusal that lasts is believed, too.
REFUSALS = (400, 401, 403, 404)
FAILURES = (408, 429, 500, 502, 503, 504)
#: The tap believes a lie that is told a day later again, and looks for changes that the index
#: shows late for a day. Hours of the store.
LONGEST_LIE = 10
LONGEST_TROUBLE = 18
HEADERS = (
    {"Ratelimit-Remaining": "0", "Ratelimit-Reset": "3600"},
    {"Content-Type": "text/plain"},
    {"Retry-After": "86400"},
    {"X-VTEX-MD-TOKEN": ""},
    {"REST-Content-Total": "many", "REST-Content-Range": "resources 0-?/?"},
)
#: What a store does for a while, beside `Fault`.
INCIDENTS: tuple[Json, ...] = (
    {"empty_scrolls": 2},
    {"search_timeout_from": 0},
    {"search_timeout_from": 40},
    {"search_total": "low"},
    {"search_total": "missing"},
    {"has_master_data": False},
    {"scroll_has_total": False},
    {"empty_window": "latest"},
    {"max_scroll_size": 100},
    {"lacking_access": 401},
)
#: How stores differ from each other, for good.
STORES: tuple[Json, ...] = (
    {},
    {"rows_have_last_change": False},
    {"page_31": "repeat", "max_rows": 3},
    {"feed_empty_one_in": 3, "feed_twice_one_in": 4, "feed_config_keys": "lower"},
    {"page_31": "empty", "max_rows": 50},
    {"max_window_days": 180, "long_windows": "empty"},
    {"content_range_with_equals": False, "no_skus": "array", "large_id_pages": "error"},
    {"has_promotion_archive": False, "stock_of_unknown": "empty"},
)
#: Settings that let more happen in little time.
SETTINGS = {
    "master_data_entities": ["LE"],
    "prices_refresh_hours": 5,
    "inventory_refresh_hours": 5,
    "max_workers": 8,
    "orders_feed": True,
}
#: Entities of Master Data, with a field to change.
ENTITIES = {"CL": "firstName", "AD": "city", "LE": "nome", "NL": "name"}
MOST_PRODUCTS = 120
EXIT_CODES = {0, 1, -signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM}


@dataclass
class Chaos:
    """A store that moves, what goes wrong with it, and the target that has to hold it all."""

    tap: Tap
    shop: Shop
    dice: random.Random
    quirks: Json
    #: Streams that the key's role does not open.
    refused: set[str] = field(default_factory=set)
    target: Target = field(default_factory=Target)
    runs: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    #: What ends at a time of the store's, in hours.
    troubles: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    #: When the first lie was told that the store has not put right since; in hours.
    lying_since: float | None = None

    # -- time ----------------------------------------------------------------------------

    @property
    def hours(self) -> float:
        """The store's time in hours."""
        return self.shop.now().timestamp() / 3600

    def pass_time(self, hours: float) -> None:
        """Let time pass, and troubles with it."""
        self.shop.pass_time(hours=hours)
        for until, end in list(self.troubles):
            if until <= self.hours:
                self.troubles.remove((until, end))
                end()

    def calm(self) -> None:
        """Let nothing be wrong any more."""
        self.shop.store.faults.clear()
        self.shop.store.quirks = Quirks(**self.quirks)
        self.shop.store.latency = 0.0
        for _, end in self.troubles:
            end()
        self.troubles.clear()

    # -- a run ---------------------------------------------------------------------------

    def run(self, *, kill: Kill | None = None, expect: int | None = None) -> Run:
        """A run of the tap into the target."""
        config = self.shop.config(**SETTINGS)
        run = self.tap.sync(config, self.target, hurry=POLICY, kill=kill, expect=expect)
        self.runs[str(run.exit_code)] += 1
        assert run.exit_code in EXIT_CODES, run.log
        assert "Traceback" not in run.log, run.log
        assert "error in the tap" not in run.log, run.log
        return run

    def turn(self) -> None:
        """One run, in which anything may happen."""
        store, dice = self.shop.store, self.dice
        faults = [self.fault() for _ in range(dice.choice([0, 1, 2, 2, 4, 6]))]
        store.faults[:] = [Trigger("null", times=None, one_in=10, then=self.move), *faults]
        incident = dice.choice(INCIDENTS) if dice.random() < 0.2 else {}
        store.quirks = Quirks(**{**self.quirks, **incident})
        store.latency = dice.choice([0.0, 0.0, 0.005, 0.02])
        kill = None
        if dice.random() < 0.75:
            how = dice.choice([signal.SIGKILL, signal.SIGTERM])
            kill = Kill(how, after=dice.uniform(0.1, 4))
        began = self.shop.now()
        run = self.run(kill=kill)
        happened = ", ".join(f"{one.kind} {one.path} ({one.struck})" for one in faults)
        ended = f"{kill.how.name} after {kill.after:.1f} s" if kill else "to its end"
        sys.stdout.write(
            f"{began:%d %H:%M} {ended}: {run.exit_code}; {happened} {incident or ''}\n"
        )
        if not faults and not incident and run.exit_code in {0, 1}:
            self.lying_since = None
        self.pass_time(dice.choice([0, 0.02, 0.5, 1, 1, 3, 6]))

    def fault(self) -> Fault:
        """Something that goes wrong with all requests, or with those of one route."""
        dice = self.dice
        kind = dice.choice(KINDS)
        self.kinds[kind] += 1
        asked = [path for path in SHAPES if self.shop.store.requests[path]]
        path = dice.choice(["", dice.choice([*asked, ""])])
        path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + ("$" if path else "")
        details = self.details(kind)
        some: Json = {"times": dice.randrange(1, 6), "skip": dice.randrange(40)}
        many: Json = {"times": None, "one_in": dice.choice([1, 2, 5, 30])}
        if kind in LIES or details.get("status") in REFUSALS:
            if dice.random() < 0.5:
                self.lying_since = self.lying_since or self.hours
                if self.hours - self.lying_since < LONGEST_LIE:
                    return Fault(kind, path, **details, **many)
        elif kind not in RARE and dice.random() < 0.5:
            return Fault(kind, path, **details, **many)
        return Fault(kind, path, **some | details)

    def details(self, kind: str) -> Json:
        """The details of a fault of a kind."""
        dice = self.dice
        texts = [None, None, "soon", "Fri, 31 Dec 9999 23:59:59 GMT"]
        details: dict[str, Json] = {
            "status": {
                "status": dice.choice((*REFUSALS, *FAILURES, *FAILURES)),
                "html": dice.random() < 0.5,
                "retry_after": dice.choice([None, 1, 3600, "inf", "soon"]),
            },
            "odd_id": {"value": dice.choice([None, 5, "", {}, [1], "x", 1.5])},
            "low": {"left": dice.randrange(9)},
            "drop_rows": {"rows": dice.randrange(1, 4)},
            "wrong_total": {"by": dice.choice([-1, 1, -50, 1000])},
            # Seldom enough that most responses tell the right time.
            "date": {
                "seconds": dice.uniform(-5, 5) * 3600,
                "date": dice.choice(texts),
                "one_in": 20,
            },
            "headers": {"headers": dice.choice(HEADERS)},
            "bomb": {"size": 70_000_000, "times": 1},
            "huge": {"size": 70_000_000, "times": 1},
            "never": {"seconds": 30},
        }
        return details.get(kind, {})

    # -- the store -----------------------------------------------------------------------

    def move(self) -> None:
        """Let something happen in the store."""
        self.dice.choice([self.move_orders, self.move_documents, self.move_catalog])()

    def move_orders(self) -> None:
        """Change some orders, or let something be wrong with one."""
        dice, orders = self.dice, list(self.shop.orders())
        if dice.random() < 0.6:
            action = dice.choice(["touch", "approve", "invoice", "cancel", "return"])
            self.shop.act(action, *dice.sample(orders, 3))
        else:
            self.break_order(dice.choice(orders))

    def move_documents(self) -> None:
        """Change a document of Master Data, or let something be wrong with one."""
        dice, shop = self.dice, self.shop
        acronym, name = dice.choice([*ENTITIES.items()])
        if dice.random() < 0.3:
            self.break_document(acronym)
            return
        changed: Json = {name: f"Um {dice.randrange(1000)}"}
        if acronym == "CL":
            sku = dice.choice(shop.store.catalog.sku_ids())
            changed["rclastcart"] = f"add?sku={sku}&qty={dice.randrange(1, 5)}&seller=1&sc=1"
            changed["isNewsletterOptIn"] = dice.random() < 0.5
        shop.edit(acronym, dice.choice(list(shop.documents(acronym))), **changed)

    def move_catalog(self) -> None:
        """Change something of the catalog, of prices, stock or promotions."""
        dice, store = self.dice, self.shop.store
        catalog, now, text = store.catalog, store.clock.now(), f"Um {dice.randrange(1000)}"
        sku, product = dice.choice(catalog.sku_ids()), dice.choice(catalog.product_ids())
        promotion = dice.choice(store.promotions.ids())
        coupon = dice.choice(store.coupons.coupons())["couponCode"]
        place, few = dice.choice(WAREHOUSES)[0], dice.randrange(3)
        is_small = len(catalog.product_ids()) < MOST_PRODUCTS
        changes: list[Callable[[], object]] = [
            lambda: catalog.edit_sku(sku, now, SkuName=text),
            lambda: catalog.edit_product(product, now, Title=text),
            lambda: catalog.add_product(now, skus=few) if is_small else None,
            lambda: store.pricing.set_price(sku, costPrice=float(dice.randrange(1, 100))),
            lambda: store.logistics.set_stock(sku, place, dice.randrange(100)),
            lambda: store.promotions.edit_promotion(promotion, now, name=text),
            lambda: store.coupons.edit_coupon(coupon, now, utmSource=text),
        ]
        dice.choice(changes)()

    def break_order(self, order_id: str) -> None:
        """Let something be wrong with an order for some hours."""
        dice, shop, book = self.dice, self.shop, self.shop.store.book
        order = order_of(order_id)
        hours = dice.uniform(0, LONGEST_TROUBLE)
        match dice.randrange(4):
            case 0:
                shop.hide(order_id, hours=hours)
            case 1:
                shop.freeze(order_id)
                self.later(hours, lambda: book.stale.pop(order, None))
            case 2:
                book.broken[order] = dice.choice([400, 403, 500])
                self.later(hours, lambda: book.broken.pop(order, None))
            case 3:
                book.phantoms.add(order)
                self.later(hours, lambda: book.phantoms.discard(order))

    def break_document(self, acronym: str) -> None:
        """Let something be wrong with how the index shows a document, for some hours."""
        dice, shop = self.dice, self.shop
        entity = shop.store.entities[acronym]
        document, number = dice.choice(list(shop.numbers(acronym).items()))
        hours = dice.uniform(0, LONGEST_TROUBLE)
        match dice.randrange(3):
            case 0:
                # A new one. That the index loses an old one for a while nobody could notice.
                document, number = max(shop.numbers(acronym).items(), key=lambda one: one[1])
                if entity.history.created(number) > shop.store.clock.now() - HOUR:
                    shop.hide_document(acronym, document, hours=hours)
            case 1:
                shop.freeze_document(acronym, document)
                self.later(hours, lambda: entity.stale.pop(number, None))
            case 2:
                entity.twice.add(number)
                self.later(hours, lambda: entity.twice.discard(number))

    def later(self, hours: float, end: Callable[[], object]) -> None:
        """End a trouble once so many hours have passed."""
        self.troubles.append((self.hours + hours, end))

    # -- what has to be so ---------------------------------------------------------------

    def outage(self) -> None:
        """VTEX is down for an hour, from the middle of a run on: nothing is lost by that."""
        self.calm()
        kinds: list[Kind] = ["status", "reset", "never"]
        skip = self.dice.randrange(100)
        self.shop.fail(self.dice.choice(kinds), times=None, skip=skip, seconds=30)
        missing = self.left_over("missing")
        self.run()
        before = self.target.state
        for _ in range(4):
            self.pass_time(0.25)
            self.run(expect=1)
            assert self.target.state == before
        self.calm()
        self.run()
        assert self.left_over("missing") <= missing

    def left_over(self, *names: str) -> set[str]:
        """What the state says is still to be had, under some names."""
        # A key that lists SKUs only meets these every time that it reads all.
        phantoms = {str(sku) for sku in self.shop.store.catalog.phantom_skus}
        return {
            f"{stream} {one}"
            for stream, entry in self.target.state.get("bookmarks", {}).items()
            for partition in entry.get("partitions", [])
            for name in names
            if stream not in self.refused  # which had failures before VTEX refused it
            if not isinstance(partition.get(name), str)  # ids of a pass
            for one in partition.get(name) or ()
            if str(one) not in phantoms
        }

    def end(self) -> None:
        """Nothing happens any more: after a few runs everything is there."""
        self.calm()
        self.shop.close()
        # A store whose totals contradict each other is believed after a day.
        for hours in (1, 2, 26, 26, 24 * 8, 20, 20):
            self.pass_time(hours)
            run = self.run()
        failed = re.search("these streams failed: (.*?)[.] What was read", run.log)
        assert (set(failed[1].split(", ")) if failed else set()) == self.refused, run.log
        assert not self.left_over("missing", "open")
        truth = {
            ("ipe", order_id): order_record(document)
            for order_id, document in self.shop.orders().items()
        }
        assert self.target.tables["orders"].keys() == truth.keys()
        whole = Target()
        expect = 1 if self.refused else 0
        self.tap.sync(self.shop.config(**SETTINGS), whole, hurry=POLICY, expect=expect)
        lacking = [*differences("orders", self.target.tables["orders"], truth)]
        for stream, table in whole.tables.items():
            lacking += differences(stream, self.target.tables[stream], table)
        assert not lacking, "\n".join(lacking)


def differences(stream: str, mine: Table, theirs: Table) -> Iterator[str]:
    """What one table lacks of another, but for when rows were read."""
    for key, row in theirs.items():
        if key not in mine:
            yield f"{stream} {key} is missing"
            continue
        there = unfolded(mine[key])
        for name, value in unfolded(row).items():
            if name != "synced_at" and readable(there.get(name)) != readable(value):
                yield f"{stream} {key} {name}: {there.get(name)!r:.200} and not {value!r:.200}"


def unfolded(row: Json) -> Json:
    """A row with its custom fields, which are there as VTEX sent them.

    While VTEX does not describe an entity, all fields of the store's own are among them.
    """
    row = {**row}
    for extras in row.keys() & {"custom_fields", "other_fields"}:
        # What the fault ``digits`` makes up stays, if the row never changes again.
        row[extras] = {k: v for k, v in (row[extras] or {}).items() if k != "more"} or None
    typed = row.get("custom_fields") or {}
    return {**row, **typed, "custom_fields": None}


def readable(value: object) -> str:
    """A value without what the fault ``control_characters`` puts into texts.

    A date among custom fields is as VTEX sent it, and in a column of its own perhaps not.
    """
    return json.dumps(dates.normalized(value) or value).replace("\\u000b\\t", "")


def test_chaos(tap: Tap) -> None:
    began, seed = time.monotonic(), SEED
    while (left := MINUTES * 60 - (time.monotonic() - began)) > 0:
        minutes = min(left / 60, MINUTES_PER_STORE)
        sys.stdout.write(f"\nChaos for {minutes:.1f} minutes, SOAK_SEED={seed}\n")
        live(tap, random.Random(seed), minutes)
        seed += 1


def live(tap: Tap, dice: random.Random, minutes: float) -> None:
    """Chaos in one store, with an outage in the middle."""
    began, outages = time.monotonic(), 0
    with Shop(orders=300, days=40, clients=80, skus=60, speed=60) as shop:
        chaos = Chaos(tap, shop, dice, dice.choice(STORES))
        if dice.random() < 0.3:
            shop.store.granted = set(READER_ROLE)
            chaos.refused = {
                *("collections", "sales_channels", "sellers"),
                *("warehouses", "docks", "pickup_points", "inventory"),
            }
        while (lived := time.monotonic() - began) < minutes * 60:
            chaos.turn()
            if not outages and lived > minutes * 30:
                outages += 1
                chaos.outage()
        sys.stdout.write(f"Runs by exit code: {dict(chaos.runs)}\nFaults: {dict(chaos.kinds)}\n")
        chaos.end()
