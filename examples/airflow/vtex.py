"""Run the schedules of a Meltano project in Airflow: one DAG for each schedule of meltano.yml.

Copy this file into Airflow's folder of DAGs. MELTANO_PROJECT_ROOT names the folder of the project,
which has Meltano in its .venv and its settings in .env.
"""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = Path(os.environ.get("MELTANO_PROJECT_ROOT", "/srv/vtex"))


def dag_of(schedule: dict[str, Any]) -> DAG:
    """The DAG that runs the job of a schedule."""
    with DAG(
        dag_id=f"meltano_{schedule['name']}",
        schedule=schedule["interval"],
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,  # a run loads whatever the runs before it missed
        max_active_runs=1,  # two runs of one state would load the same rows
        tags=["vtex"],
    ) as dag:
        BashOperator(
            task_id="run",
            # exec: a signal has to reach Meltano, and not only the shell.
            bash_command=shlex.join(
                ["exec", ".venv/bin/meltano", "--environment=prod", "run", schedule["job"]]
            ),
            cwd=str(PROJECT),
            append_env=True,
            retries=1,  # the second run resumes where the first one ended
            retry_delay=timedelta(minutes=5),
            execution_timeout=timedelta(hours=2),
        )
    return dag


project = yaml.safe_load((PROJECT / "meltano.yml").read_text())
for one in project["schedules"]:
    globals()[f"meltano_{one['name']}"] = dag_of(one)
