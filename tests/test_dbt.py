"""The dbt package: its models equal what follows from the store's documents, in each warehouse."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from report.data import read
from sandbox.oms import document, routes
from tests.streams.test_carts import parsed
from tests.support.dbt import KINDS, MARTS, Models
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sandbox.oms.gist import Gist
    from sandbox.oms.lifecycle import State
    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Tap

Json = dict[str, Any]
Key = tuple[Any, ...]

#: All that the models are made of.
STREAMS = (
    *("orders", "order_items", "payments", "packages", "carts", "clients", "newsletter"),
    *("products", "skus", "categories", "prices", "promotions", "inventory"),
)
#: Both stores have clients and orders with the same ids.
ACCOUNTS = {"ipe": 200, "jatoba": 80}
SAO_PAULO = timedelta(hours=-3)
INCREMENTAL = ("int_vtex__orders", "int_vtex__order_lines")
#: How long before they buy, clients leave the carts that tests put: what counts as recovered when.
LEFT_BEFORE = (timedelta(minutes=30), timedelta(hours=20), timedelta(hours=60), timedelta(days=20))


@pytest.fixture(autouse=True)
def shrinking_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let orders of which an item was taken out show only the others, as VTEX may."""

    def shrunk(gist: Gist, state: State, account: str) -> Json:
        order = document.document(gist, state, account)
        if any(action == "remove_item" for action, _at in state.changes):
            order |= {"items": order["items"][:-1], "changesAttachment": None}
        return order

    monkeypatch.setattr(routes, "document", shrunk)


@pytest.fixture
def shops(open_shop: Callable[..., Shop]) -> dict[str, Shop]:
    return {
        account: open_shop(account=account, orders=orders, days=50, clients=60, skus=40)
        for account, orders in ACCOUNTS.items()
    }


@pytest.mark.long
def test_the_models_equal_the_stores_truth(
    tap: Tap, shops: dict[str, Shop], warehouse: Warehouse, tmp_path: Path
) -> None:
    models, carts = Models(warehouse, tmp_path), Carts()
    states: dict[str, Json] = {}

    def load() -> str:
        """Load both stores; the moment that the models shall take for now."""
        for account, shop in shops.items():
            carts.remember(shop)
            run = tap.run(shop.config(), select=STREAMS, state=states.get(account, {}))
            states[account] = run.state
            models.load(run.lines)
        models.load_files()
        return f"vtex_now: '{shops['ipe'].now():%Y-%m-%d %H:%M:%S}'"

    for shop in shops.values():
        shop.close()
        leave_carts(shop)
        shop.pass_time(minutes=5)  # until the index shows them
    models.both("build", "--exclude-resource-type", "test", "--vars", f"{{{load()}}}")
    change_orders(shops["ipe"])
    for shop in shops.values():
        leave_other_carts(shop)
        shop.pass_time(hours=2)
    since = f"{{{load()}, vtex_hashed_email: true, vtex_lookback_hours: 0}}"
    models.both("build", "--exclude-resource-type", "unit_test", "--vars", since)

    check_both_are_equal(models)
    check_descriptions(warehouse)
    check_orders(models, shops)
    check_lines(models, shops, warehouse)
    check_refunds(models, shops)
    check_payments(models, shops)
    check_customers(models, shops)
    check_days(models, shops)
    check_carts(models, shops, carts)
    check_contacts(models, shops)
    check_products(models, shops)
    check_page(models)

    full = ("run", "--full-refresh", "--select", *INCREMENTAL)
    models.dbt("postgres", *full, schema="rebuilt")
    for model in INCREMENTAL:
        rebuilt = ordered(models.rows(model, schema="rebuilt"))
        assert ordered(models.rows(model)) == rebuilt


# -- what happens in the stores ----------------------------------------------------------------


class Carts:
    """Each visit that ended with a cart, as the store last showed it."""

    def __init__(self) -> None:
        self.visits: dict[tuple[str, str, datetime], Json] = {}

    def remember(self, shop: Shop) -> None:
        """Look at each client's cart, as a run of the tap does now."""
        for key, client in shop.documents("CL").items():
            if client["rclastsessiondate"]:
                visit = utc(client["rclastsessiondate"])
                self.visits[shop.store.account, key, visit] = client


def leave_carts(shop: Shop) -> None:
    """Let clients have left what they bought later: an hour, a day, three days, weeks later."""
    first: dict[str, Json] = {}
    for order in sorted(shop.orders().values(), key=lambda order: order["creationDate"]):
        first.setdefault(order["clientProfileData"]["userProfileId"], order)
    for number, (key, client) in enumerate(sorted(shop.documents("CL").items())):
        if bought := first.get(client["userId"]):
            before = LEFT_BEFORE[number % len(LEFT_BEFORE)]
            put(shop, key, bought["items"], utc(bought["creationDate"]) - before)


def leave_other_carts(shop: Shop) -> None:
    """Let half of the clients come back and leave something else: VTEX forgets the cart before."""
    for key in sorted(shop.documents("CL"))[::2]:
        put(shop, key, [{"id": "7"}], now_of(shop) + timedelta(minutes=30))


def put(shop: Shop, client_id: str, items: Iterable[Json], visit: datetime) -> None:
    """Let a client have left a cart at a visit."""
    cart = "".join(f"sku={item['id']}&qty=2&seller=1&" for item in items)
    shop.edit(
        "CL",
        client_id,
        rclastcart=f"add?{cart}sc=1",
        rclastsessiondate=f"{visit:%Y-%m-%dT%H:%M:%S.%f}0Z",
        checkouttag={"DisplayValue": "Endereco"},
    )


def change_orders(shop: Shop) -> None:
    """Let some be canceled, others shrink, come back or lose a piece."""
    orders = shop.orders()
    shop.act("cancel", *list(orders)[::40])
    invoiced = [key for key, order in orders.items() if order["status"] == "invoiced"]
    shop.act("return", *invoiced[3::30])
    shop.act("remove_piece", *invoiced[7::30])
    shop.act("remove_item", *(key for key, order in orders.items() if len(order["items"]) == 3))


# -- what is true of them ----------------------------------------------------------------------


def all_orders(shops: dict[str, Shop]) -> dict[tuple[str, str], Json]:
    return {
        (account, key): order
        for account, shop in shops.items()
        for key, order in shop.orders().items()
    }


def is_paid(order: Json) -> bool:
    return order["status"] != "canceled" and order["authorizedDate"] is not None


def refund(order: Json) -> int:
    """What went back, in hundredths: the return invoices, or what their refunds say."""
    packages = (order["packageAttachment"] or {}).get("packages") or ()
    return sum(
        ((package["restitutions"] or {}).get("Refund") or {}).get("value")
        or package["invoiceValue"]
        for package in packages
        if package["type"] == "Input"
    )


def units(hundredths: int) -> Decimal:
    return Decimal(hundredths) / 100


def utc(text: str) -> datetime:
    """A seven-digit date as the target stores it: UTC, without saying so."""
    return datetime.fromisoformat(text[:26])


def now_of(shop: Shop) -> datetime:
    """The store's time in the same way."""
    return shop.now().replace(tzinfo=None)


def by(rows: Iterable[Json], *names: str) -> dict[Key, Json]:
    """Rows by their key; no two may have the same."""
    rows = list(rows)
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def ordered(rows: Iterable[Json]) -> list[Json]:
    """Rows in an order that is no warehouse's, without what tells when they were loaded."""
    without = ({name: row[name] for name in row if name != "loaded_at"} for row in rows)
    return sorted(without, key=lambda row: [str(value) for value in row.values()])


def check_both_are_equal(models: Models) -> None:
    for mart in MARTS:
        found = [ordered(models.rows(mart, kind)) for kind in KINDS]
        assert found[0] == found[1], mart
        assert found[0], mart


def check_descriptions(warehouse: Warehouse) -> None:
    """Each column of a mart has a description, in the database too."""
    found = warehouse.rows(
        "SELECT attrelid::regclass AS model, attname, col_description(attrelid, attnum) AS text"
        " FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid::regclass::text"
        " LIKE 'vtex_models.vtex\\_\\_%' AND attrelid::regclass::text NOT LIKE '%carts_history%'"
        " AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r')"
    )
    described = {
        (model["name"], column["name"])
        for page in PROJECT.glob("dbt/models/marts/*.yml")
        for model in yaml.safe_load(page.read_text())["models"]
        for column in model["columns"]
    }
    assert described == {(row["model"].partition(".")[2], row["attname"]) for row in found}
    assert all(row["text"] for row in found)


def check_orders(models: Models, shops: dict[str, Shop]) -> None:
    rows = by(models.rows("vtex__orders"), "account_name", "order_id")
    orders = all_orders(shops)
    assert rows.keys() == orders.keys()
    for key, order in orders.items():
        row = rows[key]
        totals = {total["id"]: units(total["value"]) for total in order["totals"]}
        assert (row["gross"], row["discount"], row["shipping"], row["tax"], row["other"]) == (
            totals["Items"],
            -totals["Discounts"],
            totals["Shipping"],
            totals["Tax"],
            totals.get("Change", 0),
        )
        assert row["total"] == units(order["value"])
        assert row["is_paid"] is is_paid(order)
        assert row["is_canceled"] is (order["status"] == "canceled")
        assert row["refund"] == units(refund(order))
        assert row["net_revenue"] == (
            units(order["value"] - refund(order)) if is_paid(order) else 0
        )
        assert row["created_at"] == utc(order["creationDate"])
        assert row["created_at_local"] == row["created_at"] + SAO_PAULO
        address = order["shippingData"]["address"]
        assert (row["region"], row["city"]) == (address["state"], address["city"])
    assert {row["customer_type"] for row in rows.values()} == {"new", "returning", None}
    assert any(row["refund"] for row in rows.values())


def check_lines(models: Models, shops: dict[str, Shop], warehouse: Warehouse) -> None:
    """Lines and the totals beside them come to the value of the order."""
    rows = by(models.rows("vtex__order_lines"), "account_name", "order_id", "item_index")
    orders = all_orders(shops)
    lines: dict[Key, list[Json]] = defaultdict(list)
    for key, row in rows.items():
        lines[key[:2]].append(row)
    assert lines.keys() == orders.keys()
    for key, order in orders.items():
        found = sorted(lines[key], key=lambda row: row["item_index"])
        assert [row["sku_id"] for row in found] == [item["id"] for item in order["items"]]
        totals = {total["id"]: total["value"] for total in order["totals"]}
        left = sum(row["total_left"] for row in found)
        if "Change" not in totals or order["changesAttachment"]:
            assert left + units(totals["Shipping"] + totals["Tax"]) == units(order["value"])
        assert sum(row["revenue"] for row in found) == (left if is_paid(order) else 0)
    (raw,) = warehouse.rows("SELECT count(*) AS rows FROM vtex.order_items")
    assert raw["rows"] > len(rows)


def check_refunds(models: Models, shops: dict[str, Shop]) -> None:
    expected: dict[Key, Decimal] = {
        key: units(refund(order)) for key, order in all_orders(shops).items() if refund(order)
    }
    found: dict[Key, Decimal] = defaultdict(Decimal)
    for row in models.rows("vtex__refunds"):
        found[row["account_name"], row["order_id"]] += row["refund"]
    assert found == expected


def check_payments(models: Models, shops: dict[str, Shop]) -> None:
    rows = models.rows("vtex__payments")
    expected = {
        (*key, transaction["transactionId"], payment["id"]): (
            payment["paymentSystemName"],
            payment["installments"],
            units(payment["value"]),
            transaction["isActive"],
        )
        for key, order in all_orders(shops).items()
        for transaction in order["paymentData"]["transactions"]
        for payment in transaction["payments"]
    }
    names = ("account_name", "order_id", "transaction_id", "payment_id")
    assert {
        key: (row["payment_method"], row["installments"], row["value"], row["is_active"])
        for key, row in by(rows, *names).items()
    } == expected


def check_customers(models: Models, shops: dict[str, Shop]) -> None:
    """RFM by hand: the rank among a store's buyers, in fifths."""
    bought: dict[Key, list[Json]] = defaultdict(list)
    for (account, _), order in all_orders(shops).items():
        bought[account, order["clientProfileData"]["userProfileId"]].append(order)
    clients = {
        (account, client["userId"]): client
        for account, shop in shops.items()
        for client in shop.documents("CL").values()
    }
    rows = by(models.rows("vtex__customers"), "account_name", "user_id")
    assert rows.keys() == clients.keys() | bought.keys()
    measures: dict[Key, Key] = {}
    for key, row in rows.items():
        paid = [order for order in bought[key] if is_paid(order)]
        dates = sorted(utc(order["creationDate"]) for order in paid)
        net = units(sum(order["value"] - refund(order) for order in paid))
        assert row["newsletter_opt_in"] is clients.get(key, {}).get("isNewsletterOptIn")
        assert (row["orders_count"], row["purchases_count"], row["net_revenue"]) == (
            len(bought[key]),
            len(paid),
            net,
        )
        assert row["first_purchase_at"] == (dates[0] if dates else None)
        if paid:
            measures[key] = (dates[-1], len(paid), net)
            local = (dates[0] + SAO_PAULO).date()
            assert row["cohort_month"] == local.replace(day=1)
            today = (now_of(shops["ipe"]) + SAO_PAULO).date()
            days = (today - (dates[-1] + SAO_PAULO).date()).days
            assert row["days_since_last_purchase"] == days
        else:
            assert row["segment"] == "no_purchase"
    for key, mine in measures.items():
        others = [value for (account, _), value in measures.items() if account == key[0]]
        expected = tuple(
            1 + 5 * sum(other[n] < mine[n] for other in others) // len(others) for n in range(3)
        )
        row = rows[key]
        assert (row["recency_score"], row["frequency_score"], row["monetary_score"]) == expected
    assert {"champions", "new", "hibernating"} < {row["segment"] for row in rows.values()}


def check_days(models: Models, shops: dict[str, Shop]) -> None:
    rows = by(models.rows("vtex__daily_shop"), "account_name", "day")
    revenue: dict[Key, int] = defaultdict(int)
    paid: dict[Key, int] = defaultdict(int)
    for (account, _), order in all_orders(shops).items():
        if is_paid(order):
            day = (utc(order["creationDate"]) + SAO_PAULO).date()
            revenue[account, day] += order["value"] - refund(order)
            paid[account, day] += 1
    for key, row in rows.items():
        assert row["net_revenue"] == units(revenue.pop(key, 0))
        assert row["new_net_revenue"] + row["returning_net_revenue"] == row["net_revenue"]
        purchases = paid.get(key, 0)
        lost = row["carts_left_count"] - row["carts_recovered_count"]
        rate = row["cart_conversion_rate"]
        assert row["purchases_count"] == purchases
        assert (
            rate is None
            if not purchases + lost
            else rate
            == pytest.approx(Decimal(purchases) / (purchases + lost), abs=Decimal("0.000001"))
        )
    assert not revenue
    for account, shop in shops.items():
        first = min(utc(order["creationDate"]) for order in shop.orders().values()) + SAO_PAULO
        span = (now_of(shop) + SAO_PAULO).date() - first.date()
        days = {first.date() + timedelta(days=n) for n in range(span.days + 1)}
        assert {(account, day) for day in days} <= rows.keys()


def check_carts(models: Models, shops: dict[str, Shop], carts: Carts) -> None:
    """Every cart that was left is there, also those that VTEX has forgotten since."""
    bought: dict[Key, list[tuple[datetime, str]]] = defaultdict(list)
    for (account, _), order in all_orders(shops).items():
        if order["status"] != "canceled":
            user = order["clientProfileData"]["userProfileId"]
            bought[account, user] += [
                (utc(order["creationDate"]), item["id"]) for item in order["items"]
            ]
    expected = {}
    for (account, client_id, visit), client in carts.visits.items():
        stage = (client["checkouttag"] or {}).get("DisplayValue")
        skus = {item["sku_id"] for item in parsed(client) or ()}
        if not skus or stage == "Finalizado" or visit > now_of(shops[account]) - timedelta(hours=1):
            continue
        after = [
            at - visit
            for at, sku_id in bought[account, client["userId"]]
            if sku_id in skus and timedelta(0) < at - visit <= timedelta(days=30)
        ]
        soonest = min(after, default=timedelta.max)
        expected[account, client_id, visit] = (
            bool(after),
            *(soonest <= timedelta(hours=hours) for hours in (1, 24, 72)),
        )
    rows = by(models.rows("vtex__abandoned_carts"), "account_name", "client_id", "abandoned_at")
    assert {
        key: (
            row["is_recovered"],
            row["is_recovered_in_1_hour"],
            row["is_recovered_in_24_hours"],
            row["is_recovered_in_72_hours"],
        )
        for key, row in rows.items()
    } == expected
    assert set(expected.values()) == {
        (True, True, True, True),
        (True, False, True, True),
        (True, False, False, True),
        (True, False, False, False),
        (False, False, False, False),
    }
    assert any(row["came_back"] for row in rows.values())


def check_contacts(models: Models, shops: dict[str, Shop]) -> None:
    rows = by(models.rows("vtex__contacts"), "account_name", "email")
    said: dict[Key, set[bool | None]] = defaultdict(set)
    for account, shop in shops.items():
        for client in shop.documents("CL").values():
            if client["email"]:
                said[account, client["email"].strip().lower()].add(client["isNewsletterOptIn"])
    for key, answers in said.items():
        if False in answers:
            assert rows[key]["consent"] is False
        assert (
            not (rows[key]["has_consent"] and True not in answers) or rows[key]["is_in_newsletter"]
        )
    assert said.keys() < rows.keys()
    waiting = [row for row in rows.values() if row["has_cart"]]
    assert all("checkout/cart/add?sku=" in row["cart_recovery_url"] for row in waiting)
    assert any(row["has_consent"] for row in waiting)
    assert all(len(row["email_sha256"]) == 64 for row in rows.values())


def check_products(models: Models, shops: dict[str, Shop]) -> None:
    rows = by(models.rows("vtex__products"), "account_name", "sku_id")
    for (account, sku_id), row in rows.items():
        store = shops[account].store
        price = (store.pricing.price(int(sku_id)) or {}).get("basePrice")
        places = (store.logistics.inventory(int(sku_id)) or {}).get("balance", ())
        assert row["price"] == (None if price is None else Decimal(str(price)))
        assert row["stock"] == (sum(place["totalQuantity"] for place in places) if places else None)
        assert row["department"]
    assert len(rows) >= 80


def check_page(models: Models) -> None:
    """The page of charts has the same numbers, whichever warehouse it reads."""
    found = []
    for kind in KINDS:
        page = read(models.query(kind), "vtex_models", "ipe")
        assert {"orders", "carts", "packages"} < {row["name"] for row in page.freshness}
        page.freshness = []
        found.append(page)
    assert found[0] == found[1]
    days = [row for row in models.rows("vtex__daily_shop") if row["account_name"] == "ipe"]
    shown = sum(Decimal(str(month["net_revenue"])) for month in found[0].months)
    assert shown == sum(day["net_revenue"] for day in days)
    assert all((found[0].cohorts, found[0].carts, found[0].segments, found[0].payments))
