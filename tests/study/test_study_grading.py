"""R13, R14: what an answer is, and its result."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from deckwright.model import CardId, Choice, Form, Open, Option, Prompt, SelfGraded
from deckwright.study.grading import (
    Chosen,
    DontKnow,
    Outcome,
    Rated,
    SelfGrade,
    Written,
    grade,
    in_time,
    self_graded,
    written,
)
from deckwright.study.keys import PostKey
from deckwright.study.question import Snapshot, draw
from deckwright.study.texts import Texts

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def question(form: Form) -> Snapshot:
    return draw(Prompt(CardId("card"), 0, form), Texts("t", "q", "a"), PostKey(1, "daily", date(2026, 3, 2)))


CHOICE = question(
    Choice((Option("yes", right=True, why="so"), Option("no", right=False, why="not so")), draw=1)
)
OPEN = question(Open((), ()))
SELF = question(SelfGraded())


@pytest.mark.parametrize(("text", "outcome"), [("yes", Outcome.RIGHT), ("no", Outcome.WRONG)])
def test_r14_the_result_says_why_for_the_chosen_and_the_right_option(text: str, outcome: Outcome) -> None:
    chosen = next(option for option in CHOICE.options if option.text == text)
    found = grade(CHOICE, Chosen(chosen.letter))

    assert found is not None
    assert (found.outcome, found.chosen) == (outcome, chosen)
    assert [(option.text, option.why) for option in found.right] == [("yes", "so")]


@pytest.mark.parametrize("snapshot", [CHOICE, OPEN, SELF])
def test_r13_i_dont_know_answers_everything(snapshot: Snapshot) -> None:
    found = grade(snapshot, DontKnow())

    assert found is not None
    assert found.outcome is Outcome.DONT_KNOW


def test_r14_an_open_answer_waits_for_its_members_own_grade() -> None:
    found = grade(OPEN, Written("because"))

    assert found is not None
    assert (found.outcome, found.self_grade) == (Outcome.OPEN, None)
    assert self_graded(found, SelfGrade.PARTLY).self_grade is SelfGrade.PARTLY


def test_r14_the_first_self_grade_is_final() -> None:
    found = grade(OPEN, Written("because"))

    assert found is not None
    assert self_graded(self_graded(found, SelfGrade.MISSED), SelfGrade.GOT).self_grade is SelfGrade.MISSED


def test_r14_only_open_answers_take_a_self_grade() -> None:
    found = grade(CHOICE, Chosen("A"))

    assert found is not None
    assert self_graded(found, SelfGrade.GOT) == found


def test_r13_a_question_that_is_only_shown_is_answered_by_its_self_grade() -> None:
    found = grade(SELF, Rated(SelfGrade.GOT))

    assert found is not None
    assert (found.outcome, found.self_grade) == (Outcome.OPEN, SelfGrade.GOT)


@pytest.mark.parametrize(
    ("snapshot", "reply"),
    [
        (CHOICE, Chosen("C")),
        (CHOICE, Chosen("")),
        (CHOICE, Chosen("a")),
        (CHOICE, Written("yes")),
        (CHOICE, Rated(SelfGrade.GOT)),
        (OPEN, Chosen("A")),
        (OPEN, Rated(SelfGrade.GOT)),
        (SELF, Written("yes")),
    ],
)
def test_r13_a_forged_reply_is_no_answer(snapshot: Snapshot, reply: Chosen | Written | Rated) -> None:
    assert grade(snapshot, reply) is None


@pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\u200b", "\ufeff \u2060", "\u0301", "\x00"])
def test_r13_a_text_without_anything_visible_is_no_answer(text: str) -> None:
    assert written(text) is None


@pytest.mark.parametrize("text", ["x", " because ", "答え", "😀", "?", "2"])
def test_r13_any_visible_text_is_an_answer(text: str) -> None:
    assert written(text) == Written(text.strip())


def test_r13_a_click_before_the_close_counts_however_late_it_arrives() -> None:
    assert in_time(NOW - timedelta(seconds=1), NOW)
    assert not in_time(NOW, NOW)
