"""How Master Data behaves where its documentation is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.http.bodies import documents_in
from tap_vtex.report.probe import copies_in, share, zone_of
from tap_vtex.streams.masterdata.api import (
    BEGINNING,
    DATED,
    DATES,
    END,
    SEARCH,
    STRUCTURE,
    UNDATED,
    announced,
    within,
)
from tap_vtex.streams.masterdata.search import REACH
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from tap_vtex.report.probe import Answer, Probe

TOTAL: Final = "REST-Content-Range"
#: Fields of clients that every store has, and that the tap reads carts and consent from.
FIELDS: Final = ("rclastcart", "rclastsessiondate", "isNewsletterOptIn", "email")


def probe_entity(probe: Probe, acronym: str) -> None:
    """Find out about dates, totals and rows of an entity."""
    _probe_dates(probe, acronym)
    _probe_totals(probe, acronym)
    _probe_rows(probe, acronym)


def probe_filters(probe: Probe, acronym: str) -> None:
    """Find out which fields of clients can be filtered, as the entity's structure says."""
    with probe.finding(*(f"{acronym}.{name}_is_filter" for name in FIELDS)):
        fields = probe.ask(STRUCTURE, acronym).body["fields"]
        declared = {field["name"]: bool(field.get("isFilter")) for field in fields}
        for name in FIELDS:
            probe.found[f"{acronym}.{name}_is_filter"] = declared.get(name)


def _search(probe: Probe, acronym: str, where: str | None = None, rows: int = 1) -> Answer:
    return probe.ask(
        SEARCH,
        acronym,
        params={"_fields": ",".join(("id", *DATES)), **({"_where": where} if where else {})},
        headers={"REST-Range": f"resources=0-{rows}"},
    )


def _total(answer: Answer) -> int:
    total = announced(answer.headers[TOTAL])
    if total is None:
        raise ValueError
    return total


def _probe_dates(probe: Probe, acronym: str) -> None:
    for name in DATES:
        with probe.finding(f"{acronym}.filter_by_{name}_status"):
            where = within(name, Window(BEGINNING, END))
            status = _search(probe, acronym, where).status
            probe.found[f"{acronym}.filter_by_{name}_status"] = status


def _probe_totals(probe: Probe, acronym: str) -> None:
    with probe.finding(f"{acronym}.total_in_header"):
        probe.found[f"{acronym}.total_in_header"] = TOTAL in _search(probe, acronym).headers
    name = f"{acronym}.search_beyond_10000_status"
    with probe.finding(name):
        beyond = {"REST-Range": f"resources={REACH}-{REACH + 1}"}
        answer = probe.ask(SEARCH, acronym, params={"_fields": "id"}, headers=beyond)
        probe.found[name] = answer.status
    with probe.finding(f"{acronym}.dated_and_undated_minus_total"):
        dated, undated, total = (
            _total(_search(probe, acronym, where)) for where in (DATED, UNDATED, None)
        )
        probe.found[f"{acronym}.dated_and_undated_minus_total"] = dated + undated - total


def _probe_rows(probe: Probe, acronym: str) -> None:
    names = (*(f"{acronym}.rows_with_{name}" for name in DATES), f"{acronym}.zone")
    with probe.finding(*names, f"{acronym}.full_page", f"{acronym}.copies_in_a_page"):
        answer = _search(probe, acronym, rows=100)
        rows = documents_in(answer.body)
        for name in DATES:
            probe.found[f"{acronym}.rows_with_{name}"] = share(row.get(name) for row in rows)
        probe.found[f"{acronym}.zone"] = zone_of(row.get(name) for row in rows for name in DATES)
        probe.found[f"{acronym}.copies_in_a_page"] = copies_in(row["id"] for row in rows)
        probe.found[f"{acronym}.full_page"] = len(rows) == min(100, _total(answer))
