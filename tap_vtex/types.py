"""Types that several areas of the tap share."""

from __future__ import annotations

from typing import Any

#: What VTEX sends about one thing, or what the tap makes of it: a JSON object.
Document = dict[str, Any]
