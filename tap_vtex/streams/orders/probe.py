"""Probes how VTEX's order list behaves where its documentation is silent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.http.bodies import documents_in
from tap_vtex.report.probe import copies_in, share, zone_of
from tap_vtex.streams.orders.api import ORDER, ORDER_LIST, date_filter, size_of, total_of
from tap_vtex.windows import SECOND, Window, whole_second

if TYPE_CHECKING:
    from tap_vtex.report.probe import Probe, ProbeResponse
    from tap_vtex.types import Document

#: How far back the list goes.
HISTORY: Final = timedelta(days=730)
#: The longest window that VTEX documents.
DOCUMENTED_MAX_WINDOW: Final = timedelta(days=180)
DAY: Final = timedelta(days=1)


def probe_orders(probe: Probe) -> None:
    """Probe the list's pages, windows, filters and rows, and an order."""
    _probe_pages(probe)
    _probe_windows(probe)
    _probe_filters(probe)
    _probe_rows(probe)


def _list(probe: Probe, rows: int = 1, **params: str | int) -> ProbeResponse:
    return probe.ask(ORDER_LIST, params={"page": 1, "per_page": rows, **params})


def _created(window: Window) -> str:
    return date_filter("creationDate", window)


def _tomorrow(probe: Probe) -> Window:
    """A window without orders."""
    now = whole_second(probe.now)
    return Window(now + DAY, now + 2 * DAY)


def _rows(response: ProbeResponse) -> list[Document]:
    return documents_in(response.body["list"])


def _probe_pages(probe: Probe) -> None:
    with probe.finding("orders.rows_a_page"):
        probe.found["orders.rows_a_page"] = size_of(_list(probe, 100).body)
    with probe.finding("orders.page_of_101_rows_status", "orders.page_of_101_rows"):
        page = _list(probe, 101)
        probe.found["orders.page_of_101_rows_status"] = page.status
        probe.found["orders.page_of_101_rows"] = page.body["paging"]["perPage"] * page.is_ok
    for number in (0, 31):
        with probe.finding(f"orders.page_{number}_status"):
            status = _list(probe, 100, page=number).status
            probe.found[f"orders.page_{number}_status"] = status


def _probe_windows(probe: Probe) -> None:
    until = whole_second(probe.now)
    whole = Window(until - HISTORY, until)
    with probe.finding("orders.windows_minus_total"):
        total = total_of(_list(probe, f_creationDate=_created(whole)).body)
        probe.found["orders.two_year_window_minus_total"] = total - total_of(_list(probe).body)
    with probe.finding("orders.windows_minus_total"):
        found = 0
        end = until
        while end > whole.start:
            start = max(end - DOCUMENTED_MAX_WINDOW, whole.start)
            found += total_of(_list(probe, f_creationDate=_created(Window(start, end))).body)
            end = start - SECOND
        probe.found["orders.windows_minus_total"] = found - total_of(_list(probe).body)
    older = Window(until - HISTORY - DOCUMENTED_MAX_WINDOW, until - HISTORY - DAY)
    for name, window in (("empty_window", _tomorrow(probe)), ("window_beyond_two_years", older)):
        with probe.finding(f"orders.{name}_status", f"orders.{name}_has_rows"):
            response = _list(probe, f_creationDate=_created(window))
            probe.found[f"orders.{name}_status"] = response.status
            probe.found[f"orders.{name}_has_rows"] = bool(_rows(response))


def _probe_filters(probe: Probe) -> None:
    with probe.finding("orders.filter_by_last_change"):
        total = total_of(_list(probe).body)
        response = _list(probe, f_lastChange=date_filter("lastChange", _tomorrow(probe)))
        ignored = response.is_ok and total_of(response.body) == total
        probe.found["orders.filter_by_last_change"] = (
            "refused" if not response.is_ok else "ignored" if ignored else "filters"
        )
    with probe.finding("orders.order_by_last_change_status"):
        status = _list(probe, orderBy="lastChange,desc").status
        probe.found["orders.order_by_last_change_status"] = status
    with probe.finding("orders.incomplete_by_default"):
        complete = total_of(_list(probe, incompleteOrders="false").body)
        probe.found["orders.incomplete_by_default"] = complete != total_of(_list(probe).body)


def _probe_rows(probe: Probe) -> None:
    rows: list[Document] = []
    with probe.finding("orders.rows_with_last_change", "orders.copies_in_a_page"):
        rows = _rows(_list(probe, 100, orderBy="creationDate,desc"))
        probe.found["orders.rows_with_last_change"] = share(row.get("lastChange") for row in rows)
        probe.found["orders.copies_in_a_page"] = copies_in(row["orderId"] for row in rows)
    with probe.finding("orders.zone_in_list", "orders.newest_is_seconds_old"):
        probe.found["orders.zone_in_list"] = zone_of(row["creationDate"] for row in rows)
        newest = max(filter(None, (dates.parse(row["creationDate"]) for row in rows)))
        probe.found["orders.newest_is_seconds_old"] = int((probe.now - newest).total_seconds())
        window = Window(whole_second(newest) - SECOND, whole_second(newest))
        until = _created(window).replace(".999Z", ".000Z")
        probe.found["orders.window_to_a_second_includes_it"] = bool(
            _rows(_list(probe, f_creationDate=until))
        )
    with probe.finding("orders.zone_in_order", "orders.decimal_digits"):
        order = probe.ask(ORDER, rows[0]["orderId"]).body.decode()
        probe.found["orders.zone_in_order"] = zone_of([order["creationDate"], order["lastChange"]])
        money = order["storePreferencesData"]["currencyFormatInfo"]
        probe.found["orders.decimal_digits"] = int(money["CurrencyDecimalDigits"])
