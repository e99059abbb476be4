"""Types shared across the tap."""

from __future__ import annotations

from typing import Any

#: A JSON object, from VTEX or built from what VTEX sent.
Document = dict[str, Any]
