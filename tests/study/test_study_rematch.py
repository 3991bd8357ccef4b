"""The Friday rematch."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from deckwright.study.keys import PromptKey
from deckwright.study.rematch import LATEST, SOONEST, Asked, is_day, rematch

FRIDAY = date(2026, 3, 27)


def asked(name: str, days_ago: int, answers: int, right: int) -> Asked:
    return Asked(PromptKey(name), FRIDAY - timedelta(days=days_ago), answers, right)


def test_what_was_missed_most_two_to_four_weeks_ago_returns() -> None:
    found = rematch(
        FRIDAY,
        [asked("a", 20, 10, 7), asked("b", 21, 4, 1), asked("new", 13, 9, 0), asked("old", 29, 9, 0)],
    )

    assert found is not None
    assert found.prompt == PromptKey("b")


def test_of_two_missed_alike_the_older_one_returns() -> None:
    found = rematch(FRIDAY, [asked("a", 15, 8, 4), asked("b", 25, 4, 2)])

    assert found is not None
    assert found.prompt == PromptKey("b")


def test_one_miss_of_one_answer_says_less_than_nine_of_twelve() -> None:
    found = rematch(FRIDAY, [asked("one", 20, 1, 0), asked("many", 20, 12, 3)])

    assert found is not None
    assert found.prompt == PromptKey("many")


def test_nothing_returns_twice_nor_where_nobody_missed_or_answered() -> None:
    assert rematch(FRIDAY, [asked("a", 20, 5, 5), asked("b", 20, 0, 0)]) is None
    assert rematch(FRIDAY, [asked("a", 20, 5, 1)], returned={PromptKey("a")}) is None


@pytest.mark.parametrize(("ago", "returns"), [(13, False), (14, True), (28, True), (29, False)])
def test_the_span_includes_both_ends(ago: int, returns: bool) -> None:  # noqa: FBT001
    assert (rematch(FRIDAY, [asked("a", ago, 3, 0)]) is not None) == returns
    assert (SOONEST.days, LATEST.days) == (14, 28)


@given(st.sets(st.integers(0, 6)), st.dates())
def test_a_week_has_one_rematch_on_a_day_with_posts(weekdays: set[int], monday: date) -> None:
    week = [monday + timedelta(days=n) for n in range(7)] if monday < date(9999, 1, 1) else []
    days = [day for day in week if is_day(day, weekdays)]

    assert len(days) == (1 if weekdays and week else 0)
    assert all(day.weekday() in weekdays for day in days)
    if 4 in weekdays and days:
        assert days[0].weekday() == 4
