"""The dbt package: its models equal what follows from the store's documents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from psycopg.sql import SQL, Identifier

from demo.services import connection_settings
from sandbox.oms import document, routes
from tests.streams.test_carts import parsed
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.oms.gist import Gist
    from sandbox.oms.lifecycle import State
    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Tap

Json = dict[str, Any]
Rows = dict[tuple[Any, ...], Json]

STREAMS = ("orders", "order_items", "carts", "clients", "products", "skus", "prices")
#: Both stores have clients and orders with the same ids.
ACCOUNTS = {"ipe": 200, "jatoba": 80}
SAO_PAULO = timedelta(hours=-3)
TOTALS = {
    "items_total": "Items",
    "discounts_total": "Discounts",
    "shipping_total": "Shipping",
    "tax_total": "Tax",
}


@pytest.fixture(autouse=True)
def shrinking_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let orders of which an item was taken out show only the others, as VTEX may."""

    def shrunk(gist: Gist, state: State, account: str) -> Json:
        order = document.document(gist, state, account)
        if state.item_removed:
            order |= {"items": order["items"][:-1], "changesAttachment": None}
        return order

    monkeypatch.setattr(routes, "document", shrunk)


@pytest.fixture
def shops(open_shop: Callable[..., Shop]) -> dict[str, Shop]:
    """Two stores, three hours ago, so that no cart is fresh unless a test makes it so."""
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    return {
        account: open_shop(account=account, now=then, orders=orders, days=50, clients=60, skus=40)
        for account, orders in ACCOUNTS.items()
    }


class Models:
    """The models, built by dbt as Meltano starts it."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self._warehouse = warehouse
        self._env = {
            **os.environ,
            **connection_settings(warehouse.address),
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "vtex",
            "DBT_POSTGRES_SCHEMA": "vtex_models",
            "MELTANO_DATABASE_URI": f"sqlite:///{folder / 'meltano.db'}",
        }

    def dbt(self, *arguments: str) -> None:
        """Run dbt."""
        ended = subprocess.run(
            [Path(sys.executable).with_name("meltano"), "invoke", "dbt-postgres", *arguments],
            cwd=PROJECT,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-3000:]

    def rows(self, model: str, *key: str) -> Rows:
        """A model's rows by account and the rest of its key."""
        table = Identifier("vtex_models", model)
        found = self._warehouse.rows(SQL("SELECT * FROM {}").format(table))
        rows = {tuple(row[name] for name in ("account_name", *key)): row for row in found}
        assert len(rows) == len(found)
        return rows


@pytest.mark.long
def test_the_models_equal_the_stores_truth(
    tap: Tap, shops: dict[str, Shop], warehouse: Warehouse, tmp_path: Path
) -> None:
    ipe = shops["ipe"]
    warehouse.sync(tap, ipe.config(), select=STREAMS)
    change_orders(ipe)
    change_carts(shops)
    for shop in shops.values():
        shop.close()
        shop.pass_time(minutes=15)
        warehouse.sync(tap, shop.config(), select=STREAMS)
    models = Models(warehouse, tmp_path)

    models.dbt("build")

    check_descriptions(warehouse)
    check_orders(models, shops)
    check_revenue_by_month(warehouse, shops)
    check_items(models, shops, warehouse)
    check_payments(models, shops)
    check_customers(models, shops)
    check_carts(models, shops)
    check_products(models, shops)

    warehouse.sync(tap, ipe.config(), select=("inventory",))
    models.dbt("run", "--select", "vtex_products", "--vars", "{vtex_inventory: true}")
    check_stock(models, ipe)


def check_descriptions(warehouse: Warehouse) -> None:
    described = {
        (model["name"], column["name"]): column["description"]
        for page in PROJECT.glob("dbt/models/*.yml")
        for model in yaml.safe_load(page.read_text()).get("models", ())
        for column in model["columns"]
    }
    found = warehouse.rows(
        "SELECT attrelid::regclass AS model, attname, col_description(attrelid, attnum) AS text"
        " FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid IN"
        " (SELECT oid FROM pg_class WHERE relnamespace = 'vtex_models'::regnamespace)"
    )
    assert described == {
        (row["model"].removeprefix("vtex_models."), row["attname"]): row["text"] for row in found
    }


def change_orders(shop: Shop) -> None:
    """Let some be canceled, and others shrink."""
    orders = shop.orders()
    shop.act("cancel", *list(orders)[::40])
    shop.act("remove_item", *(key for key, order in orders.items() if len(order["items"]) == 3))


def change_carts(shops: dict[str, Shop]) -> None:
    """Let clients put into their carts what they buy before, after, and at the other store."""
    bought: dict[str, set[str]] = defaultdict(set)
    for order in all_orders(shops).values():
        bought[order["clientProfileData"]["userProfileId"]] |= {i["id"] for i in order["items"]}
    for shop in shops.values():
        fresh, *others = shop.documents("CL").items()
        for key, client in others[::3]:
            cart = "".join(f"sku={sku}&qty=2&seller=1&" for sku in bought[client["userId"]])
            put(shop, key, cart, shop.now() - timedelta(days=25))
        put(shop, fresh[0], "sku=7&qty=1&seller=1&", datetime.now(UTC))


def put(shop: Shop, client_id: str, cart: str, visit: datetime) -> None:
    """Let a client have left a cart at a visit."""
    shop.edit(
        "CL",
        client_id,
        rclastcart=f"add?{cart}sc=1" if cart else "",
        rclastsessiondate=f"{visit:%Y-%m-%dT%H:%M:%S.%f}0Z",
        checkouttag={"DisplayValue": "Endereco"},
    )


def all_orders(shops: dict[str, Shop]) -> dict[tuple[str, str], Json]:
    return {
        (account, key): order
        for account, shop in shops.items()
        for key, order in shop.orders().items()
    }


def units(hundredths: int) -> Decimal:
    return Decimal(hundredths) / 100


def utc(text: str) -> datetime:
    """A seven-digit date as the target stores it."""
    return datetime.fromisoformat(text[:26])


def check_orders(models: Models, shops: dict[str, Shop]) -> None:
    rows = models.rows("vtex_orders", "order_id")
    orders = all_orders(shops)
    assert rows.keys() == orders.keys()
    for key, order in orders.items():
        row = rows[key]
        totals = {total["id"]: units(total["value"]) for total in order["totals"]}
        assert {name: row[name] for name in TOTALS} == {
            name: totals[kind] for name, kind in TOTALS.items()
        }
        assert row["total"] == units(order["value"]) == sum(totals.values())
        assert row["other_total"] == totals.get("Change", 0)
        assert row["status"] == order["status"]
        assert row["is_canceled"] is (order["status"] == "canceled")
        assert row["user_id"] == order["clientProfileData"]["userProfileId"]
        assert row["created_at"] == utc(order["creationDate"])
        assert row["created_at_local"] == utc(order["creationDate"]) + SAO_PAULO
        assert (row["invoiced_at_local"] is None) is (order["invoicedDate"] is None)


def check_revenue_by_month(warehouse: Warehouse, shops: dict[str, Shop]) -> None:
    found = warehouse.rows(
        "SELECT account_name, to_char(created_at_local, 'YYYY-MM') AS month, sum(total) AS revenue"
        " FROM vtex_models.vtex_orders WHERE NOT is_canceled GROUP BY 1, 2"
    )
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for (account, _), order in all_orders(shops).items():
        if order["status"] != "canceled":
            month = f"{utc(order['creationDate']) + SAO_PAULO:%Y-%m}"
            expected[account, month] += order["value"]
    assert {(row["account_name"], row["month"]): row["revenue"] for row in found} == {
        key: units(value) for key, value in expected.items()
    }


def check_items(models: Models, shops: dict[str, Shop], warehouse: Warehouse) -> None:
    rows = models.rows("vtex_order_items", "order_id", "item_index")
    assert {
        key: (row["sku_id"], row["total"], row["is_canceled"]) for key, row in rows.items()
    } == {
        (*key, index): (
            item["id"],
            units(item["priceDefinition"]["total"] + wrapping_of(item)),
            order["status"] == "canceled",
        )
        for key, order in all_orders(shops).items()
        for index, item in enumerate(order["items"])
    }
    (raw,) = warehouse.rows("SELECT count(*) AS rows FROM vtex.order_items")
    assert raw["rows"] > len(rows)


def wrapping_of(item: Json) -> int:
    return sum(service["price"] * item["quantity"] for service in item["bundleItems"])


def check_payments(models: Models, shops: dict[str, Shop]) -> None:
    rows = models.rows("vtex_payments", "order_id", "payment_index")
    expected = {
        (*key, index): payment
        for key, order in all_orders(shops).items()
        for index, payment in enumerate(
            payment
            for transaction in order["paymentData"]["transactions"]
            for payment in transaction["payments"]
        )
    }
    assert {
        key: (row["payment_system_name"], row["installments"], row["value"])
        for key, row in rows.items()
    } == {
        key: (payment["paymentSystemName"], payment["installments"], units(payment["value"]))
        for key, payment in expected.items()
    }


def check_customers(models: Models, shops: dict[str, Shop]) -> None:
    bought: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for (account, _), order in all_orders(shops).items():
        bought[account, order["clientProfileData"]["userProfileId"]].append(order)
    clients = {
        (account, client["userId"]): client
        for account, shop in shops.items()
        for client in shop.documents("CL").values()
    }
    rows = models.rows("vtex_customers", "user_id")
    assert rows.keys() == clients.keys() | bought.keys()
    for key, row in rows.items():
        client = clients.get(key, {})
        orders = [order for order in bought[key] if order["status"] != "canceled"]
        dates = [utc(order["creationDate"]) for order in orders]
        assert row["client_id"] == client.get("id")
        assert row["newsletter_opt_in"] is client.get("isNewsletterOptIn")
        assert row["lifetime_value"] == units(sum(order["value"] for order in orders))
        assert (row["orders"], row["canceled_orders"]) == (
            len(orders),
            len(bought[key]) - len(orders),
        )
        assert row["first_order_at"] == min(dates, default=None)
        assert row["last_order_at"] == max(dates, default=None)
    assert {row["newsletter_opt_in"] for row in rows.values()} == {True, False, None}
    assert any(row["canceled_orders"] for row in rows.values())


def is_abandoned(client: Json) -> bool:
    """Whether a client's latest cart is one that was left with something in it."""
    hour_ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
    return bool(
        client["rclastcart"]
        and (client["checkouttag"] or {}).get("DisplayValue") != "Finalizado"
        and client["rclastsessiondate"]
        and client["rclastsessiondate"] < hour_ago
    )


def check_carts(models: Models, shops: dict[str, Shop]) -> None:
    expected: dict[tuple[str, str, int], tuple[str, int, bool, float | None]] = {}
    for account, shop in shops.items():
        orders = [order for order in shop.orders().values() if order["status"] != "canceled"]
        for key, client in shop.documents("CL").items():
            if not is_abandoned(client):
                continue
            bought_later = {
                item["id"]
                for order in orders
                if order["clientProfileData"]["userProfileId"] == client["userId"]
                and order["creationDate"] > client["rclastsessiondate"]
                for item in order["items"]
            }
            for index, item in enumerate(parsed(client["rclastcart"]) or ()):
                price = shop.store.pricing.price(int(item["sku_id"])) or {}
                expected[account, key, index] = (
                    item["sku_id"],
                    item["quantity"],
                    item["sku_id"] in bought_later,
                    price.get("basePrice"),
                )
    rows = models.rows("vtex_abandoned_cart_items", "client_id", "item_index")
    assert {
        key: (row["sku_id"], row["quantity"], row["bought_later"], as_float(row["price"]))
        for key, row in rows.items()
    } == expected
    carts = models.rows("vtex_abandoned_carts", "client_id")
    assert {key: row["bought_later"] for key, row in carts.items()} == {
        key: any(found[2] for place, found in expected.items() if place[:2] == key)
        for key in {place[:2] for place in expected}
    }
    assert {row["bought_later"] for row in carts.values()} == {True, False}
    assert any(
        row["items_bought_later"] < row["items"] for row in carts.values() if row["bought_later"]
    )


def as_float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def check_products(models: Models, shops: dict[str, Shop]) -> None:
    rows = models.rows("vtex_products", "sku_id")
    for account, shop in shops.items():
        of_account = {sku_id: row for (name, sku_id), row in rows.items() if name == account}
        assert len(of_account) >= 40
        for sku_id, row in of_account.items():
            price = shop.store.pricing.price(int(sku_id)) or {}
            assert as_float(row["price"]) == price.get("basePrice")
            assert row["name"]
            assert row["category"]
            assert row["stock"] is None


def check_stock(models: Models, shop: Shop) -> None:
    rows = models.rows("vtex_products", "sku_id")
    for (account, sku_id), row in rows.items():
        inventory = shop.store.logistics.inventory(int(sku_id))
        quantities = [place["totalQuantity"] for place in (inventory or {}).get("balance", ())]
        is_known = account == shop.store.account and quantities
        assert row["stock"] == (sum(quantities) if is_known else None)
    assert any(row["stock"] for row in rows.values())
