"""The sandbox's one clock: time limits and time stamps come from here, ids from real time.

Clients compute expiry from the ids they are sent, so ids stay real even where a test moves the clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whoever can say what time it is."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The time of the machine."""
        return datetime.now(UTC)


class ShiftedClock:
    """The real time plus what a test has added: it goes on ticking."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds, backwards if negative."""
        self.offset += timedelta(seconds=seconds)

    def now(self) -> datetime:
        """The machine's time, moved."""
        return datetime.now(UTC) + self.offset


def iso(moment: datetime) -> str:
    """A moment as Discord writes it on the wire."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
