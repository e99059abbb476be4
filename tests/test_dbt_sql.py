"""The dbt package: the SQL for warehouses that no test can reach is at least SQL of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlglot

from tests.support.dbt import MARTS, compiled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.long
@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("kind", ["bigquery", "snowflake", "redshift"])
def test_each_other_warehouse_has_sql_of_its_own(kind: str, tmp_path: Path) -> None:
    models = compiled(kind, tmp_path)
    assert set(MARTS) < set(models)
    for name, sql in models.items():
        (statement,) = sqlglot.parse(sql, read=kind)
        assert statement is not None
        # What only others know.
        assert not {"jsonb_array_elements", "json_extract_string", "::jsonb"} & {
            word
            for word in ("jsonb_array_elements", "json_extract_string", "::jsonb")
            if word in sql
        }, name
