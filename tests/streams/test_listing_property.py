"""The order list, read by windows: every order once, and no page beyond the last."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.http.request import Response
from tap_vtex.streams.orders import api, order_list, window_reader
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.windows import SECOND, Window
from tests.support.fake import FakeClient

if TYPE_CHECKING:
    from tap_vtex.http.client import VtexClient

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = 4000
PAGES, ROWS = 3, 2
CAP = PAGES * ROWS


class Index(FakeClient):
    """Takes the place of the client: VTEX's list, in one of the ways in which it may be made."""

    def __init__(self, created: list[float], *, fractions: bool, end_included: bool) -> None:
        """``created`` are the orders' seconds; an index may keep their fractions or not."""
        moments = (BEGIN + timedelta(seconds=at if fractions else int(at)) for at in created)
        self._orders = sorted(enumerate(moments), key=lambda order: order[1])
        self._end_included = end_included

    def get(
        self, _endpoint: object, *_ids: object, params: dict[str, Any], **_: object
    ) -> Response[dict[str, Any]]:
        start, end = map(
            datetime.fromisoformat, re.findall(r"[\dT:.-]+Z", params["f_creationDate"])
        )
        found = [
            (number, at)
            for number, at in self._orders
            if start <= at < end or (at == end and self._end_included)
        ]
        size = params["per_page"]
        first = (params.get("page", 1) - 1) * size
        assert first < CAP, "VTEX refuses pages beyond the last"
        rows = [
            {"orderId": str(number), "creationDate": f"{at:%Y-%m-%dT%H:%M:%S}+00:00"}
            for number, at in found[first : first + size]
        ]
        paging = {"total": len(found), "perPage": size, "pages": -(-len(found) // size)}
        return Response({"list": rows, "paging": paging}, {})


@given(
    created=st.lists(
        st.integers(0, LONGEST * 10).map(lambda tenths: tenths / 10)
        | st.integers(1000, 1040).map(lambda tenths: tenths / 10),  # many close together
        max_size=60,
    ),
    edges=st.tuples(st.integers(0, LONGEST), st.integers(0, LONGEST)).map(sorted),
    fractions=st.booleans(),
    end_included=st.booleans(),
    verify_splits=st.booleans(),
    newest_first=st.booleans(),
)
def test_every_order_of_a_window_comes_exactly_once(
    created: list[float], edges: list[int], fractions: bool, end_included: bool, **options: Any
) -> None:
    window = Window(BEGIN + edges[0] * SECOND, BEGIN + edges[1] * SECOND)
    index = Index(created, fractions=fractions, end_included=end_included)
    orders = OrderList(cast("VtexClient", index), logging.getLogger("tests"))
    orders.__dict__["now"] = BEGIN + timedelta(days=1)

    with (
        patch.object(window_reader, "MAX_PAGES", PAGES),
        patch.object(order_list, "ROWS_PER_PAGE", ROWS),
        patch.object(api, "ROWS_PER_PAGE", ROWS),
    ):
        listed = list(orders.windows(window, **options))
        if any(part.doubt for part in listed):
            # Two seconds' worth, since the window of a single second reaches to the next.
            crowds = [sum(at <= other < at + 2 for other in created) for at in created]
            assert max(crowds) > CAP
            return

    found = [row.order_id for part in listed for row in part.rows]
    wanted = {str(n) for n, at in enumerate(created) if edges[0] <= int(at) <= edges[1]}
    assert len(found) == len(set(found))
    assert set(found) >= wanted
