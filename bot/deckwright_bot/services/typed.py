"""Times and dates as owners type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta

LONGEST_BREAK = timedelta(days=366)
"""A longer range of dates without a post is more likely a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates as somebody wrote them."""

    days: frozenset[date]
    unread: tuple[str, ...] = ()
    """Parts that are neither a date nor a range."""


def read_time(text: str) -> time | None:
    """A time of day as people write it: 9, 9:30, 09.30, 0930."""
    digits = text.strip().replace(".", ":").replace("h", ":").rstrip(":")
    hours, _, minutes = digits.partition(":")
    if not minutes and len(hours) == 4:
        hours, minutes = hours[:2], hours[2:]
    if not (hours.isdecimal() and (minutes or "0").isdecimal() and len(hours) <= 2 and len(minutes) <= 2):
        return None
    hour, minute = int(hours), int(minutes or "0")
    return time(hour, minute) if hour < 24 and minute < 60 else None


def read_dates(text: str) -> Dates:
    """Dates and ranges as people write them: ``2026-12-24..2027-01-02, 2027-04-01``."""
    days: set[date] = set()
    unread: list[str] = []
    joined = re.sub(r"\s*(?:\.{2,}|…)\s*", "..", text)
    for part in re.split(r"[\s,;]+", joined):
        if not part:
            continue
        first, _, last = part.partition("..")
        begin, end = _date(first), _date(last or first)
        if begin is None or end is None or not timedelta() <= end - begin <= LONGEST_BREAK:
            unread.append(part)
            continue
        days.update(begin + timedelta(days=number) for number in range((end - begin).days + 1))
    return Dates(frozenset(days), tuple(unread))


def write_dates(days: frozenset[date]) -> str:
    """Dates as `read_dates` reads them, those in a row as a range."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        run[0].isoformat() if len(run) == 1 else f"{run[0].isoformat()}..{run[-1].isoformat()}"
        for run in runs
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
