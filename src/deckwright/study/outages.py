"""When the bot was out of reach (R20)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


def unreachable(opens: datetime, closes: datetime, alive: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How much of a window no heartbeat covers; ``alive`` are the times with one, in any order."""
    silent = timedelta()
    covered = opens
    for start, end in sorted(alive):
        if start > covered:
            silent += min(start, closes) - covered
            covered = min(start, closes)
        covered = max(covered, min(end, closes))
    return silent + (closes - covered)


def outage(opens: datetime, closes: datetime, alive: Iterable[tuple[datetime, datetime]]) -> bool:
    """R20: whether the bot was out of reach for half of a window or more, so that a miss costs nothing.

    ``opens`` is when the post really went out: a late post has its own window.
    """
    return unreachable(opens, closes, alive) * 2 >= closes - opens
