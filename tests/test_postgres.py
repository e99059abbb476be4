"""The tap to target-postgres on a real PostgreSQL: the tables equal the store's truth."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.sql import SQL, Identifier

from tests.streams.test_carts import TRACES, parsed
from tests.streams.test_masterdata import columns_of
from tests.support.expect import entity_record, order_record
from tests.support.postgres import PROJECT, as_sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Tap


ORDERS = ("orders", "order_items", "incomplete_orders")


def assert_orders_equal_truth(warehouse: Warehouse, shop: Shop) -> None:
    rows = {row["orderId"]: as_sent(row) for row in warehouse.rows("SELECT * FROM vtex.orders")}
    assert rows == {key: order_record(order) for key, order in shop.orders().items()}
    items = warehouse.rows('SELECT "orderId", item_index, sku_id, price FROM vtex.order_items')
    assert {
        (row["orderId"], row["item_index"]): (row["sku_id"], row["price"]) for row in items
    } == {
        (order_id, index): (item["id"], item["price"])
        for order_id, order in shop.orders().items()
        for index, item in enumerate(order["items"])
    }


@pytest.mark.long
def test_a_full_and_two_incremental_runs(tap: Tap, shop: Shop, warehouse: Warehouse) -> None:
    warehouse.sync(tap, shop.config(), select=ORDERS)
    for actions in (("cancel", "touch"), ("return", "remove_item")):
        shop.pass_time(hours=20)
        for number, action in enumerate(actions):
            shop.act(action, *list(shop.orders())[-30 - number :: 5])
        shop.pass_time(minutes=15)
        warehouse.sync(tap, shop.config(), select=ORDERS)

    shop.close()
    shop.pass_time(minutes=15)
    warehouse.sync(tap, shop.config(), select=ORDERS)
    assert_orders_equal_truth(warehouse, shop)


def test_a_state_that_the_target_gave_back_resumes(
    tap: Tap, shop: Shop, warehouse: Warehouse
) -> None:
    shop.close()
    warehouse.sync(tap, shop.config(), select=ORDERS)

    shop.requests()
    shop.pass_time(hours=2)
    run = warehouse.sync(tap, shop.config(), select=ORDERS)
    assert len(run.records("orders")) < 10
    assert_orders_equal_truth(warehouse, shop)


class TestMasterData:
    """A full and two incremental runs, with edits, new clients, opt-outs and carts between."""

    STREAMS = ("clients", "addresses", "newsletter", "carts")

    @pytest.fixture
    def shop(self, open_shop: Callable[..., Shop]) -> Shop:
        return open_shop(orders=20, days=100, clients=300)

    def test_the_four_tables_equal_the_stores_truth(
        self, tap: Tap, shop: Shop, warehouse: Warehouse
    ) -> None:
        config = shop.config(store_url="https://www.ipe.com.br")
        for number in range(3):
            if number:
                shop.pass_time(hours=40)
                clients = list(shop.documents("CL"))
                for client in clients[number::50]:
                    shop.edit("CL", client, isNewsletterOptIn=False, lastName='d\'Ávila "Zé"')
                for client in clients[number + 5 :: 60]:
                    shop.edit(
                        "CL", client, rclastcart="add?sku=9&qty=1&seller=1", rclastsession="x"
                    )
                for client in clients[number + 7 :: 60]:
                    shop.edit("CL", client, rclastcart="")
                for client in clients[number + 9 :: 60]:
                    shop.edit("CL", client, **dict.fromkeys(TRACES))
                for address in list(shop.documents("AD"))[number::70]:
                    shop.edit("AD", address, city="Olinda")
                for subscriber in list(shop.documents("NL"))[number::20]:
                    shop.edit("NL", subscriber, isNewsletterOptIn=False)
                shop.pass_time(minutes=5)
            run = warehouse.sync(tap, config, select=self.STREAMS, discover=True)
        shop.close()
        shop.pass_time(minutes=5)
        run = warehouse.sync(tap, config, select=self.STREAMS, discover=True)

        for stream, acronym in (("clients", "CL"), ("addresses", "AD")):
            columns = columns_of(run, stream)
            assert self.rows(warehouse, stream, "id") == {
                key: entity_record(document, columns)
                for key, document in shop.documents(acronym).items()
            }
        self.check_newsletter(warehouse, shop)
        self.check_carts(warehouse, shop)

    def rows(self, warehouse: Warehouse, table: str, key: str) -> dict[Any, Any]:
        found = warehouse.rows(SQL("SELECT * FROM vtex.{}").format(Identifier(table)))
        return {row[key]: as_sent(row) for row in found}

    def check_newsletter(self, warehouse: Warehouse, shop: Shop) -> None:
        rows = warehouse.rows("SELECT source_entity, id, opt_in FROM vtex.newsletter")
        assert {(row["source_entity"], row["id"]): row["opt_in"] for row in rows} == {
            (acronym, key): document["isNewsletterOptIn"]
            for acronym in ("CL", "NL")
            for key, document in shop.documents(acronym).items()
        }

    def check_carts(self, warehouse: Warehouse, shop: Shop) -> None:
        rows = self.rows(warehouse, "carts", "client_id")
        clients = shop.documents("CL")
        seen = {
            key
            for key, document in clients.items()
            if any(document[name] is not None for name in TRACES)
        }
        # The others had a cart once, or have changed otherwise since the first run.
        assert seen < rows.keys() < clients.keys()
        for key, row in rows.items():
            document = clients[key]
            assert row["rclastcart"] == document["rclastcart"]
            assert row["items"] == (parsed(document) if key in seen else [])
            assert row["isNewsletterOptIn"] == document["isNewsletterOptIn"]
            assert row["lastName"] == document["lastName"]

    def test_the_query_for_abandoned_carts_in_the_documentation(
        self, tap: Tap, shop: Shop, warehouse: Warehouse
    ) -> None:
        rubbish, *others = shop.documents("CL")
        shop.edit("CL", rubbish, rclastcart="rubbish", rclastsession="x")
        shop.close()
        shop.pass_time(hours=3)
        warehouse.sync(tap, shop.config(), select=("carts",))
        page = (PROJECT / "docs/master-data.md").read_text()
        (query,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)

        found = warehouse.rows(
            query.replace("FROM carts", "FROM vtex.carts").replace(
                "now()", f"timestamptz '{shop.now().isoformat()}'"
            )
        )

        hour_ago = f"{shop.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
        documents = shop.documents("CL")
        assert {row["client_id"] for row in found} == {
            key
            for key in others
            if documents[key]["rclastcart"]
            and documents[key]["checkouttag"]["DisplayValue"] != "Finalizado"
            and documents[key]["rclastsessiondate"] < hour_ago
        }
        assert 10 < len(found) < len(documents) / 2
