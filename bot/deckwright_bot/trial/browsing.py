"""JSON as browsers take it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

EXACT: Final = 1 << 53
MILLISECOND: Final = datetime.resolution * 1000


def for_browsers(value: object) -> object:
    """The same with large numbers as text: a browser's numbers lose the last digits of an id."""
    if isinstance(value, dict):
        return {key: for_browsers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [for_browsers(each) for each in value]
    return str(value) if isinstance(value, int) and value >= EXACT else value


def text_of(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def instant(moment: datetime) -> int:
    """Milliseconds since 1970, as browsers count."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / MILLISECOND)
