"""Which fields of a stream are selected, including nested ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Fields by name: None for a whole field, or a dictionary of fields inside it.
Fields: TypeAlias = "dict[str, Fields | None]"
#: A field's place in a catalog, like ("properties", "items", "properties", "price").
Breadcrumb = tuple[str, ...]


def without(value: Any, fields: Fields) -> Any:  # noqa: ANN401 - JSON can be anything
    """A copy of an object, or of each element of a list, without some fields.

    Only the objects on the way to the fields are copied. A scalar in place of an object may
    contain the fields in some other form, so it becomes None.
    """
    if isinstance(value, list):
        return [without(one, fields) for one in value]
    if not isinstance(value, dict):
        return None
    kept = value.copy()
    for name, inside in fields.items():
        if inside is None:
            kept.pop(name, None)
        elif name in kept:
            kept[name] = without(kept[name], inside)
    return kept


def pruned(schema: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """A schema without some fields, also inside lists."""
    kept = dict(schema)
    if "items" in kept:
        kept["items"] = pruned(kept["items"], fields)
    if "properties" in kept:
        kept["properties"] = {
            name: pruned(declared, inside)
            for name, declared in kept["properties"].items()
            if (inside := fields.get(name, {})) is not None
        }
    return kept


def deselected(mask: Mapping[Breadcrumb, bool]) -> Fields:
    """The fields that a stream's mask does not select."""
    paths = [_path(breadcrumb) for breadcrumb, selected in mask.items() if not selected]
    found: Fields = {}
    for *above, name in sorted(filter(None, paths), key=len):
        inside: Fields | None = found
        for one in above:
            inside = inside.setdefault(one, {}) if inside is not None else None
        if inside is not None:
            inside[name] = None
    return found


def emptied(schema: Mapping[str, Any], fields: Fields, above: str = "") -> Iterator[str]:
    """The paths of fields that remain but lose all their declared fields."""
    declared = _fields_of(schema)
    for name, inside in fields.items():
        if inside is None or name not in declared:
            continue
        path = f"{above}{name}"
        if all(one in inside and inside[one] is None for one in _fields_of(declared[name])):
            yield path
        else:
            yield from emptied(declared[name], inside, f"{path}.")


def breadcrumbs(schema: Mapping[str, Any], above: Breadcrumb = ()) -> Iterator[Breadcrumb]:
    """The breadcrumbs of all fields. A list adds no part of its own, as in Meltano's rules."""
    for name, declared in _fields_of(schema).items():
        breadcrumb = (*above, "properties", name)
        yield breadcrumb
        yield from breadcrumbs(declared, breadcrumb)


def _fields_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The declared fields of an object, or of the elements of a list."""
    while "properties" not in schema and "items" in schema:
        schema = schema["items"]
    fields: Mapping[str, Any] = schema.get("properties", {})
    return fields


def _path(breadcrumb: Breadcrumb) -> list[str]:
    """The names in a breadcrumb. Some tools add "items" for the elements of a list."""
    parts = iter(breadcrumb)
    return [next(parts) for part in parts if part == "properties"]
