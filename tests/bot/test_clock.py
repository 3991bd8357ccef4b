"""The time of a click, read from its own id (R13), and ids of an instant, to look for messages by (R7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from deckwright_bot.clock import DISCORD_EPOCH, SimulatedClock, SystemClock, clicked_at, snowflake_at
from deckwright_bot.settings import ClockSetting

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
START = datetime(2026, 3, 20, 8, tzinfo=UTC)
"""What the simulated clock shows when it is ``NOW``."""


class Stopped(SystemClock):
    """Always shows one instant."""

    def now(self) -> datetime:
        """The instant."""
        return NOW


def snowflake(real: datetime) -> int:
    return int((real - DISCORD_EPOCH) / timedelta(milliseconds=1)) << 22


def fast(later: timedelta = timedelta()) -> SimulatedClock:
    """A clock that runs an hour a second, looked at some real time after ``NOW``."""
    return SimulatedClock(ClockSetting(START, 3600, NOW), lambda: NOW + later)


def test_r13_the_time_of_an_answer_is_the_click_s_own() -> None:
    clicked = NOW - timedelta(seconds=50)

    assert clicked_at(Stopped(), snowflake(clicked)) == clicked


@given(st.integers(0, 2**64 - 1))
def test_law_r13_whatever_the_id_its_time_is_never_after_now(number: int) -> None:
    assert DISCORD_EPOCH <= clicked_at(Stopped(), number) <= NOW


def test_r13_a_click_counts_in_the_clock_s_own_time() -> None:
    clicked = snowflake(NOW + timedelta(seconds=2))

    assert clicked_at(fast(timedelta(seconds=5)), clicked) == START + timedelta(hours=2)
    assert clicked_at(fast(timedelta(seconds=1)), clicked) == START + timedelta(hours=1), "from the future"


@given(st.timedeltas(timedelta(), timedelta(days=400)))
def test_law_r7_an_id_of_an_instant_is_of_that_instant(shown: timedelta) -> None:
    clock = fast(timedelta(days=1))
    found = clock.from_real(DISCORD_EPOCH + timedelta(milliseconds=snowflake_at(clock, START + shown) >> 22))

    assert START + shown - timedelta(seconds=4) < found <= START + shown
