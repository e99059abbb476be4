"""A target that writes all names in lower case: PipelineWise's, on a real PostgreSQL."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict

from tests.support.environments import programs
from tests.support.postgres import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

REQUIREMENT = "pipelinewise-target-postgres==2.1.2"
#: The target asks for versions that newer Pythons can't run or would have to build.
INSTEAD = ("joblib~=1.4", "jsonschema==4.17.3", "psycopg2-binary~=2.9.10", "simplejson~=3.19")


def installed() -> Path:
    """The target's command."""
    return programs("pipelinewise-target-postgres", [REQUIREMENT], INSTEAD) / "target-postgres"


class LowerCasing(Warehouse):
    """A database that the tap's messages go to by way of the target."""

    def __init__(self, command: Path, address: str, folder: Path) -> None:
        super().__init__(address, address, folder)
        self._command = [str(command), "--config", str(folder / "lowercasing.json")]
        found = conninfo_to_dict(address)
        (folder / "lowercasing.json").write_text(
            json.dumps(
                {
                    "host": found["host"],
                    "port": found.get("port", 5432),
                    "user": found["user"],
                    "password": found.get("password") or "none is asked for",
                    "dbname": found["dbname"],
                    "default_target_schema": "vtex",
                }
            )
        )

    def load(self, messages: str) -> None:
        """Let the target load messages, and see that it gives back a state."""
        super().load(messages)
        assert self.state


def as_stored(record: Json) -> Json:
    """A record as the target stores it: in texts, it takes no text and control characters amiss."""
    return {name.lower(): _as_stored(value) for name, value in record.items()}


def _as_stored(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # It writes texts as JSON, of which the database undoes quotes and backslashes only.
    written = json.dumps(value, ensure_ascii=False)[1:-1]
    return re.sub(r'\\(["\\])', r"\1", written) or None
