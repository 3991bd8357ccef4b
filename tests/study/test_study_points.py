"""R17, R28: points as rows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.model import CardId, Choice, Open, Option, Prompt
from deckwright.study.grading import Chosen, DontKnow, Graded, Reply, SelfGrade, Written, grade, self_graded
from deckwright.study.keys import PostKey, QuizKey, Source
from deckwright.study.points import PointRow, points_for, quiz_scores, rescore, totals, void
from deckwright.study.question import Points, corrected, draw
from deckwright.study.texts import Texts

DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)
POST = PostKey(1, "daily", TODAY)
QUIZ = QuizKey(1, 77, 2, TODAY)
TEXTS = Texts("t", "q", "a")
OPTIONS = tuple(Option(text, right=text == "right") for text in ("right", "one", "two", "three"))
QUESTION = draw(Prompt(CardId("card"), 0, Choice(OPTIONS, draw=3)), TEXTS, POST)
OPEN = draw(Prompt(CardId("card"), 0, Open((), ())), TEXTS, POST)
RIGHT = QUESTION.key or ""
WRONG = next(letter for letter in "ABCD" if letter != RIGHT)


def graded(reply: Reply) -> Graded:
    found = grade(OPEN if isinstance(reply, Written) else QUESTION, reply)
    assert found is not None
    return found


def points(result: Graded, source: Source = POST) -> list[int]:
    return [row.points for row in points_for(source, 5, result)]


def test_r17_a_right_choice_earns_ten() -> None:
    assert points_for(POST, 5, graded(Chosen(RIGHT))) == (
        PointRow("post/1/daily/2026-03-02", 5, "answer", 10),
    )


@pytest.mark.parametrize("reply", [Chosen(WRONG), DontKnow()])
def test_r17_a_wrong_one_or_i_dont_know_earns_two(reply: Reply) -> None:
    assert points(graded(reply)) == [2]


def test_r17_i_dont_know_on_an_open_question_earns_two_at_once() -> None:
    found = grade(OPEN, DontKnow())

    assert found is not None
    assert points(found) == [2]


@pytest.mark.parametrize("own", list(SelfGrade))
def test_r17_an_open_answer_earns_seven_whatever_the_self_grade(own: SelfGrade) -> None:
    assert points(self_graded(graded(Written("because")), own)) == [7]


def test_r17_an_open_answer_that_is_not_self_graded_earns_nothing() -> None:
    assert points(graded(Written("because"))) == []


def test_r17_points_are_those_of_the_snapshot() -> None:
    found = grade(draw(Prompt(CardId("c"), 0, Choice(OPTIONS, 3)), TEXTS, POST, Points(50, 5, 0)), DontKnow())

    assert found is not None
    assert points(found) == [0]


def test_r17_an_answer_never_scores_twice() -> None:
    first = points_for(POST, 5, graded(Chosen(WRONG)))

    assert points_for(POST, 5, graded(Chosen(RIGHT)), already=first) == ()
    assert len(points_for(POST, 6, graded(Chosen(RIGHT)), already=first)) == 1


@pytest.mark.parametrize(("days", "scores"), [(0, False), (1, False), (29, False), (30, True), (31, True)])
def test_r17_in_group_quizzes_a_prompt_scores_once_in_thirty_days(days: int, *, scores: bool) -> None:
    earlier = [TODAY - days * DAY]

    assert quiz_scores(TODAY, earlier) is scores
    assert bool(points_for(QUIZ, 5, graded(Chosen(RIGHT)), quizzes=earlier)) is scores


def test_r17_a_quiz_of_a_later_date_holds_points_back_too() -> None:
    """The clock was set back: what scored tomorrow does not score again today."""
    assert not quiz_scores(TODAY, [TODAY + DAY])


def test_r17_a_quiz_does_not_hold_back_the_daily_post() -> None:
    assert len(points_for(POST, 5, graded(Chosen(RIGHT)), quizzes=[TODAY])) == 1


def test_r17_a_quiz_question_is_a_source_of_its_own_dated_by_the_quizs_start() -> None:
    (row,) = points_for(QUIZ, 5, graded(Chosen(RIGHT)))

    assert row.source == "quiz/1/77/2"
    assert QUIZ.day == TODAY


def test_r28_a_rescore_adds_the_difference() -> None:
    rows = [*points_for(POST, 5, graded(Chosen(RIGHT))), *points_for(POST, 6, graded(Chosen(WRONG)))]
    replies: dict[int, Reply] = {5: Chosen(RIGHT), 6: Chosen(WRONG)}
    other = PointRow("post/1/daily/2026-03-01", 5, "answer", 10)

    added = rescore(POST, corrected(QUESTION, {WRONG}), replies, [*rows, other], 1)

    assert added == (PointRow(POST.text, 5, "rescore-1", -8), PointRow(POST.text, 6, "rescore-1", 8))
    assert totals([*rows, *added]) == {5: 2, 6: 10}


def test_r28_a_rescore_that_accepts_two_options_takes_nothing_away() -> None:
    rows = [*points_for(POST, 5, graded(Chosen(RIGHT))), *points_for(POST, 6, graded(Chosen(WRONG)))]
    replies: dict[int, Reply] = {5: Chosen(RIGHT), 6: Chosen(WRONG)}

    added = rescore(POST, corrected(QUESTION, {RIGHT, WRONG}), replies, rows, 1)

    assert added == (PointRow(POST.text, 6, "rescore-1", 8),)


def test_r28_a_rescore_gives_nothing_to_whoever_had_no_points_for_it() -> None:
    assert rescore(QUIZ, corrected(QUESTION, {WRONG}), {5: Chosen(WRONG)}, [], 1) == ()


def test_r28_a_void_takes_all_points_of_the_post_and_of_no_other() -> None:
    other = PointRow("post/1/daily/2026-03-01", 5, "answer", 10)
    rows = [*points_for(POST, 5, graded(Chosen(RIGHT))), other]

    assert void(POST, rows) == (PointRow(POST.text, 5, "void", -10),)


def test_r28_after_a_void_nothing_is_rescored() -> None:
    rows = list(points_for(POST, 5, graded(Chosen(RIGHT))))
    rows += void(POST, rows)

    assert rescore(POST, corrected(QUESTION, {WRONG}), {5: Chosen(RIGHT)}, rows, 1) == ()


REPLIES: st.SearchStrategy[Reply] = st.sampled_from("ABCD").map(Chosen) | st.just(DontKnow())


@given(
    st.dictionaries(st.integers(1, 9), REPLIES),
    st.lists(st.sets(st.sampled_from("ABCD"), min_size=1), max_size=4),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_law_r28_after_any_corrections_everybody_has_what_the_last_key_gives(
    replies: dict[int, Reply],
    keys: list[set[str]],
    voided: bool,  # noqa: FBT001
) -> None:
    rows = [row for member, reply in replies.items() for row in points_for(POST, member, graded(reply))]
    last = QUESTION
    for number, letters in enumerate(keys, 1):
        last = corrected(QUESTION, letters)
        rows += rescore(POST, last, replies, rows, number)
        assert rescore(POST, last, replies, rows, number + 1) == ()
    wanted = {
        m: 10 if isinstance(r, Chosen) and (o := last.option(r.letter)) and o.right else 2
        for m, r in replies.items()
    }
    assert totals(rows) == wanted

    if voided:
        rows += void(POST, rows)
        assert void(POST, rows) == ()
        assert totals(rows) == dict.fromkeys(replies, 0)
    assert len({(row.source, row.member, row.reason) for row in rows}) == len(rows)


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([POST, QUIZ]), REPLIES), max_size=40))
def test_law_r17_however_often_people_click_a_source_scores_once_for_each(
    clicks: list[tuple[int, PostKey | QuizKey, Reply]],
) -> None:
    rows: list[PointRow] = []
    for member, source, reply in clicks:
        rows += points_for(source, member, graded(reply), already=rows)

    assert len(rows) == len({(member, source) for member, source, _ in clicks})
    assert all(row.points in (10, 2) for row in rows)
