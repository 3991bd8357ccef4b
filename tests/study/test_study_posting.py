"""R6, R7, R9, R20, R32: a post on its way, failures, outages, reminders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.study.outages import outage, unreachable
from deckwright.study.posting import (
    Health,
    State,
    Step,
    expired,
    failed,
    healthy,
    may_become,
    searched,
    told,
    unsent,
)
from deckwright.study.reminders import reminder_at, reminder_due

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, State.CLAIMED),
        (None, State.SKIPPED),
        (State.CLAIMED, State.SENT),
        (State.CLAIMED, State.FAILED),
        (State.SENT, State.CLOSED),
        (State.SENT, State.VOID),
        (State.CLOSED, State.VOID),
    ],
)
def test_r6_a_post_goes_forward(old: State | None, new: State) -> None:
    assert may_become(old, new)


def test_r6_a_post_never_goes_back() -> None:
    allowed = {(old, new) for old in (None, *State) for new in State if may_become(old, new)}

    assert len(allowed) == 7
    assert all((new, old) not in allowed for old, new in allowed if old is not None)


def test_r7_a_young_claim_is_sent_again_with_its_nonce() -> None:
    assert unsent(NOON, NOON, NOON + 2 * MINUTE - SECOND, may_search=True) is Step.SEND
    assert unsent(NOON, NOON, NOON, may_search=False) is Step.SEND


def test_r7_an_older_claim_is_searched_first() -> None:
    assert unsent(NOON, NOON, NOON + 2 * MINUTE, may_search=True) is Step.SEARCH
    assert searched(NOON, NOON + 2 * MINUTE) is Step.SEND


def test_r7_without_the_permission_to_look_it_is_reported_not_sent() -> None:
    assert unsent(NOON, NOON, NOON + 2 * MINUTE, may_search=False) is Step.REPORT


def test_r7_a_claim_from_the_future_is_searched_for_its_age_is_unknown() -> None:
    assert unsent(NOON, NOON, NOON - SECOND, may_search=True) is Step.SEARCH


def test_r8_r9_after_six_hours_nothing_is_sent_any_more() -> None:
    late = NOON + 6 * HOUR + SECOND

    assert not expired(NOON, NOON + 6 * HOUR)
    assert searched(NOON, late) is Step.FAIL
    assert unsent(NOON, late - MINUTE, late, may_search=True) is Step.SEARCH


@given(
    st.timedeltas(-48 * HOUR, 48 * HOUR) | st.timedeltas(timedelta(), 3 * MINUTE),
    st.timedeltas(timedelta(), 8 * HOUR),
)
def test_law_r7_a_claim_is_never_sent_blindly_once_its_nonce_may_be_forgotten(
    age: timedelta, late: timedelta
) -> None:
    tried = NOON + late
    step = unsent(NOON, tried, tried + age, may_search=True)

    assert step is (Step.SEND if timedelta() <= age < 2 * MINUTE and late + age <= 6 * HOUR else Step.SEARCH)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_r9_the_third_refusal_pauses_the_group(status: int) -> None:
    twice = failed(failed(Health(), status), status)

    assert not twice.paused
    assert failed(twice, status).paused


@pytest.mark.parametrize("status", [None, 429, 500, 502, 503, 400])
def test_r9_what_heals_by_itself_never_counts(status: int | None) -> None:
    health = Health()
    for _ in range(50):
        health = failed(health, status)

    assert health == Health()


def test_r9_the_owner_is_told_once() -> None:
    health = failed(Health(refusals=2), 403)

    assert health.tell
    assert not told(health).tell
    assert not failed(told(health), 403).tell


def test_r9_a_post_that_goes_out_ends_the_count_and_the_pause() -> None:
    twice = failed(failed(Health(), 403), 404)

    assert not failed(healthy(twice), 403).paused
    assert failed(failed(failed(healthy(told(failed(twice, 403))), 403), 403), 403).tell


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
    assert not reminder_due(NOON - 3 * HOUR - SECOND, NOON, answered=False, reminded=False)
    assert reminder_due(NOON - 3 * HOUR, NOON, answered=False, reminded=False)


def test_r32_who_answered_or_was_reminded_gets_none() -> None:
    assert not reminder_due(NOON - HOUR, NOON, answered=True, reminded=False)
    assert not reminder_due(NOON - HOUR, NOON, answered=False, reminded=True)


def test_r32_a_reminder_that_was_held_up_comes_while_there_is_time_to_answer() -> None:
    assert reminder_due(NOON - 30 * MINUTE, NOON, answered=False, reminded=False)
    assert not reminder_due(NOON - 29 * MINUTE, NOON, answered=False, reminded=False)
    assert not reminder_due(NOON + HOUR, NOON, answered=False, reminded=False)
