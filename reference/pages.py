"""The pages: every stream with its fields, and the diagram of how they join."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reference.costs import COSTS
from reference.joins import JOINS
from tap_vtex.tap import TapVTEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk import Stream

PROJECT: Final = Path(__file__).parent.parent
TABLES: Final = PROJECT / "docs/tables.md"
README: Final = PROJECT / "README.md"
BEGIN, END = "<!-- make tables writes from here -->", "<!-- to here -->"
#: Stands for all streams of `master_data_entities`.
ENTITY: Final = "XX"

HEAD = """\
# The tables

`make tables` generates this page from the schemas in [tap_vtex/schemas](../tap_vtex/schemas).
VTEX's fields keep VTEX's names; fields that the tap adds are in `snake_case`. Dates are UTC.
Money is in hundredths of the currency in orders, and in units elsewhere: the fields say so.

*object* and *array* are JSON in the target (`jsonb` in PostgreSQL), with everything VTEX sends in
them. Their documented fields are listed below each table. You can [leave them
out](personal-data.md#leaving-fields-out) or [turn them into columns](schemas.md#flattening).
Dates inside them are text, as VTEX wrote them. If VTEX sends a single object in place of an
*array*, it stays an object.

Each key begins with `account_name`, so several stores can share tables. If a store has added
fields to its Master Data, each gets a column besides those below.

*Requests* is how many the first load takes, and how many each later run takes.

## Null JSON columns in PostgreSQL

**For a `jsonb` column, `is not null` is true in every row.** If an object or list is null,
target-postgres stores JSON's `null`, which is not SQL's `NULL`. It does so even if the record
does not have the field, so the tap can't prevent it. These queries work with both kinds of null:

```sql
SELECT "orderId", other_fields FROM vtex.orders WHERE other_fields <> 'null';
SELECT "orderId" FROM vtex.orders WHERE coalesce("marketingData", 'null') = 'null';
SELECT "orderId" FROM vtex.orders WHERE jsonb_typeof("authorizationPolicyData") = 'array';
```

For fields inside, `"marketingData" ->> 'coupon' IS NULL` is true for both.

## How they join

Tables join by the fields on the lines, and by `account_name`.
"""


def tables() -> str:
    """The page with all tables."""
    wide = ['<div class="wide" markdown>\n', diagram(), "\n</div>"]
    lines = [HEAD, *wide, "", *_notes(), ""]
    for name, stream in _streams().items():
        lines += _section(name, stream)
    return "\n".join(lines).rstrip() + "\n"


def readme(page: str) -> str:
    """The README with the diagram as it is today."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{diagram()}\n{END}{after}"


def diagram() -> str:
    """The tables and their joins, in the language of Mermaid."""
    lines = [f'    {join.to} ||--o{{ {join.table} : "{join.left}"' for join in JOINS]
    return "\n".join(["```mermaid", "erDiagram", *lines, "```"])


def _notes() -> Iterator[str]:
    yield "| field | joins to | |"
    yield "|---|---|---|"
    for join in JOINS:
        yield f"| `{join.table}.{join.left}` | `{join.to}.{join.key}` | {join.note} |"


def _streams() -> dict[str, Stream]:
    tap = TapVTEX(config={"master_data_entities": [ENTITY]}, validate_config=False, offline=True)
    names = {f"md_{ENTITY.lower()}": "md_<acronym>"}
    return {names.get(name, name): stream for name, stream in tap.streams.items()}


def _section(name: str, stream: Stream) -> Iterator[str]:
    said, _, _ = (type(stream).__doc__ or "").partition("\n")
    yield f"## {name.replace('<', '&lt;')}\n"
    yield f"{said}\n"
    yield f"- Key: {', '.join(f'`{key}`' for key in stream.primary_keys)}"
    if stream.replication_key:
        yield f"- Incremental, by `{stream.replication_key}`"
    else:
        yield "- Read in full"
    yield f"- Requests: {COSTS[name]}.\n"
    twin = next(one for one, other in _streams().items() if other.schema == stream.schema)
    if twin != name:
        yield f"The fields are those of [`{twin}`](#{twin}).\n"
        return
    columns = stream.schema["properties"]
    yield from _table((name, declared) for name, declared in columns.items())
    for column, declared in columns.items():
        inside = list(_inside(declared))
        if inside:
            what = f"{column}[]" if "items" in declared else column
            yield f"<details><summary>Inside of <code>{what}</code></summary>\n"
            yield from _table(inside)
            yield "</details>\n"


def _table(fields: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for field, declared in fields:
        meaning = declared["description"].replace("|", "\\|")
        yield f"| `{field}` | {_type(declared)} | {meaning} |"
    yield ""


def _inside(declared: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The fields inside a column, each with its path, in which ``[]`` marks a list."""
    if "items" in declared:
        yield from _inside(declared["items"], f"{path}[]")
    for name, one in declared.get("properties", {}).items():
        field = f"{path}.{name}" if path else name
        yield field.removeprefix("[]."), one
        yield from _inside(one, field)


def _type(declared: Mapping[str, Any]) -> str:
    kinds = declared["type"]
    if declared.get("format") == "date-time":
        return "date"
    named = [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]
    return "array" if "array" in named else " or ".join(named)
