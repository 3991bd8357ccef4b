"""The one reminder of a post (R32)."""

from __future__ import annotations

from datetime import datetime, timedelta

BEFORE_CLOSE = timedelta(hours=3)
TOO_LATE = timedelta(minutes=30)
"""Shorter before the close a reminder that was held up would only annoy."""


def reminder_at(closes: datetime) -> datetime:
    """R32: when a post's reminder goes out: three hours before it closes, in every zone the same."""
    return closes - BEFORE_CLOSE
