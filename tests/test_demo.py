"""What `make demo` does to the made-up store before it loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.carts import leave_carts
from tests.streams.test_carts import parsed

if TYPE_CHECKING:
    from tests.support.shop import Shop


def test_clients_leave_carts_and_some_buy_them(shop: Shop) -> None:
    leave_carts(shop.url)

    bought = {
        (order["clientProfileData"]["userProfileId"], item["id"])
        for order in shop.orders().values()
        for item in order["items"]
    }
    carts = [
        any((client["userId"], item["sku_id"]) in bought for item in parsed(client) or ())
        for client in shop.documents("CL").values()
    ]
    assert 20 < sum(carts) < len(carts) / 2
