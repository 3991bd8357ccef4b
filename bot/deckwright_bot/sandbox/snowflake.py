"""Discord's ids: milliseconds since 2015 in the upper bits, so their order is the order of creation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deckwright_bot.sandbox.clock import Clock

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


class Snowflakes:
    """Makes ids that never repeat and never go back, whatever the clock does."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._last = 0

    def new(self) -> int:
        """A fresh id of now."""
        milliseconds = (self.clock.now() - EPOCH) // timedelta(milliseconds=1)
        # a burst within one millisecond counts on, as Discord's sequence bits do
        self._last = max(milliseconds << 22, self._last + 1)
        return self._last


def time_of(snowflake: int) -> datetime:
    """When an id was made."""
    return EPOCH + timedelta(milliseconds=snowflake >> 22)
