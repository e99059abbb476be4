"""The page: charts in three languages, dark and light, with all that they need inside."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, cast

import vl_convert

from report.charts import charts
from report.words import LANGUAGES, words

if TYPE_CHECKING:
    from report.data import Report

TEMPLATE = Path(__file__).with_name("page.html")


def write(report: Report, output: Path) -> None:
    """Write the page."""
    output.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """The page as HTML."""
    said = {language: words(language) for language in LANGUAGES}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        vega=vl_convert.javascript_bundle(cast("str", None)),  # the default, which its types lack
        account=report.account,
        data=_script(asdict(report)),
        words=_script(said),
        languages=_script(LANGUAGES),
        specs=_script({language: charts(report, texts) for language, texts in said.items()}),
    )


def _script(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """JSON that no text in it can break out of."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
