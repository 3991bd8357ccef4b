"""The course of group quizzes: what is due is read from the database and done, one step after the other.

A quiz goes on after a restart, and two bots take no step twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime
from functools import partial

from deckwright.study import quiz as rules
from deckwright.study.keys import PromptKey, QuizKey
from deckwright.study.question import to_json
from deckwright.study.quiz import Ending, Next, Phase
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.ports import Refused, Rejected, Unavailable
from deckwright_bot.services.quiz_sending import QuizSender
from deckwright_bot.services.spoilers import asked_by_posts
from deckwright_bot.store import quiz_answers as answer_store, quizzes as quiz_store
from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.quizzes import Question, Quiz

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Real seconds a tick waits for slow channels; their work goes on."""


class QuizCourse:
    """Takes the steps of every quiz that is at work; a call too many does nothing."""

    def __init__(self, database: Database, library: StudyLibrary, sender: QuizSender) -> None:
        self._database = database
        self._library = library
        self._sender = sender
        self._busy: dict[int, asyncio.Task[None]] = {}

    async def tick(self, now: datetime) -> None:
        """Everything that is due; one quiz's slow channel holds up no other."""
        async with self._database.reading() as connection:
            found = await quiz_store.unfinished(connection)
        for quiz in found:
            self._begin(quiz.id, now)
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=PATIENCE)

    async def advance(self, quiz_id: int, now: datetime) -> None:
        """Do at once what is due in one quiz; for many who ask meanwhile it is done once."""
        # What is at work may have looked before whatever is due now came about; what begins after it has not.
        if (running := self._busy.get(quiz_id)) is not None:
            await asyncio.wait({running})
        await asyncio.wait({self._begin(quiz_id, now)})

    async def finish(self) -> None:
        """Wait a little for what is at work before the program ends; a later run goes on with the rest."""
        if self._busy:
            _, late = await asyncio.wait(self._busy.values(), timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, quiz_id: int, now: datetime) -> asyncio.Task[None]:
        task = self._busy.get(quiz_id)
        if task is None:
            task = self._busy[quiz_id] = asyncio.create_task(self._guard(quiz_id, now))
            task.add_done_callback(partial(self._done, quiz_id))
        return task

    def _done(self, quiz_id: int, _task: asyncio.Task[None]) -> None:
        self._busy.pop(quiz_id, None)

    async def _guard(self, quiz_id: int, now: datetime) -> None:
        try:
            await self._go_on(quiz_id, now)
        except (Unavailable, DatabaseError) as error:
            log.warning("quiz %d: %s", quiz_id, error)
        except Exception:
            log.exception("quiz %d", quiz_id)

    async def _go_on(self, quiz_id: int, now: datetime) -> None:
        try:
            quiz = await self._find(quiz_id)
            if quiz is not None:
                await self._step(quiz, now)
        except (Refused, Rejected) as error:
            log.warning("quiz %d ends: %s", quiz_id, error)
            async with self._database.writing() as connection:
                await quiz_store.end(connection, quiz_id, Ending.REFUSED, now)
            await self._sender.close(quiz_id)

    async def _step(self, quiz: Quiz, now: datetime) -> None:
        if quiz.phase is Phase.ENDED:
            await self._sender.finish(quiz, now)
            return
        if quiz.until is None:
            await self._sender.resume(quiz, now)
        else:
            await self._take(quiz, now)
        after = await self._find(quiz.id)
        if after is None:
            return
        if after.phase is Phase.ENDED:
            # It may have ended while its question was on the way.
            await self._sender.finish(after, now)
        else:
            await self._sender.tidy(after)

    async def _take(self, quiz: Quiz, now: datetime) -> None:
        state = await self._state(quiz)
        match rules.step(state, now):
            case Next.ASK:
                await self._ask(quiz, now)
            case Next.SHOW:
                async with self._database.writing() as connection:
                    mine = await quiz_store.show(connection, quiz.id, quiz.position, now + rules.SHOWN)
                if mine:
                    await self._sender.show(quiz)
            case Next.END:
                await self._end(quiz, rules.ending(state, now), now)
            case Next.WAIT:
                if quiz.phase is Phase.SHOWING:
                    await self._sender.show(quiz)

    async def _state(self, quiz: Quiz) -> rules.State:
        async with self._database.reading() as connection:
            answers = await answer_store.answers_of(connection, quiz.id)
            players = set(await quiz_store.players(connection, quiz.id))
            asked = [each.number for each in await quiz_store.questions(connection, quiz.id)]
        answered = {each.member for each in answers if each.number == quiz.position}
        latest = max((each.number for each in answers), default=0)
        return rules.State(
            quiz.phase,
            quiz.position,
            len(quiz.prompts),
            quiz.until,
            everybody_answered=bool(players) and players <= answered,
            silent=sum(number > latest for number in asked),
        )

    async def _ask(self, quiz: Quiz, now: datetime) -> None:
        """Turn to the next question that may be asked: its card is still there, and no post asks it."""
        question: Question | None = None
        async with self._database.writing() as connection:
            barred = await asked_by_posts(connection, quiz.group, self._library)
            following = self._following(quiz, barred)
            if following is not None:
                number, prompt = following
                key = QuizKey(quiz.group, quiz.id, number, quiz.day)
                snapshot = to_json(self._library.snapshot(prompt, key))
                if not await quiz_store.ask(
                    connection, quiz.id, number, prompt, snapshot, now, after=quiz.position
                ):
                    return
                question = await quiz_store.question(connection, quiz.id, number)
        if question is None:
            await self._end(quiz, Ending.DONE, now)
        else:
            await self._sender.ask(quiz, question, now)

    def _following(self, quiz: Quiz, barred: Collection[str]) -> tuple[int, PromptKey] | None:
        for number in range(quiz.position + 1, len(quiz.prompts) + 1):
            prompt = self._library.resolve(quiz.prompts[number - 1])
            if prompt is not None and prompt.card not in barred:
                return number, prompt
        return None

    async def _end(self, quiz: Quiz, why: Ending, now: datetime) -> None:
        async with self._database.writing() as connection:
            await quiz_store.end(connection, quiz.id, why, now)

    async def _find(self, quiz_id: int) -> Quiz | None:
        async with self._database.reading() as connection:
            return await quiz_store.find(connection, quiz_id)
