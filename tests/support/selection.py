"""A catalog as Meltano makes it of the ``select`` in a project's meltano.yml."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import structlog
from meltano.core.plugin.singer.catalog import MetadataExecutor, select_metadata_rules, visit

from tap_vtex.tap import TapVTEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# It tells of each field that a rule applies to.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))


def chosen(patterns: Iterable[str], config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The tap's catalog with Meltano's rules applied to it."""
    catalog = TapVTEX(config=dict(config or {}), validate_config=False).catalog_dict
    rules = [*select_metadata_rules(["!*.*"]), *select_metadata_rules(patterns)]
    visit(catalog, MetadataExecutor(rules))
    return dict(catalog)
