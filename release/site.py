"""A hook of MkDocs, for ``make site``: links that leave docs/ lead to the repository."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

PROJECT: Final = Path(__file__).parent.parent
LINK: Final = re.compile(r"(?<=\]\()\.\./([^)#\s]+)(?=[)#])")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Turn a link like ``../dbt/README.md`` into the address of that file in the repository."""

    def address(link: re.Match[str]) -> str:
        path = PurePosixPath(link[1])
        if not (PROJECT / path).exists():
            raise ValueError(f"{page.file.src_uri} links to {path}, which is not there.")
        kind = "tree" if (PROJECT / path).is_dir() else "blob"
        return f"{config.repo_url}/{kind}/main/{path}"

    return LINK.sub(address, markdown)
