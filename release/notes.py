"""``python -m release.notes v1.2.3 https://…``: print what CHANGELOG.md says of a version.

That is the text of its release. A tag without one is refused, before anything is published.
Needs nothing but Python.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

CHANGELOG: Final = Path(__file__).parent.parent / "CHANGELOG.md"


def sections(changelog: str) -> dict[str, str]:
    """The text below each heading of the second level, in their order."""
    _, *parts = re.split(r"^## (.+)$", changelog, flags=re.MULTILINE)
    headings, texts = parts[::2], parts[1::2]
    if len(set(headings)) < len(headings):
        raise ValueError("CHANGELOG.md has a heading twice.")
    return {heading.strip(): text.strip() for heading, text in zip(headings, texts, strict=True)}


def notes(changelog: str, tag: str, files: str) -> str:
    """What a changelog says of a tag's version; its links lead to where the files are."""
    version = re.fullmatch(r"v(\d+\.\d+\.\d+)", tag)
    if version is None:
        raise ValueError(f"The tag {tag} is no version: it has to be like v1.2.3.")
    for heading, text in sections(changelog).items():
        if text and re.fullmatch(rf"{re.escape(version[1])} - \d{{4}}-\d\d-\d\d", heading):
            return re.sub(r"\]\((?!https?:|#)", f"]({files.rstrip('/')}/", text)
    raise ValueError(
        f"CHANGELOG.md has nothing under a heading '## {version[1]} - YYYY-MM-DD': "
        "rename 'Unreleased', and begin a new one."
    )


def main() -> None:
    """Print the notes, or say why there are none."""
    tag, files = sys.argv[1:]
    try:
        sys.stdout.write(notes(CHANGELOG.read_text(), tag, files) + "\n")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
