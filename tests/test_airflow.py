"""examples/airflow: a DAG for each schedule of meltano.yml. Airflow itself is a stand-in here."""

from __future__ import annotations

import re
import runpy
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

import yaml

from tests.test_project import PROJECT

if TYPE_CHECKING:
    import pytest

DEFINITION = yaml.safe_load((PROJECT / "meltano.yml").read_text())


class Dag:
    """Takes what Airflow's DAG takes, and the operators that are made in it."""

    open: Dag

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.tasks: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        Dag.open = self
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to do."""


def test_each_schedule_has_a_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk, bash = ModuleType("airflow.sdk"), ModuleType("airflow.providers.standard.operators.bash")
    vars(sdk)["DAG"] = Dag
    vars(bash)["BashOperator"] = lambda **task: Dag.open.tasks.append(task)
    for module in (sdk, bash):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(PROJECT))

    found = runpy.run_path(str(PROJECT / "examples/airflow/vtex.py"))

    for schedule in DEFINITION["schedules"]:
        dag = found[f"meltano_{schedule['name']}"]
        assert dag.options["schedule"] == schedule["interval"]
        assert (dag.options["catchup"], dag.options["max_active_runs"]) == (False, 1)
        (task,) = dag.tasks
        assert task["bash_command"].endswith(f" --environment=prod run {schedule['job']}")
        assert task["cwd"] == str(PROJECT)


def test_the_schedules_are_those_that_the_pages_name() -> None:
    names = [schedule["name"] for schedule in DEFINITION["schedules"]]
    readme = (PROJECT / "examples/airflow/README.md").read_text()
    assert names == re.findall(r"`meltano_(\w+)`", readme) == ["hourly", "nightly"]


def test_the_jobs_share_no_stream_and_leave_none_out() -> None:
    usual, hourly, nightly = (one["select"] for one in DEFINITION["plugins"]["extractors"])
    assert sorted(hourly + nightly) == sorted(usual)
