"""Group quizzes, as members act in them: begun, joined, answered, hurried on and stopped (R17).

All instants here are people's time. What follows from time passing is `quiz_course`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from deckwright.study import quiz as rules
from deckwright.study.grading import Chosen, DontKnow, Graded, Outcome, Reply, grade, in_time
from deckwright.study.keys import QuizKey
from deckwright.study.points import points_for
from deckwright.study.question import Snapshot, from_json
from deckwright.study.quiz import Ending, Kind, Phase, Wanted
from deckwright.study.ranking import Standing
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.quiz_course import QuizCourse
from deckwright_bot.services.quiz_sending import QuizSender, table_of
from deckwright_bot.services.spoilers import asked_now
from deckwright_bot.services.stage import Stage
from deckwright_bot.store import (
    members as member_store,
    quiz_answers as answer_store,
    quizzes as quiz_store,
    scores,
)
from deckwright_bot.store.database import Database
from deckwright_bot.store.quiz_answers import QuizAnswer
from deckwright_bot.store.quizzes import NewQuiz, Question, Quiz
from deckwright_bot.store.records import DONT_KNOW


class Verdict(StrEnum):
    """What became of a click in a quiz."""

    NEW = "new"
    AGAIN = "again"
    TOO_LATE = "too-late"
    UNKNOWN = "unknown"
    NOT_HOST = "not-host"


@dataclass(frozen=True, slots=True)
class Started:
    """What became of a wish to begin."""

    quiz: Quiz | None
    running: bool = False
    """One runs in that channel already."""


@dataclass(frozen=True, slots=True)
class QuizResult:
    """What a member is shown after answering a question."""

    verdict: Verdict
    quiz: Quiz | None = None
    snapshot: Snapshot | None = None
    answer: QuizAnswer | None = None
    graded: Graded | None = None


@dataclass(frozen=True, slots=True)
class Mine:
    """How a member did in a quiz that has ended."""

    quiz: Quiz
    standing: Standing | None
    """None for somebody who answered nothing."""
    players: int
    """How many answered anything."""
    questions: tuple[tuple[Question, str | None, QuizAnswer | None], ...]
    """What was asked, with its key and what the member answered."""


class GroupQuizzes:
    """What members do in quizzes; a call too many does nothing."""

    def __init__(
        self,
        database: Database,
        library: StudyLibrary,
        stage: Stage,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._library = library
        self._course = QuizCourse(database, library, QuizSender(database, stage, monotonic))

    async def start(
        self,
        group: int,
        channel: int,
        host: int,
        name: str,
        wanted: Wanted,
        *,
        count: int,
        seconds: int,
        now: datetime,
        today: date,
        seed: int,
    ) -> Started:
        """Open a lobby; the host plays. None is made where nothing fits or one runs in that channel.

        ``today`` is the group's local date, to which the points belong.
        """
        async with self._database.writing() as connection:
            running = await quiz_store.in_channel(connection, channel)
            if running is not None:
                return Started(running, running=True)
            prompts = rules.choose(
                self._library.askables,
                wanted,
                count,
                seed=seed,
                without=await asked_now(connection, group, self._library),
                lately=[self._library.today(key) for key in await quiz_store.lately(connection, group)],
            )
            if not prompts:
                return Started(None)
            new = NewQuiz(group, Kind.GROUP, host, channel, Phase.LOBBY, now, today, prompts, seconds)
            made = await quiz_store.begin(connection, new)
            if made is None:
                raise AssertionError("no other quiz can begin in a channel within this transaction")
            await member_store.seen(connection, group, host, name, now)
            await quiz_store.join(connection, made, host, now)
            quiz = await quiz_store.find(connection, made)
        if quiz is None:
            raise AssertionError("a quiz that was just written is gone")
        await self.advance(quiz.id, now)
        return Started(await self.find(made))

    async def find(self, quiz: int) -> Quiz | None:
        """A quiz by its id."""
        async with self._database.reading() as connection:
            return await quiz_store.find(connection, quiz)

    async def running(self, channel: int) -> Quiz | None:
        """The quiz that runs in a channel."""
        async with self._database.reading() as connection:
            return await quiz_store.in_channel(connection, channel)

    async def join(self, quiz_id: int, group: int, member: int, name: str, now: datetime) -> Verdict:
        """Let a member play, in the lobby or later."""
        async with self._database.writing() as connection:
            quiz = await quiz_store.find(connection, quiz_id)
            if quiz is None or quiz.group != group or quiz.kind is not Kind.GROUP:
                return Verdict.UNKNOWN
            if quiz.phase is Phase.ENDED:
                return Verdict.TOO_LATE
            await member_store.seen(connection, group, member, name, now)
            new = await quiz_store.join(connection, quiz.id, member, now)
        return Verdict.NEW if new else Verdict.AGAIN

    async def hurry(
        self,
        quiz_id: int,
        group: int,
        member: int,
        now: datetime,
        *,
        manager: bool,
        position: int,
        phase: Phase,
    ) -> Verdict:
        """The host's "start now" and "skip": end the phase that the button was shown in."""
        quiz = await self.find(quiz_id)
        if quiz is None or quiz.group != group or quiz.kind is not Kind.GROUP:
            return Verdict.UNKNOWN
        if not (manager or member == quiz.host):
            return Verdict.NOT_HOST
        if quiz.phase is Phase.ENDED or (quiz.position, quiz.phase) != (position, phase):
            return Verdict.TOO_LATE
        async with self._database.writing() as connection:
            await quiz_store.hurry(connection, quiz.id, position, phase, now)
        await self.advance(quiz.id, now)
        return Verdict.NEW

    async def stop(self, quiz_id: int, group: int, member: int, now: datetime, *, manager: bool) -> Verdict:
        """End a quiz; its host may, and those who manage the server, also when the host has left."""
        quiz = await self.find(quiz_id)
        if quiz is None or quiz.group != group or quiz.kind is not Kind.GROUP:
            return Verdict.UNKNOWN
        if not (manager or member == quiz.host):
            return Verdict.NOT_HOST
        async with self._database.writing() as connection:
            ended = await quiz_store.end(connection, quiz.id, Ending.STOPPED, now)
        await self.advance(quiz.id, now)
        return Verdict.NEW if ended else Verdict.TOO_LATE

    # answering

    async def choose(
        self,
        quiz_id: int,
        number: int,
        group: int,
        member: int,
        name: str,
        letter: str,
        at: datetime,
        *,
        message: int | None = None,
    ) -> QuizResult:
        """A click on an option, or on "I don't know" with that as ``letter``. The first one stands.

        ``message`` is the one that was clicked: after a backup was put back numbers come again, messages never.
        """
        reply: Reply = DontKnow() if letter == DONT_KNOW else Chosen(letter)
        async with self._database.writing() as connection:
            quiz = await quiz_store.find(connection, quiz_id)
            question = await quiz_store.question(connection, quiz_id, number)
            if quiz is None or question is None or quiz.group != group or quiz.kind is not Kind.GROUP:
                return QuizResult(Verdict.UNKNOWN)
            if message is not None and question.message not in (None, message):
                return QuizResult(Verdict.UNKNOWN)
            snapshot = from_json(question.snapshot)
            before = await answer_store.answer_of(connection, quiz.id, number, member)
            if before is not None:
                return QuizResult(Verdict.AGAIN, quiz, snapshot, before, _graded(snapshot, before))
            graded = grade(snapshot, reply)
            if graded is None:
                return QuizResult(Verdict.UNKNOWN, quiz)
            if not _open(quiz, question, at):
                return QuizResult(Verdict.TOO_LATE, quiz, snapshot)
            key = QuizKey(group, quiz.id, number, quiz.day)
            asked = question.prompt
            names = self._library.names(asked.card)
            dates = await answer_store.scored_dates(connection, group, member, names, asked.ordinal)
            rows = points_for(key, member, graded, quizzes=dates)
            answer = QuizAnswer(
                quiz.id,
                number,
                member,
                group,
                question.prompt,
                at,
                quiz.day,
                letter,
                None,
                graded.outcome is Outcome.RIGHT,
                bool(rows),
            )
            await member_store.seen(connection, group, member, name, at)
            await quiz_store.join(connection, quiz.id, member, at)
            await answer_store.answer(connection, answer)
            await scores.add(connection, group, quiz.day, rows)
        return QuizResult(Verdict.NEW, quiz, snapshot, answer, graded)

    async def mine(self, quiz_id: int, group: int, member: int) -> Mine | None:
        """How a member did in a quiz that has ended; None for any other quiz, for its keys are not told yet."""
        async with self._database.reading() as connection:
            quiz = await quiz_store.find(connection, quiz_id)
            if quiz is None or quiz.group != group or quiz.kind is not Kind.GROUP:
                return None
            if quiz.phase is not Phase.ENDED:
                return None
            answers = await answer_store.answers_of(connection, quiz_id)
            questions = await quiz_store.questions(connection, quiz_id)
        standings = table_of(answers, {}).standings
        given = {each.number: each for each in answers if each.member == member}
        return Mine(
            quiz,
            next((each for each in standings if each.member == member), None),
            len(standings),
            tuple(
                (each, from_json(each.snapshot).key, given.get(each.number))
                for each in questions
                if each.message is not None
            ),
        )

    # what is due

    async def tick(self, now: datetime) -> None:
        """Everything that is due; one quiz's slow channel holds up no other."""
        await self._course.tick(now)

    async def advance(self, quiz_id: int, now: datetime) -> None:
        """Do at once what is due in one quiz."""
        await self._course.advance(quiz_id, now)

    async def finish(self) -> None:
        """Wait a little for what is at work before the program ends; a later run goes on with the rest."""
        await self._course.finish()


def _open(quiz: Quiz, question: Question, at: datetime) -> bool:
    # Whoever clicks before its message is recorded has seen it all the same; and a click of the last second is heard
    # a little later, also when it was the host who ended the quiz. Once the key is shown it is too late.
    return (
        quiz.position == question.number
        and not question.shown
        and (question.closes is None or in_time(at, question.closes))
        and (quiz.ended is None or in_time(at, quiz.ended))
    )


def _graded(snapshot: Snapshot, answer: QuizAnswer) -> Graded | None:
    return grade(snapshot, DontKnow() if answer.choice == DONT_KNOW else Chosen(answer.choice or ""))
