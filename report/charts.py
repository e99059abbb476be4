"""The charts, as Vega-Lite that Altair has checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

if TYPE_CHECKING:
    from report.data import Report, Row

Spec = dict[str, Any]

#: Colours that stay apart for the colour-blind, on light and on dark ground.
NEW, RETURNING, OTHER = "#4c9be8", "#f2a541", "#9aa3af"
#: From bought at once to not bought.
RECOVERY = ["#1b7837", "#5aae61", "#a6dba0", "#c2a5cf", "#8a8a8a"]
HEIGHT = 280


def charts(report: Report, words: dict[str, str]) -> dict[str, Spec]:
    """Each chart that has something to show, by its name, in the language of the words."""
    found = {
        "months": (report.months, _months),
        "cohorts": (report.cohorts, _cohorts),
        "carts": (report.carts, _carts),
        "segments": (report.segments, _segments),
        "products": (report.products, _best("revenue")),
        "categories": (report.categories, _best("revenue")),
        "payments": (report.payments, _best("value")),
    }
    return {name: make(rows, words).to_dict() for name, (rows, make) in found.items() if rows}


def _months(rows: list[Row], words: dict[str, str]) -> Any:  # noqa: ANN401 - Altair's
    kinds = {"new_net_revenue": words["new"], "returning_net_revenue": words["returning"]}
    if any(row["other_net_revenue"] for row in rows):
        kinds["other_net_revenue"] = words["unknown"]
    values = [
        {"month": row["month"], "kind": text, "value": row[name], "place": place}
        for row in rows
        for place, (name, text) in enumerate(kinds.items())
    ]
    return (
        _chart(values)
        .mark_bar()
        .encode(
            x=alt.X(
                "utcyearmonth(month):O",
                title=None,
                axis=alt.Axis(format="%b %y", labelAngle=0, labelOverlap="parity"),
            ),
            y=alt.Y("sum(value):Q", title=words["net_revenue"], axis=alt.Axis(format="~s")),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(
                    domain=list(kinds.values()), range=[NEW, RETURNING, OTHER][: len(kinds)]
                ),
                legend=alt.Legend(orient="top"),
            ),
            order=alt.Order("place:O"),
            tooltip=[
                alt.Tooltip("utcyearmonth(month):T", title=words["month"], format="%b %Y"),
                alt.Tooltip("kind:N", title=words["customers"]),
                alt.Tooltip("value:Q", title=words["net_revenue"], format=",.2f"),
            ],
        )
    )


def _cohorts(rows: list[Row], words: dict[str, str]) -> Any:  # noqa: ANN401
    base = _chart(rows).encode(
        x=alt.X("months:O", title=words["months_since"], axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "utcyearmonth(cohort):O", title=words["first_purchase"], axis=alt.Axis(format="%b %y")
        ),
    )
    tiles = base.mark_rect().encode(
        color=alt.Color(
            "retention:Q",
            title=words["retention"],
            scale=alt.Scale(scheme="blues", domainMin=0),
            legend=alt.Legend(format=".0%", orient="top"),
        ),
        tooltip=[
            alt.Tooltip("utcyearmonth(cohort):T", title=words["first_purchase"], format="%b %Y"),
            alt.Tooltip("months:O", title=words["months_since"]),
            alt.Tooltip("customers:Q", title=words["customers"], format=","),
            alt.Tooltip("retention:Q", title=words["retention"], format=".1%"),
        ],
    )
    highest = max(row["retention"] for row in rows)
    numbers = base.mark_text(fontSize=10).encode(
        text=alt.Text("retention:Q", format=".0%"),
        color=alt.condition(
            alt.datum.retention > highest / 2, alt.value("white"), alt.value("#333333")
        ),
    )
    return tiles + numbers


def _carts(rows: list[Row], words: dict[str, str]) -> Any:  # noqa: ANN401
    values = []
    for row in rows:
        until = [
            row["in_1_hour"],
            row["in_24_hours"],
            row["in_72_hours"],
            row["recovered"],
            row["carts"],
        ]
        names = ("in_1_hour", "in_24_hours", "in_72_hours", "later", "not_bought")
        for place, (name, more, less) in enumerate(zip(names, until, [0, *until], strict=False)):
            values.append(
                {"step": row["step"], "kind": words[name], "carts": more - less, "place": place}
            )
    kinds = [
        words[name] for name in ("in_1_hour", "in_24_hours", "in_72_hours", "later", "not_bought")
    ]
    return (
        _chart(values)
        .mark_bar()
        .encode(
            y=alt.Y("step:N", title=None, sort=[row["step"] for row in rows]),
            x=alt.X("carts:Q", title=words["carts_count"]),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=RECOVERY),
                legend=alt.Legend(orient="top", columns=3),
            ),
            order=alt.Order("place:O"),
            tooltip=[
                alt.Tooltip("step:N", title=words["step"]),
                alt.Tooltip("kind:N", title=words["carts_count"]),
                alt.Tooltip("carts:Q", title=words["carts_count"], format=","),
            ],
        )
    )


def _segments(rows: list[Row], words: dict[str, str]) -> Any:  # noqa: ANN401
    values = [row | {"name": words[row["segment"]]} for row in rows]
    return (
        _chart(values)
        .mark_bar(color=NEW)
        .encode(
            y=alt.Y("name:N", title=None, sort="-x"),
            x=alt.X("net_revenue:Q", title=words["net_revenue"], axis=alt.Axis(format="~s")),
            tooltip=[
                alt.Tooltip("name:N", title=words["segment"]),
                alt.Tooltip("customers:Q", title=words["customers"], format=","),
                alt.Tooltip("net_revenue:Q", title=words["net_revenue"], format=",.2f"),
            ],
        )
    )


def _best(measure: str) -> Any:  # noqa: ANN401
    def make(rows: list[Row], words: dict[str, str]) -> Any:  # noqa: ANN401
        return (
            _chart(rows)
            .mark_bar(color=NEW)
            .encode(
                y=alt.Y("name:N", title=None, sort="-x", axis=alt.Axis(labelLimit=220)),
                x=alt.X(f"{measure}:Q", title=words[measure], axis=alt.Axis(format="~s")),
                tooltip=[
                    alt.Tooltip("name:N", title=" "),
                    alt.Tooltip(f"{measure}:Q", title=words[measure], format=",.2f"),
                ],
            )
        )

    return make


def _chart(values: list[Row]) -> Any:  # noqa: ANN401
    data = alt.Data(values=values)  # type: ignore[no-untyped-call]
    return alt.Chart(data, width="container", height=HEIGHT)
