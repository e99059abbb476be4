"""docs/getting-started.md and the README, typed in a clean folder against a served repository."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from release import hub
from sandbox.roles import READER_ROLE
from tests.support.postgres import PROJECT
from tests.test_release import SOURCES, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap

GUIDE = (PROJECT / "docs/getting-started.md").read_text()
README = (PROJECT / "README.md").read_text()
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
TOOLS = Path(sys.executable).parent
REPOSITORY = hub.project()["urls"]["Repository"]


def lines_under(heading: str, page: str = GUIDE) -> list[str]:
    """The commands below a heading, down to the next one."""
    part = page.partition(f" {heading}\n")[2]
    part = re.split(r"^#+ ", part, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"```console\n(.*?)```", part, re.DOTALL)
    return re.findall(r"^\$ (.+)$", "".join(blocks), re.MULTILINE)


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=50, days=10, clients=10, skus=12)
    shop.store.granted = set(READER_ROLE)
    return shop


class Newcomer:
    """Somebody who types what the pages say, in an empty folder."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        self.folder = folder / "newcomer"
        self.folder.mkdir()
        served = folder / "served"
        shutil.copytree(PROJECT / "tap_vtex", served / "tap_vtex")
        for name in SOURCES:
            shutil.copy(PROJECT / name, served / name)
        me = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
        run("git", "init", "--quiet", cwd=served)
        run("git", "add", ".", cwd=served)
        run("git", *me, "commit", "--quiet", "--message=All of it", cwd=served)
        run("git", "tag", "v0.1.0", cwd=served)
        definition = hub.DEFINITION.read_text()
        repository = f"git+{served.as_uri()}"
        (folder / "tap-vtex.yml").write_text(
            definition.replace(f"git+{REPOSITORY}.git", repository)
        )
        settings = shop.config()
        #: What stands for something of the reader's own, and what is theirs here.
        self.theirs = {
            f"{REPOSITORY}/raw/main/release/tap-vtex.yml": str(folder / "tap-vtex.yml"),
            f"git+{REPOSITORY}.git": repository,
            "account_name acme": "account_name ipe",
            "vtexappkey-acme-ABCDEF": settings["app_key"],
            "the-token": settings["app_token"],
        }
        ours = ("MELTANO", "TAP_VTEX_", "PYTHON", "VIRTUAL_ENV", "GIT_", "SETUPTOOLS_SCM_")
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self.env |= {
            "PATH": f"{TOOLS}:{os.environ['PATH']}",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "MELTANO_HUB_URL": "http://127.0.0.1:1",  # where nobody is
            # The reader's store is VTEX's, and this one the sandbox.
            "TAP_VTEX_API_URL": settings["api_url"],
        }

    def type(self, line: str, *, expect: int = 0, **env: str) -> str:
        """Type a line, and read what it prints."""
        for written, theirs in self.theirs.items():
            line = line.replace(written, theirs)
        ended = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert ended.returncode == expect, f"{line}\n{ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr


@pytest.fixture
def newcomer(tmp_path: Path, shop: Shop) -> Newcomer:
    return Newcomer(tmp_path, shop)


# -- with Meltano ------------------------------------------------------------------------


def test_the_readme_has_the_lines_of_the_guide() -> None:
    six = lines_under("In your Meltano project", README)
    assert len(six) == 6
    assert len(README.splitlines()) < 150
    guide = lines_under("With Meltano")
    assert not [line for line in six[:-1] if line not in guide]
    assert six[-1].replace("target-postgres", "target-jsonl") == guide[-1]


@pytest.mark.long
@pytest.mark.services
def test_from_nothing_to_rows_in_ten_minutes(
    newcomer: Newcomer, shop: Shop, tmp_path: Path
) -> None:
    loaders = yaml.safe_load((PROJECT / "meltano.yml").read_text())["plugins"]["loaders"]
    (jsonl,) = [one for one in loaders if one["name"] == "target-jsonl"]
    (tmp_path / "target-jsonl.yml").write_text(yaml.safe_dump({**jsonl, "variant": "andyh1203"}))
    # The Hub's definition needs the Hub.
    newcomer.theirs["meltano add target-jsonl"] = (
        "meltano add target-jsonl --plugin-type=loader"
        f" --from-ref={tmp_path / 'target-jsonl.yml'} && mkdir -p output"
    )
    began = time.monotonic()

    install, upgrade, *lines = lines_under("With Meltano")
    assert (install.split()[0], upgrade) == ("python3", "pip install meltano")
    said = {line: newcomer.type(line) for line in lines}

    assert time.monotonic() - began < 600
    assert "The key may read every stream that is selected from the start." in "".join(
        said["meltano invoke tap-vtex:check"].splitlines()
    )
    rows = (newcomer.folder / "output/orders.jsonl").read_text().splitlines()
    assert json.loads(rows[0])["account_name"] == "ipe"
    assert "METRIC" not in said[lines[-1]]

    # The wrong turns: Meltano shows the last line only.
    def assert_test_says(expected: str, **env: str) -> None:
        told = newcomer.type("meltano config test tap-vtex", expect=1, **env)
        assert expected in told.partition("Plugin configuration is invalid")[2]

    wrong = {"TAP_VTEX_APP_TOKEN": "WRONG"}
    assert_test_says("VTEX does not accept the key (status 401).", **wrong)
    nowhere = {"TAP_VTEX_API_URL": "http://127.0.0.1:1"}
    assert_test_says("No connection. VTEX has answered nothing", **nowhere)
    shop.store.granted = set()
    assert_test_says("The key's role opens none of the selected streams.")
    # One record of any stream is enough for it, but not for the check.
    shop.store.granted = set(READER_ROLE - {"List Orders"})
    assert "is valid" in newcomer.type("meltano config test tap-vtex")
    assert "streams: orders" in newcomer.type("meltano invoke tap-vtex:check", expect=1)
    newcomer.type("meltano config set tap-vtex starts_date 2026-01-01")
    assert_test_says("There is no setting starts_date. Did you mean start_date?")


# -- without it --------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.services
def test_without_meltano(newcomer: Newcomer, shop: Shop) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    config = json.loads(example)
    assert config.keys() == {"account_name", "app_key", "app_token"}
    config = {name: shop.config()[name] for name in (*config, "api_url")}
    (newcomer.folder / "config.json").write_text(json.dumps(config))

    install, check, load, *piped = lines_under("Without Meltano")
    newcomer.type(install)
    assert "The key may read every stream" in newcomer.type(check)
    newcomer.type(load)
    messages = (newcomer.folder / "messages.jsonl").read_text().splitlines()
    assert json.loads(messages[-1])["type"] == "STATE"

    # A target that prints the states, as targets do.
    target = newcomer.folder / "target-anything"
    states = "import json,sys\nfor m in map(json.loads, sys.stdin):\n"
    states += "    if m['type'] == 'STATE': print(json.dumps(m['value']))\n"
    target.write_text(f"#!{sys.executable}\n{states}")
    target.chmod(0o755)
    for line in piped:
        newcomer.type(line, PATH=f"{newcomer.folder}:{newcomer.env['PATH']}")
    assert "bookmarks" in json.loads((newcomer.folder / "state.json").read_text())

    # From the environment, and by uvx.
    env = {f"TAP_VTEX_{name.upper()}": value for name, value in config.items()}
    assert "The key may" in newcomer.type("tap/bin/tap-vtex --config=ENV --check", **env)
    (uvx,) = lines_under("uvx")
    assert "The key may read every stream" in newcomer.type(uvx)


@pytest.mark.services
def test_the_steps_of_the_image(tmp_path: Path, shop: Shop) -> None:
    """Without a container: what is copied is installed, and the command reads the environment."""
    root, environment = tmp_path / "root", tmp_path / "environment"
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE):
        *sources, destination = line.split()
        folder = Path(f"{root}{destination}")
        for name in sources:
            if (PROJECT / name).is_dir():
                shutil.copytree(PROJECT / name, folder)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, folder)
    run(TOOLS / "uv", "venv", "--quiet", "--python", sys.executable, environment, cwd=tmp_path)
    (step,) = re.findall(r"^RUN (.+?) \\$", DOCKERFILE, re.MULTILINE)
    pip = f"{TOOLS / 'uv'} pip install --quiet --python {environment / 'bin/python'}"
    step = step.replace("pip install --no-cache-dir", pip)
    step = re.sub(r" /src\b", f" {root}/src", step)
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(["/bin/sh", "-c", step], env={**env, "VERSION": "1.2.3"}, check=True)

    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    command = environment / "bin" / json.loads(entry)[0]
    assert run(command, "--version", cwd=tmp_path).startswith("tap-vtex v1.2.3")
    settings = {f"TAP_VTEX_{name.upper()}": str(value) for name, value in shop.config().items()}
    docker = shlex.split(lines_under("A container")[-1])
    options = docker[docker.index("tap-vtex") + 1 :]
    told = subprocess.check_output([command, *options], env={**os.environ, **settings}, text=True)
    assert "The key may read every stream" in told


# -- the wrong turns ---------------------------------------------------------------------

#: What to do to be told so.
WAYS: dict[str, dict[str, Any]] = {
    "misspelt a setting": {"starts_date": "2026-01-01"},
    "wrote a date in another order": {"start_date": "31/01/2026"},
    "misspelt the account, or have no network": {"api_url": None, "account_name": "acme"},
    "misspelt the account, and VTEX answers all the same": {"status": 404},
    "copied a wrong token": {"app_token": "WRONG"},
    "made a key without a role": {"granted": set()},
    "gave the role too little": {"granted": READER_ROLE - {"View order"}},
}


def test_the_last_line_is_what_the_page_says(tap: Tap, shop: Shop) -> None:
    rows = re.findall(r"^\| (.+?) \| `(.+)` \|$", GUIDE, re.MULTILINE)
    assert [what for what, _ in rows] == list(WAYS)
    for what, sentence in rows:
        config = shop.config() | WAYS[what]
        shop.store.granted = config.pop("granted", None)
        shop.store.faults.clear()
        if status := config.pop("status", None):
            shop.fail("status", "", status=status, times=None)
        told = tap.run(config, select={"orders", "coupons"}, expect=1, hurry=True)
        assert told.reason.startswith(sentence)
