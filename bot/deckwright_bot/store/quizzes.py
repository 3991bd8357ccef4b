"""Quizzes: begun, asked, answered, ended. Every step is one statement, so that only one caller takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, select, text, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.keys import PromptKey
from deckwright.study.quiz import Ending, Kind, Phase
from deckwright_bot.store.quiz_tables import UNFINISHED, quiz_players, quiz_questions, quizzes
from deckwright_bot.store.tables import LEFT, members


@dataclass(frozen=True, slots=True)
class Quiz:
    """A run of prompts that a member started."""

    id: int
    group: int
    kind: Kind
    host: int
    channel: int | None
    phase: Phase
    begun: datetime
    day: date
    prompts: tuple[PromptKey, ...]
    position: int
    seconds: int
    until: datetime | None
    message: int | None
    ending: Ending | None
    told: bool
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewQuiz:
    """What a quiz begins with."""

    group: int
    kind: Kind
    host: int
    channel: int | None
    phase: Phase
    begun: datetime
    day: date
    prompts: tuple[PromptKey, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt of a quiz as it was asked."""

    quiz: int
    number: int
    prompt: PromptKey
    snapshot: str
    asked: datetime
    opens: datetime | None
    closes: datetime | None
    message: int | None
    shown: bool


_BEGIN = insert(quizzes).on_conflict_do_nothing().returning(quizzes.c.id)
_id = quizzes.c.id == bindparam("p_quiz")
_FIND = select(quizzes).where(_id)
_active = quizzes.c.phase != Phase.ENDED
# The condition stands as text, word for word as in the index, for else SQLite does not use it.
_PLAYED = (
    select(quizzes).where(text(f"({UNFINISHED})"), quizzes.c.group_id.not_in(LEFT)).order_by(quizzes.c.id)
)
_RUNNING = select(quizzes.c.prompts).where(
    text(f"({UNFINISHED})"), _active, quizzes.c.group_id == bindparam("p_group")
)
_TOLD_CARDS = (
    select(quiz_questions.c.card)
    .join(quizzes, quizzes.c.id == quiz_questions.c.quiz)
    .where(text(f"({UNFINISHED})"), _active, quizzes.c.group_id == bindparam("p_group"))
)
_IN_CHANNEL = select(quizzes).where(
    quizzes.c.kind == Kind.GROUP, quizzes.c.channel == bindparam("p_channel"), _active
)
_ALONE = select(quizzes).where(
    quizzes.c.kind == Kind.SOLO,
    quizzes.c.group_id == bindparam("p_group"),
    quizzes.c.host == bindparam("p_host"),
    _active,
)
_LOBBY = (
    update(quizzes)
    .where(_id, quizzes.c.message.is_(None))
    .values(message=bindparam("p_message"), until=bindparam("p_until"))
)
_HURRY = (
    update(quizzes)
    .where(_id, quizzes.c.phase == bindparam("p_phase"), quizzes.c.position == bindparam("p_number"))
    .where(quizzes.c.until.is_not(None))
    .values(until=bindparam("p_now"))
)
_ASK = (
    update(quizzes)
    .where(_id, quizzes.c.position == bindparam("p_from"), _active)
    .where(quizzes.c.phase.in_([Phase.LOBBY, Phase.SHOWING]))
    .values(phase=Phase.ASKING, position=bindparam("p_number"), until=None)
    .returning(quizzes.c.id)
)
_OPEN = (
    update(quizzes)
    .where(_id, quizzes.c.position == bindparam("p_number"), quizzes.c.phase == Phase.ASKING)
    .where(quizzes.c.until.is_(None))
    .values(until=bindparam("p_until"))
)
_SHOW = (
    update(quizzes)
    .where(_id, quizzes.c.position == bindparam("p_number"), quizzes.c.phase == Phase.ASKING)
    .values(phase=Phase.SHOWING, until=bindparam("p_until"))
    .returning(quizzes.c.id)
)
_END = (
    update(quizzes)
    .where(_id, _active)
    .values(phase=Phase.ENDED, until=None, ended=bindparam("p_now"), ending=bindparam("p_why"))
    .returning(quizzes.c.id)
)
_TOLD = update(quizzes).where(_id).values(told=True)

_one = and_(quiz_questions.c.quiz == bindparam("p_quiz"), quiz_questions.c.number == bindparam("p_number"))
_NEW_QUESTION = insert(quiz_questions).on_conflict_do_nothing()
_QUESTION = select(quiz_questions).where(_one)
_QUESTIONS = (
    select(quiz_questions)
    .where(quiz_questions.c.quiz == bindparam("p_quiz"))
    .order_by(quiz_questions.c.number)
)
_SENT = (
    update(quiz_questions)
    .where(_one, quiz_questions.c.message.is_(None))
    .values(message=bindparam("p_message"), opens=bindparam("p_opens"), closes=bindparam("p_closes"))
)
_SHOWN = update(quiz_questions).where(_one).values(shown=True)

_JOIN = insert(quiz_players).on_conflict_do_nothing().returning(quiz_players.c.member)
_PLAYERS = (
    select(quiz_players.c.member)
    .where(quiz_players.c.quiz == bindparam("p_quiz"))
    .order_by(quiz_players.c.joined, quiz_players.c.member)
)
_LATELY = (
    select(quiz_questions.c.card, quiz_questions.c.ordinal)
    .join(quizzes, quizzes.c.id == quiz_questions.c.quiz)
    .where(quizzes.c.group_id == bindparam("p_group"), quizzes.c.kind == Kind.GROUP)
    .order_by(quizzes.c.id.desc(), quiz_questions.c.number)
    .limit(100)
)
_NAMES = (
    select(members.c.member, members.c.name)
    .join(quizzes, quizzes.c.group_id == members.c.group_id)
    .join(
        quiz_players,
        and_(quiz_players.c.quiz == quizzes.c.id, quiz_players.c.member == members.c.member),
    )
    .where(_id, members.c.hidden.is_(False), members.c.left.is_(None))
    .order_by(quiz_players.c.joined, quiz_players.c.member)
)


async def begin(connection: AsyncConnection, value: NewQuiz) -> int | None:
    """Begin a quiz; None if one is running already in that channel, or of that member."""
    found = await connection.execute(
        _BEGIN,
        {
            "group_id": value.group,
            "kind": value.kind,
            "host": value.host,
            "channel": value.channel,
            "phase": value.phase,
            "begun": value.begun,
            "date": value.day,
            "prompts": [[key.card, key.ordinal] for key in value.prompts],
            "position": 0,
            "seconds": value.seconds,
        },
    )
    row = found.first()
    return None if row is None else int(row.id)


async def find(connection: AsyncConnection, quiz: int) -> Quiz | None:
    """A quiz by its id."""
    row = (await connection.execute(_FIND, {"p_quiz": quiz})).first()
    return None if row is None else _quiz(row)


async def unfinished(connection: AsyncConnection) -> list[Quiz]:
    """Group quizzes that have not ended, or whose final table was not shown."""
    return [_quiz(row) for row in await connection.execute(_PLAYED)]


async def running_cards(connection: AsyncConnection, group: int) -> set[str]:
    """The cards of the quizzes that a group plays just now."""
    rows = await connection.execute(_RUNNING, {"p_group": group})
    return {card for row in rows for card, _ in row.prompts}


async def told_cards(connection: AsyncConnection, group: int) -> set[str]:
    """Those of them that were asked already, so that their keys are told in a moment or have been."""
    return {row.card for row in await connection.execute(_TOLD_CARDS, {"p_group": group})}


async def in_channel(connection: AsyncConnection, channel: int) -> Quiz | None:
    """The group quiz that runs in a channel."""
    row = (await connection.execute(_IN_CHANNEL, {"p_channel": channel})).first()
    return None if row is None else _quiz(row)


async def alone(connection: AsyncConnection, group: int, member: int) -> Quiz | None:
    """The quiz that a member takes alone."""
    row = (await connection.execute(_ALONE, {"p_group": group, "p_host": member})).first()
    return None if row is None else _quiz(row)


async def lobby(connection: AsyncConnection, quiz: int, message: int, until: datetime) -> None:
    """Record the lobby's message; from now on the time runs."""
    await connection.execute(_LOBBY, {"p_quiz": quiz, "p_message": message, "p_until": until})


async def hurry(connection: AsyncConnection, quiz: int, number: int, phase: Phase, now: datetime) -> None:
    """End that phase of that question at once, if the quiz still stands there."""
    values = {"p_quiz": quiz, "p_number": number, "p_phase": phase, "p_now": now}
    await connection.execute(_HURRY, values)


async def ask(
    connection: AsyncConnection,
    quiz: int,
    number: int,
    prompt: PromptKey,
    snapshot: str,
    now: datetime,
    *,
    after: int,
) -> bool:
    """Turn from question ``after`` to another and keep what it asks; True for the one caller who may send it."""
    taken = (await connection.execute(_ASK, {"p_quiz": quiz, "p_number": number, "p_from": after})).first()
    if taken is None:
        return False
    await connection.execute(
        _NEW_QUESTION,
        {
            "quiz": quiz,
            "number": number,
            "card": prompt.card,
            "ordinal": prompt.ordinal,
            "snapshot": snapshot,
            "asked": now,
        },
    )
    return True


async def sent(
    connection: AsyncConnection, quiz: int, number: int, message: int, opens: datetime, closes: datetime
) -> None:
    """Record a question's message; its time runs from here."""
    values = {"p_quiz": quiz, "p_number": number, "p_message": message, "p_opens": opens, "p_closes": closes}
    await connection.execute(_SENT, values)
    await connection.execute(_OPEN, {"p_quiz": quiz, "p_number": number, "p_until": closes})


async def show(connection: AsyncConnection, quiz: int, number: int, until: datetime) -> bool:
    """Close a question; True for the one caller who did."""
    values = {"p_quiz": quiz, "p_number": number, "p_until": until}
    return (await connection.execute(_SHOW, values)).first() is not None


async def shown(connection: AsyncConnection, quiz: int, number: int) -> None:
    """Record that a question's message shows the key."""
    await connection.execute(_SHOWN, {"p_quiz": quiz, "p_number": number})


async def end(connection: AsyncConnection, quiz: int, why: Ending, now: datetime) -> bool:
    """End a quiz; True for the one caller who did."""
    return (await connection.execute(_END, {"p_quiz": quiz, "p_why": why, "p_now": now})).first() is not None


async def told(connection: AsyncConnection, quiz: int) -> None:
    """Record that the final table was shown, or cannot be."""
    await connection.execute(_TOLD, {"p_quiz": quiz})


async def question(connection: AsyncConnection, quiz: int, number: int) -> Question | None:
    """A question of a quiz."""
    row = (await connection.execute(_QUESTION, {"p_quiz": quiz, "p_number": number})).first()
    return None if row is None else _question(row)


async def questions(connection: AsyncConnection, quiz: int) -> list[Question]:
    """The questions of a quiz that were asked, in order."""
    return [_question(row) for row in await connection.execute(_QUESTIONS, {"p_quiz": quiz})]


async def join(connection: AsyncConnection, quiz: int, member: int, now: datetime) -> bool:
    """Let a member play; False if they do already."""
    values = {"quiz": quiz, "member": member, "joined": now}
    return (await connection.execute(_JOIN, values)).first() is not None


async def players(connection: AsyncConnection, quiz: int) -> list[int]:
    """Who plays, in the order of joining."""
    return [row.member for row in await connection.execute(_PLAYERS, {"p_quiz": quiz})]


async def names(connection: AsyncConnection, quiz: int) -> dict[int, str]:
    """The names of a quiz's players who are not hidden (R31), in the order of joining."""
    return {row.member: row.name for row in await connection.execute(_NAMES, {"p_quiz": quiz})}


async def lately(connection: AsyncConnection, group: int) -> Sequence[PromptKey]:
    """What the latest group quizzes asked, under the ids of that time."""
    rows = await connection.execute(_LATELY, {"p_group": group})
    return [PromptKey(row.card, row.ordinal) for row in rows]


def _quiz(row: Row[Any]) -> Quiz:
    return Quiz(
        row.id,
        row.group_id,
        Kind(row.kind),
        row.host,
        row.channel,
        Phase(row.phase),
        row.begun,
        row.date,
        tuple(PromptKey(card, ordinal) for card, ordinal in row.prompts),
        row.position,
        row.seconds,
        row.until,
        row.message,
        Ending(row.ending) if row.ending is not None else None,
        row.told,
        row.ended,
    )


def _question(row: Row[Any]) -> Question:
    return Question(
        row.quiz,
        row.number,
        PromptKey(row.card, row.ordinal),
        row.snapshot,
        row.asked,
        row.opens,
        row.closes,
        row.message,
        row.shown,
    )
