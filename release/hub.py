"""``make hub``: write release/tap-vtex.yml, by which Meltano Hub and Meltano know the tap.

Carries the address of the repository from pyproject.toml to the other files, too.

Settings and capabilities are what ``tap-vtex --about`` tells, the streams those that
meltano.yml selects. Keys and settings are in the order of their names, as the Hub's checks
want them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

Json = dict[str, Any]

PROJECT: Final = Path(__file__).parent.parent
DEFINITION: Final = Path(__file__).parent / "tap-vtex.yml"

HEAD: Final = """\
# The plug-in for Meltano projects and for Meltano Hub. `make hub` writes this file; a test keeps it
# true.
"""
#: Whether the package is on PyPI. Until then, the plug-in is installed from the repository.
ON_PYPI: Final = False
#: Where the address of the repository stands.
WITH_ADDRESS: Final = ("pyproject.toml", "mkdocs.yml", "*.md", "docs/*.md", "examples/**/*")

#: What the Hub calls the stages that PyPI has classifiers for.
STATUSES: Final = {
    "Development Status :: 3 - Alpha": "development",
    "Development Status :: 4 - Beta": "beta",
    "Development Status :: 5 - Production/Stable": "active",
    "Development Status :: 7 - Inactive": "inactive",
}

PREREQUISITES: Final = """\
An API key of the VTEX account, its app key and app token. Whoever administers the store makes it,
with a role that opens what is to be read.
"""
NEXT_STEPS: Final = """\
Ask VTEX what the key's role lacks, before the first load:

```bash
meltano invoke tap-vtex:check
```
"""
USAGE: Final = """\
### Streams

The streams that the role of the set-up guide opens are selected from the start, but for `taxes`.
For those, `collections`, `sales_channels`, `sellers`, `warehouses`, `docks`, `pickup_points` and
`inventory`, add these to `select`.

### PostgreSQL

target-postgres keeps timestamps without zone, in the zone of its session. Give it the
environment variable `PGTZ: UTC`: the tap's timestamps are UTC.
"""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )


_Dumper.add_representer(str, _text)


def about() -> Json:
    """What the command says of itself."""
    told = subprocess.run(
        [sys.executable, "-m", "tap_vtex", "--about", "--format=json"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    found: Json = json.loads(told.stdout)
    return found


def setting(name: str, schema: Json) -> Json:
    """A setting, in the words that Meltano and the Hub share."""
    if schema.get("format") == "date-time":
        kind = "date_iso8601"
    else:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        (kind,) = set(types) - {"null"}
    found = {
        "name": name,
        "label": schema["title"],
        "description": " ".join(schema["description"].split()),
        "kind": kind,
    }
    if schema.get("secret"):
        found["sensitive"] = True
    if "default" in schema:
        found["value"] = schema["default"]
    return found


def definition(told: Json, extractor: Json, project: Json) -> Json:
    """The plug-in: of what --about tells, meltano.yml's extractor and pyproject's project."""
    properties = told["settings"]["properties"]
    repository = project["urls"]["Repository"]
    (status,) = STATUSES.keys() & set(project["classifiers"])
    return {
        **_source(repository),
        "commands": extractor["commands"],
        "capabilities": sorted(told["capabilities"]),
        "description": "E-commerce platform",
        "domain_url": "https://vtex.com",
        "executable": told["name"],
        "keywords": ["e-commerce", "meltano_sdk"],
        "label": extractor["label"],
        "log_parser": "singer-sdk",
        "logo_url": "/assets/logos/extractors/vtex.png",
        "maintenance_status": STATUSES[status],
        "name": told["name"],
        "namespace": extractor["namespace"],
        "next_steps": NEXT_STEPS,
        "pip_url": project["name"] if ON_PYPI else f"git+{repository}.git",
        "prereq": PREREQUISITES,
        "quality": "unknown",  # the Hub's people give one
        "select": extractor["select"],
        "settings": [setting(name, schema) for name, schema in sorted(properties.items())],
        "settings_group_validation": [sorted(told["settings"]["required"])],
        "supported_python_versions": told["supported_python_versions"],
        "usage": USAGE,
    }


def _source(repository: str) -> Json:
    """Where the code is, and the variant: whose it is."""
    return {
        "docs": f"{repository}#readme",
        "repo": repository,
        "variant": repository.split("/")[-2].lower(),
    }


def project() -> Json:
    """What pyproject.toml says of the project."""
    found: Json = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return found


def with_address(text: str, repository: str) -> str:
    """A text in which every address of the repository is this one."""
    return re.sub(r"https://[\w.-]+/[\w.-]+/tap-vtex\b", repository, text)


def files_with_address() -> list[Path]:
    """The files in which the address of the repository can stand."""
    found = (path for pattern in WITH_ADDRESS for path in PROJECT.glob(pattern))
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")


def page() -> str:
    """The file as it should be."""
    extractor = yaml.safe_load((PROJECT / "meltano.yml").read_text())["plugins"]["extractors"][0]
    found = definition(about(), extractor, project())
    return HEAD + yaml.dump(found, Dumper=_Dumper, allow_unicode=True, width=100)


def main() -> None:
    """Write it, and the address wherever it stands."""
    repository = project()["urls"]["Repository"]
    for path in files_with_address():
        path.write_text(with_address(path.read_text(), repository))
    DEFINITION.write_text(page())


if __name__ == "__main__":
    main()
