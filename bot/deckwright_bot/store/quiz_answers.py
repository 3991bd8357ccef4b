"""Answers to the questions of quizzes, and what a member answered in all of a group's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.keys import PromptKey
from deckwright_bot.store.quiz_tables import quiz_answers
from deckwright_bot.store.tables import answers, posts


@dataclass(frozen=True, slots=True)
class QuizAnswer:
    """One member's answer to one question of a quiz."""

    quiz: int
    number: int
    member: int
    group: int
    prompt: PromptKey
    at: datetime
    day: date
    choice: str | None
    grade: str | None
    right: bool
    scored: bool


_ANSWER = insert(quiz_answers).on_conflict_do_nothing().returning(quiz_answers.c.member)
_ANSWERS = (
    select(quiz_answers)
    .where(quiz_answers.c.quiz == bindparam("p_quiz"))
    .order_by(quiz_answers.c.number, quiz_answers.c.at)
)
_ONE_ANSWER = select(quiz_answers).where(
    quiz_answers.c.quiz == bindparam("p_quiz"),
    quiz_answers.c.number == bindparam("p_number"),
    quiz_answers.c.member == bindparam("p_member"),
)
_SCORED_DATES = select(quiz_answers.c.date).where(
    quiz_answers.c.group_id == bindparam("p_group"),
    quiz_answers.c.member == bindparam("p_member"),
    quiz_answers.c.card.in_(bindparam("p_cards", expanding=True)),
    quiz_answers.c.ordinal == bindparam("p_ordinal"),
    quiz_answers.c.scored.is_(True),
)
_QUIZ_HISTORY = select(
    quiz_answers.c.at, quiz_answers.c.card, quiz_answers.c.ordinal, quiz_answers.c.right
).where(quiz_answers.c.group_id == bindparam("p_group"), quiz_answers.c.member == bindparam("p_member"))
_DAILY_HISTORY = (
    select(answers.c.at, posts.c.card, posts.c.ordinal, answers.c.right, answers.c.grade)
    .join(posts, posts.c.id == answers.c.post)
    .where(answers.c.group_id == bindparam("p_group"), answers.c.member == bindparam("p_member"))
)


async def answer(connection: AsyncConnection, value: QuizAnswer) -> bool:
    """Write an answer; False if the member answered that question before."""
    found = await connection.execute(
        _ANSWER,
        {
            "quiz": value.quiz,
            "number": value.number,
            "member": value.member,
            "group_id": value.group,
            "card": value.prompt.card,
            "ordinal": value.prompt.ordinal,
            "at": value.at,
            "date": value.day,
            "choice": value.choice,
            "grade": value.grade,
            "right": value.right,
            "scored": value.scored,
        },
    )
    return found.first() is not None


async def answers_of(connection: AsyncConnection, quiz: int) -> list[QuizAnswer]:
    """Every answer of a quiz, by question, then in the order of the clicks."""
    return [_answer(row) for row in await connection.execute(_ANSWERS, {"p_quiz": quiz})]


async def answer_of(connection: AsyncConnection, quiz: int, number: int, member: int) -> QuizAnswer | None:
    """A member's answer to a question."""
    values = {"p_quiz": quiz, "p_number": number, "p_member": member}
    row = (await connection.execute(_ONE_ANSWER, values)).first()
    return None if row is None else _answer(row)


async def scored_dates(
    connection: AsyncConnection, group: int, member: int, cards: Collection[str], ordinal: int
) -> list[date]:
    """The dates of the group quizzes in which a prompt scored for a member (R17).

    ``cards`` are all ids that its card ever had.
    """
    values = {"p_group": group, "p_member": member, "p_cards": list(cards), "p_ordinal": ordinal}
    return [row.date for row in await connection.execute(_SCORED_DATES, values)]


async def history(
    connection: AsyncConnection, group: int, member: int
) -> list[tuple[datetime, PromptKey, bool]]:
    """A member's answers in a group, daily ones and in quizzes: instant, prompt, whether it was right.

    An open answer was right if its member graded it "got". Prompts stand under the ids of that time.
    """
    values = {"p_group": group, "p_member": member}
    found = [
        (row.at, PromptKey(row.card, row.ordinal), bool(row.right))
        for row in await connection.execute(_QUIZ_HISTORY, values)
    ]
    for row in await connection.execute(_DAILY_HISTORY, values):
        if row.card is not None:
            right = row.grade == "got" if row.right is None else bool(row.right)
            found.append((row.at, PromptKey(row.card, row.ordinal), right))
    return found


def _answer(row: Row[Any]) -> QuizAnswer:
    return QuizAnswer(
        row.quiz,
        row.number,
        row.member,
        row.group_id,
        PromptKey(row.card, row.ordinal),
        row.at,
        row.date,
        row.choice,
        row.grade,
        row.right,
        row.scored,
    )
