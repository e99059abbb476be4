"""All endpoints that the tap declares."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import tap_vtex
from tap_vtex.http.endpoint import Endpoint


def declared() -> dict[str, Endpoint[Any]]:
    """The endpoints of all modules, by their names there."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(tap_vtex.__path__, "tap_vtex.")
        if not found.name.endswith("__main__")
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Endpoint)
    }


ENDPOINTS = declared()
