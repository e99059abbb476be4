"""How Master Data behaves where its documentation is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.report.probe import copies_in, share, zone_of
from tap_vtex.streams.masterdata.api import (
    BEGINNING,
    DATED,
    END,
    SEARCH,
    STRUCTURE,
    UNDATED,
    announced_total,
    within,
)
from tap_vtex.streams.masterdata.rows import DATES
from tap_vtex.streams.masterdata.search import REACH
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from tap_vtex.report.probe import Probe, ProbeResponse

TOTAL: Final = "REST-Content-Range"
#: Fields that every store's clients have, and from which the tap reads carts and consent.
FIELDS: Final = ("rclastcart", "rclastsessiondate", "isNewsletterOptIn", "email")


class ProbedEntity(NamedTuple):
    """An entity to find out about."""

    acronym: str
    #: Its name in the findings. A name that the store chose would identify the store.
    label: str
    #: VTEX's ``_schema``, if the entity is read with one.
    schema: str | None = None


def probe_entity(probe: Probe, entity: ProbedEntity) -> None:
    """Find out how an entity's dates, totals and rows behave."""
    _probe_dates(probe, entity)
    _probe_totals(probe, entity)
    _probe_rows(probe, entity)


def probe_filters(probe: Probe, entity: ProbedEntity) -> None:
    """Find out which fields of clients can be filtered, according to the entity's structure."""
    with probe.finding(*(f"{entity.label}.{name}_is_filter" for name in FIELDS)):
        fields = probe.ask(STRUCTURE, entity.acronym).body["fields"]
        declared = {field["name"]: bool(field.get("isFilter")) for field in fields}
        for name in FIELDS:
            probe.found[f"{entity.label}.{name}_is_filter"] = declared.get(name)


def _search(
    probe: Probe, entity: ProbedEntity, where: str = "", rows: int = 1, first: int = 0
) -> ProbeResponse:
    params = {
        "_fields": ",".join(("id", *DATES)),
        **({"_where": where} if where else {}),
        **({"_schema": entity.schema} if entity.schema else {}),
    }
    span = {"REST-Range": f"resources={first}-{first + rows}"}
    return probe.ask(SEARCH, entity.acronym, params=params, headers=span)


def _total(response: ProbeResponse) -> int:
    total = announced_total(response.headers[TOTAL])
    if total is None:
        raise ValueError
    return total


def _probe_dates(probe: Probe, entity: ProbedEntity) -> None:
    for name in DATES:
        with probe.finding(f"{entity.label}.filter_by_{name}_status"):
            where = within(name, Window(BEGINNING, END))
            status = _search(probe, entity, where).status
            probe.found[f"{entity.label}.filter_by_{name}_status"] = status


def _probe_totals(probe: Probe, entity: ProbedEntity) -> None:
    with probe.finding(f"{entity.label}.total_in_header"):
        probe.found[f"{entity.label}.total_in_header"] = TOTAL in _search(probe, entity).headers
    name = f"{entity.label}.search_beyond_10000_status"
    with probe.finding(name):
        probe.found[name] = _search(probe, entity, first=REACH).status
    with probe.finding(f"{entity.label}.dated_and_undated_minus_total"):
        dated, undated, total = (
            _total(_search(probe, entity, where)) for where in (DATED, UNDATED, "")
        )
        probe.found[f"{entity.label}.dated_and_undated_minus_total"] = dated + undated - total


def _probe_rows(probe: Probe, entity: ProbedEntity) -> None:
    names = (*(f"{entity.label}.rows_with_{name}" for name in DATES), f"{entity.label}.zone")
    with probe.finding(*names, f"{entity.label}.full_page", f"{entity.label}.copies_in_a_page"):
        response = _search(probe, entity, rows=100)
        rows = [row.document() for row in response.body if row]
        for name in DATES:
            probe.found[f"{entity.label}.rows_with_{name}"] = share(row.get(name) for row in rows)
        probe.found[f"{entity.label}.zone"] = zone_of(
            row.get(name) for row in rows for name in DATES
        )
        probe.found[f"{entity.label}.copies_in_a_page"] = copies_in(row["id"] for row in rows)
        probe.found[f"{entity.label}.full_page"] = len(rows) == min(100, _total(response))
