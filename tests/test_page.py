"""The page of charts: every chart drawn by a real browser, numbers equal to the models'."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from report.words import LANGUAGES, WORDS
from tests.support.browser import opened
from tests.support.postgres import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

CHARTS = ("months", "cohorts", "carts", "segments", "products", "categories", "payments")
#: The marts, as far as the page reads them. October is the last full month.
MODELS = """
CREATE SCHEMA vtex_models;
CREATE TABLE vtex_models.vtex__daily_shop AS SELECT * FROM (VALUES
    ('ipe', DATE '2026-08-30', 0, 0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, 1, 0, NULL),
    ('ipe', DATE '2026-09-30', 3, 2, 100.0, 100.0, 0.0, 2, 0.0, 5.0, 0, 0, 'BRL'),
    ('ipe', DATE '2026-10-01', 5, 4, 1200.5, 300.25, 900.25, 3, 10.0, 5.0, 4, 1, 'BRL'),
    ('ipe', DATE '2026-10-31', 2, 1, 34.5, 0.0, 0.0, 0, 0.0, 0.0, 4, 2, 'BRL'),
    ('ipe', DATE '2026-11-02', 1, 1, 50.0, 50.0, 0.0, 1, 0.0, 0.0, 0, 0, 'BRL'),
    ('jatoba', DATE '2026-10-02', 1, 1, 9.0, 9.0, 0.0, 1, 0.0, 0.0, 0, 0, 'BRL'),
    ('andina', DATE '2026-10-02', 1, 1, 9.0, 9.0, 0.0, 1, 0.0, 0.0, 0, 0, 'PEN'),
    ('andina', DATE '2026-10-03', 2, 2, 9.0, 9.0, 0.0, 1, 0.0, 0.0, 0, 0, NULL)
) AS t(account_name, day, orders_count, purchases_count, net_revenue, new_net_revenue,
    returning_net_revenue, new_customers_count, refund, discount, carts_left_count,
    carts_recovered_count, currency);
CREATE TABLE vtex_models.vtex__cohorts AS SELECT * FROM (VALUES
    ('ipe', DATE '2026-09-01', 0, 2, 2, 1.0), ('ipe', DATE '2026-09-01', 1, 2, 1, 0.5),
    ('ipe', DATE '2026-09-01', 2, 2, 0, 0.0), ('ipe', DATE '2026-10-01', 1, 3, 1, 0.333333)
) AS t(account_name, cohort_month, months_since, customers_count, active_customers_count,
    retention_rate);
CREATE TABLE vtex_models.vtex__abandoned_carts AS SELECT * FROM (VALUES
    ('ipe', 'Endereco', true, true, true, true), ('ipe', 'Endereco', false, false, true, true),
    ('ipe', '<script>alert(1)</script>', false, false, false, false)
) AS t(account_name, checkout_stage, is_recovered_in_1_hour, is_recovered_in_24_hours,
    is_recovered_in_72_hours, is_recovered);
CREATE TABLE vtex_models.vtex__customers AS SELECT * FROM (VALUES
    ('ipe', 'champions', 900.0), ('ipe', 'new', 50.0), ('ipe', 'no_purchase', 0.0)
) AS t(account_name, segment, net_revenue);
CREATE TABLE vtex_models.vtex__products AS SELECT * FROM (VALUES
    ('ipe', '1', 'Tênis', 800.0, 4), ('ipe', '1', 'Tênis', 100.0, 1), ('ipe', '2', 'Bolsa', 60.0, 1)
) AS t(account_name, product_id, product_name, revenue, units_sold);
CREATE TABLE vtex_models.vtex__categories AS SELECT * FROM (VALUES ('ipe', 'Calçados', 900.0, 5))
    AS t(account_name, category, revenue, units_sold);
CREATE TABLE vtex_models.vtex__payments AS SELECT * FROM (VALUES
    ('ipe', 'Pix', 300.0, true, true), ('ipe', 'Visa', 9.0, true, false)
) AS t(account_name, payment_method, value, is_paid, is_active);
CREATE TABLE vtex_models.vtex__freshness AS SELECT * FROM (VALUES
    ('ipe', 'orders', 1234, TIMESTAMP '2026-11-02 10:00:00')
) AS t(account_name, table_name, rows_count, loaded_at);
CREATE TABLE vtex_models.vtex__contacts AS SELECT * FROM (VALUES
    ('ipe', true, true, 120.5), ('ipe', true, false, NULL), ('ipe', false, true, 70.0)
) AS t(account_name, has_consent, has_cart, cart_value);
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page, made by the command from models of known content."""
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        connection.execute(MODELS)
    ended = make(tmp_path, "--duckdb", tmp_path / "store.duckdb")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "report.html").as_uri() in ended.stdout
    return tmp_path / "report.html"


def make(folder: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "report", "--output", folder / "report.html", *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_a_browser_draws_every_chart_in_each_language_and_theme(page: Path) -> None:
    for place, language in enumerate(LANGUAGES):
        theme = "dark" if language == "es" else "light"
        html, console = opened(page, f"lang={language}&theme={theme}")
        assert console == []
        assert f'data-ready="{language} {theme}"' in html
        assert f'lang="{language}"' in html
        drawn = html.partition('id="charts"')[2].partition("<script")[0]
        for name in CHARTS:
            chart = drawn.partition(f'id="chart-{name}"')[2].partition('class="card')[0]
            assert "<svg" in chart
            assert WORDS[name][place] in drawn
            assert re.search(r'aria-roledescription="(bar|rect mark|rule)"', chart), name


def test_numbers_are_those_of_the_models(page: Path) -> None:
    html, _console = opened(page, "lang=en")
    tiles = dict(re.findall(r'id="tile-(\w+)" data-value="([^"]*)"', html))
    assert tiles.pop("last_month") == "2026-10-01"
    assert {name: float(value) for name, value in tiles.items()} == {
        "net_revenue": 1235,
        "purchases": 5,
        "average": 247,
        "new_customers": 3,
        "recovery": 3 / 8,
        "audience": 1,
    }
    assert "R$1,235.00" in html
    assert "R$120.50" in html
    # What a screen reader is told of the bars: revenue of new customers, of others, of a segment.
    labels = re.findall(r'aria-label="([^"]*)"', html)
    for expected in (
        "Net revenue: 300.25",
        "Net revenue: 900.25",
        "Net revenue: 34.5; kind: Client not known",
        "Net revenue: 900",
        "Share who bought: 50%",
    ):
        assert any(expected in label for label in labels), (expected, labels)
    months = html.partition('id="chart-months"')[2].partition('class="card')[0]
    assert re.findall(r">(\w{3} \d\d)</text>", months) == ["Sep 26", "Oct 26", "Nov 26"]
    assert "<td>orders</td><td>1,234</td><td>2026-11-02 10:00:00</td>" in html


#: Makes the page narrow, as turning a telephone does, and tells how far it reaches beyond that.
TURNED = """<script>setInterval(() => {
    if (!document.body.dataset.ready) return;
    const main = document.querySelector("main");
    document.body.dataset.beyond = main.scrollWidth - main.clientWidth;
    main.style.width = "340px";
    window.dispatchEvent(new Event("resize"));
}, 500)</script>"""


def test_on_a_telephone_nothing_is_wider_than_the_screen(page: Path) -> None:
    page.write_text(page.read_text() + TURNED)
    html, _console = opened(page, "lang=es", width=500)
    assert 'data-ready="es light"' in html
    assert 'data-beyond="0"' in html


def test_sums_over_several_currencies_are_in_none(page: Path) -> None:
    ended = make(page.parent, "--duckdb", page.parent / "store.duckdb", "--account", "andina")
    assert ended.returncode == 0, ended.stderr
    assert '"account":"andina","schema":"vtex_models","currency":"",' in page.read_text()


def test_where_there_are_no_models_it_says_what_to_do(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "store.duckdb")).close()
    ended = make(tmp_path, "--duckdb", tmp_path / "store.duckdb")
    assert ended.returncode == 1
    assert "run dbt first" in ended.stderr
    assert "Traceback" not in ended.stderr
