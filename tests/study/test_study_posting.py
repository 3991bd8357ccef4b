"""R7, R8, R20, R32: a post on its way, outages, reminders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st

from deckwright.study.outages import outage, unreachable
from deckwright.study.posting import Step, expired, searched, unsent
from deckwright.study.reminders import reminder_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def test_r7_a_young_claim_is_sent_again_with_its_nonce() -> None:
    assert unsent(NOON, NOON, NOON + 2 * MINUTE - SECOND) is Step.SEND
    assert unsent(NOON, NOON, NOON) is Step.SEND


def test_r7_an_older_claim_is_searched_first() -> None:
    assert unsent(NOON, NOON, NOON + 2 * MINUTE) is Step.SEARCH
    assert searched(NOON, NOON + 2 * MINUTE) is Step.SEND


def test_r7_a_claim_from_the_future_is_searched_for_its_age_is_unknown() -> None:
    assert unsent(NOON, NOON, NOON - SECOND) is Step.SEARCH


def test_r8_r9_after_six_hours_nothing_is_sent_any_more() -> None:
    late = NOON + 6 * HOUR + SECOND

    assert not expired(NOON, NOON + 6 * HOUR)
    assert searched(NOON, late) is Step.FAIL
    assert unsent(NOON, late - MINUTE, late) is Step.SEARCH


@given(
    st.timedeltas(-48 * HOUR, 48 * HOUR) | st.timedeltas(timedelta(), 3 * MINUTE),
    st.timedeltas(timedelta(), 8 * HOUR),
)
def test_law_r7_a_claim_is_never_sent_blindly_once_its_nonce_may_be_forgotten(
    age: timedelta, late: timedelta
) -> None:
    tried = NOON + late
    step = unsent(NOON, tried, tried + age)

    assert step is (Step.SEND if timedelta() <= age < 2 * MINUTE and late + age <= 6 * HOUR else Step.SEARCH)


def test_r20_half_a_window_out_of_reach_is_an_outage() -> None:
    closes = NOON + 24 * HOUR

    assert outage(NOON, closes, [(NOON, NOON + 12 * HOUR)])
    assert not outage(NOON, closes, [(NOON, NOON + 12 * HOUR + SECOND)])


def test_r20_without_any_heartbeat_the_whole_window_was_out_of_reach() -> None:
    assert outage(NOON, NOON + 24 * HOUR, [])


def test_r20_only_what_lies_in_the_window_counts() -> None:
    closes = NOON + 24 * HOUR
    alive = [
        (NOON - 100 * HOUR, NOON + HOUR),
        (closes - HOUR, closes + 90 * HOUR),
        (closes + HOUR, closes + 2 * HOUR),
    ]

    assert unreachable(NOON, closes, alive) == 22 * HOUR


@given(st.lists(st.tuples(st.integers(-30, 60), st.integers(0, 40)), max_size=8), st.integers(20, 72))
@settings(max_examples=300)
def test_law_r20_the_silence_is_what_no_heartbeat_covers_hour_by_hour(
    beats: list[tuple[int, int]], hours: int
) -> None:
    alive = [(NOON + start * HOUR, NOON + (start + length) * HOUR) for start, length in beats]
    silent = sum(not any(s <= hour < s + length for s, length in beats) for hour in range(hours))

    assert unreachable(NOON, NOON + hours * HOUR, alive) == silent * HOUR
    assert outage(NOON, NOON + hours * HOUR, reversed(alive)) == (silent * 2 >= hours)


def test_r32_the_reminder_comes_three_hours_before_the_close() -> None:
    assert reminder_at(NOON) == NOON - 3 * HOUR
