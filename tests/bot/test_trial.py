"""The trial: a sandbox, a group and the bot in one process, on a clock that is put forward."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from deckwright_bot.client import PERMISSIONS
from deckwright_bot.sandbox.outcome import text_of
from deckwright_bot.services.library import load
from deckwright_bot.trial.clock import SettableClock
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.terminal import play

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
spans = st.timedeltas(timedelta(), timedelta(days=9))


@given(st.lists(st.tuples(spans, spans), max_size=6), spans)
def test_an_instant_keeps_what_was_shown_at_it_however_the_clock_is_moved_later(
    moves: list[tuple[timedelta, timedelta]], at: timedelta
) -> None:
    real = NOON
    clock = SettableClock(lambda: real)
    seen: list[tuple[datetime, datetime]] = []
    for passed, ahead in moves:
        real += passed + timedelta(microseconds=1)
        clock.advance(ahead)
        real += timedelta(microseconds=1)
        seen.append((real, clock.now()))
    real += at

    assert all(clock.from_real(when) == shown and clock.to_real(shown) == when for when, shown in seen)
    assert clock.to_real(clock.now()) == real


def test_an_instant_that_was_leapt_over_is_the_leap_s() -> None:
    real = NOON
    clock = SettableClock(lambda: real)
    clock.advance(timedelta(hours=5))

    assert clock.to_real(NOON + timedelta(hours=2)) == NOON


def test_the_clock_of_a_trial_never_goes_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        SettableClock().advance(timedelta(seconds=-1))


def test_a_week_of_a_trial_has_a_post_a_day_and_no_outage(tmp_path: Path) -> None:
    async def whole() -> list[str]:
        async with TrialGroup(load(Path("cards")), tmp_path) as group:
            await group.set_up()
            for _ in range(3):
                assert await group.everybody_answers() == 3
                await group.pass_time(group.clock.now() + timedelta(days=1))
            group.sandbox.assert_clean()
            assert group.bot.invite_link().endswith(f"permissions={PERMISSIONS.value}")
            return [text_of(message) for message in group.owner.sees()]

    told = asyncio.run(asyncio.wait_for(whole(), 120))

    assert sum(text.startswith("Closed") for text in told) >= 2
    assert any("of 3 were right" in text for text in told)
    assert not any("out of reach" in text for text in told)


def test_the_terminal_tells_the_trial_and_ends_when_it_is_told_to() -> None:
    out = io.StringIO()

    async def whole() -> None:
        stop = asyncio.Event()
        playing = asyncio.create_task(play(load(Path("cards")), days=1, stop=stop, out=out))
        while "The week is over" not in out.getvalue():
            await asyncio.sleep(0.05)
            assert not playing.done()
        stop.set()
        await playing

    asyncio.run(asyncio.wait_for(whole(), 120))

    assert "Question of the day" in out.getvalue()
    assert "3 answers" in out.getvalue()
