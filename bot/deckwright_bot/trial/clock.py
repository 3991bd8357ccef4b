"""A clock that runs as the machine's does and can be put forward: sandbox and bot share one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def machine_time() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class SettableClock:
    """The machine's time plus what it was put forward; satisfies the bot's clock and the sandbox's.

    Ids of Discord are made of real time, so the clock remembers when it was moved: an id from before a
    move keeps the instant that was shown when it was made.
    """

    speed = 1.0

    def __init__(self, real: Callable[[], datetime] = machine_time) -> None:
        self._real = real
        self._moves: list[tuple[datetime, timedelta]] = [(datetime.min.replace(tzinfo=UTC), timedelta())]

    def now(self) -> datetime:
        """The instant that is shown."""
        return self._real() + self._moves[-1][1]

    def advance(self, span: timedelta) -> None:
        """Put the clock forward.

        Raises:
            ValueError: for a negative span; here time never goes back.
        """
        if span < timedelta():
            raise ValueError(f"expected a span forward, found {span}")
        self._moves.append((self._real(), self._moves[-1][1] + span))

    def from_real(self, real: datetime) -> datetime:
        """What was shown at a real instant."""
        offset = next(shift for since, shift in reversed(self._moves) if since <= real)
        return real + offset

    def to_real(self, shown: datetime) -> datetime:
        """The real instant at which ``shown`` was or will be shown; for one that was leapt over, the leap's."""
        for since, shift in reversed(self._moves):
            if shown - shift >= since:
                return shown - shift
            if shown >= self.from_real(since - timedelta(microseconds=1)):
                return since
        raise AssertionError("the first stretch has no beginning")
