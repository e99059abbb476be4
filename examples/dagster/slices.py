"""Load the orders of years in slices, several at a time, then go on as every day.

The job `first_load` runs the tap once for each slice, and makes one state of the states that
these leave. The job `changes` is the ordinary run, which goes on from there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dotenv import load_dotenv

PROJECT = Path(os.environ.get("MELTANO_PROJECT_ROOT", Path(__file__).parents[2]))
load_dotenv(PROJECT / ".env")

TAP = os.environ.get("SLICES_TAP", "tap-vtex")
TARGET = "target-postgres"
ENVIRONMENT = os.environ.get("MELTANO_ENVIRONMENT", "prod")
STATE_ID = f"{ENVIRONMENT}:{TAP}-to-{TARGET}"
ORDERS = ("orders", "order_items", "payments", "packages", "incomplete_orders")

#: Where one slice ends and the next one begins. The first begins with the tap's start_date,
#: the last has no end.
CUTS = os.environ.get("SLICES_CUTS", "").split()
FIRST = "the-beginning"
STARTS = [FIRST, *CUTS]
NEVER = "2100-01-01"
#: How many slices are loaded at the same time.
AT_ONCE = int(os.environ.get("SLICES_AT_ONCE", "4"))


def share(setting: str, default: int) -> str:
    """What each slice may have of what the tap may have."""
    names = (f"{TAP}_{setting}", f"tap_vtex_{setting}")
    found = (os.environ.get(name.replace("-", "_").upper()) for name in names)
    return str(max(1, int(next(filter(None, found), default)) // AT_ONCE))


def meltano(*arguments: str, say: str = "", **settings: str) -> str:
    """Run Meltano with settings of the tap's, and return what it prints; it logs to stderr."""
    with TemporaryDirectory() as folder:
        # Runs at the same time need working files of their own.
        for plugins in ("extractors", "loaders"):
            (Path(folder) / plugins).symlink_to(PROJECT / ".meltano" / plugins)
        env = {
            "MELTANO_DATABASE_URI": f"sqlite:///{PROJECT}/.meltano/meltano.db",
            **os.environ,
            "MELTANO_SYS_DIR_ROOT": folder,
            **{f"{TAP}_{name}".replace("-", "_").upper(): to for name, to in settings.items()},
        }
        command = str(Path(sys.executable).with_name("meltano"))
        with subprocess.Popen(
            [command, f"--environment={ENVIRONMENT}", *arguments],
            cwd=PROJECT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                printed, _ = process.communicate(say)
            except BaseException:
                process.terminate()  # Meltano ends the tap and the target, too
                raise
    if process.returncode:
        raise dg.Failure(f"meltano {arguments[0]} ended with exit code {process.returncode}")
    return printed


def bookmarks(states: dict[str, Any], state_id: str) -> dict[str, Any]:
    """The bookmarks of each stream, out of what `meltano state export` prints."""
    state = states.get(state_id, {}).get("completed", {}).get("singer_state", {})
    found: dict[str, Any] = state.get("bookmarks", {})
    return found


def load_orders(suffix: str, limits: dict[str, str]) -> None:
    """Load the orders between two dates, with a state of their own and a share of the quota."""
    meltano(
        *("run", "--no-install", f"--state-id-suffix={suffix}", TAP, TARGET),
        **limits,
        _select=json.dumps([f"{stream}.*" for stream in ORDERS]),
        requests_per_minute=share("requests_per_minute", 3000),
        max_workers=share("max_workers", 16),
    )


@dg.op(out=dg.Out(dg.Nothing))
def begin() -> None:
    """Look whether there is something to do, and let Meltano and the target make their tables.

    Two slices that make the same table at the same moment would fail.
    """
    if "orders" in bookmarks(json.loads(meltano("state", "export")), STATE_ID):
        raise dg.Failure(f"{STATE_ID} has orders already: the job changes goes on from there")
    for cut in CUTS[:1]:
        second_later = datetime.fromisoformat(cut) + timedelta(seconds=1)
        load_orders("tables", {"start_date": cut, "end_date": second_later.isoformat()})


def load(start: str, end: str | None) -> dg.OpDefinition:
    """The step that loads a slice. Run again, it goes on where it was."""
    limits = {} if start == FIRST else {"start_date": start}
    # The last one has an end as well: with one, the tap knows that others share the quota.
    limits["end_date"] = end or NEVER

    @dg.op(
        name=re.sub(r"\W", "_", f"load_from_{start}"),
        ins={"begun": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        # What passes is waited for by the tap itself, so this is for the rest.
        retry_policy=dg.RetryPolicy(max_retries=3, delay=10, backoff=dg.Backoff.EXPONENTIAL),
    )
    def load_slice() -> None:
        load_orders(f"from-{start}", limits)

    return load_slice


@dg.op(ins={"loaded": dg.In(dg.Nothing)})
def hand_over() -> None:
    """Make one state of those of the slices: the one that the ordinary run goes on from."""
    states = json.loads(meltano("state", "export"))
    slices = [bookmarks(states, f"{STATE_ID}:from-{start}") for start in STARTS]
    whole = bookmarks(states, STATE_ID)  # other streams may have been loaded already
    for stream in ORDERS:
        # A slice from before the two years that VTEX shows leaves no state.
        parts = [slice_[stream]["partitions"][0] for slice_ in slices if stream in slice_]
        for before, after in pairwise(parts):
            if before["loaded_until"] < after["loaded_from"]:
                raise dg.Failure(f"{stream}: nothing is loaded from {before['loaded_until']} on")
        joined = {
            **parts[-1],
            "loaded_from": parts[0]["loaded_from"],
            # Changes are looked for since the first of the slices was begun.
            "replication_key_value": min(part["replication_key_value"] for part in parts),
            "wide_pass_at": min(part["wide_pass_at"] for part in parts),
            "missing": {order: day for part in parts for order, day in part["missing"].items()},
            "open": [window for part in parts for window in part.get("open", [])],
        }
        whole[stream] = {"partitions": [joined]}
    state = {"completed": {"singer_state": {"bookmarks": whole}}, "partial": {}}
    meltano("state", "import", say=json.dumps({STATE_ID: state}))


@dg.op
def load_changes() -> None:
    """Run the tap as ever, with all that it may have and all streams that are selected."""
    meltano("run", "--no-install", TAP, TARGET)


EXECUTOR = dg.multiprocess_executor.configured(
    {"max_concurrent": AT_ONCE, "start_method": {"forkserver": {}}}
)


@dg.job(executor_def=EXECUTOR)
def first_load() -> None:
    """Load all orders, in slices."""
    begun = begin()
    slices = zip(STARTS, [*CUTS, None], strict=True)
    hand_over([load(start, end)(begun) for start, end in slices])


@dg.job(executor_def=dg.in_process_executor)
def changes() -> None:
    """Load what is new and what has changed."""
    load_changes()


defs = dg.Definitions(
    jobs=[first_load, changes],
    schedules=[dg.ScheduleDefinition(job=changes, cron_schedule="0 * * * *")],
)
