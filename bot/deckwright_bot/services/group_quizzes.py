"""Group quizzes: a lobby, questions that everybody answers in private, tables (R17).

All instants here are people's time. Whatever is due is read from the database, so that a quiz goes on after a
restart, and two bots take no step twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial

from deckwright.study import quiz as rules
from deckwright.study.grading import Chosen, DontKnow, Graded, Outcome, Reply, grade, in_time
from deckwright.study.keys import PromptKey, QuizKey
from deckwright.study.points import points_for
from deckwright.study.question import Points, Snapshot, from_json, to_json
from deckwright.study.quiz import Ending, Kind, Next, Phase, Wanted
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.ports import Refused, Rejected, Unavailable
from deckwright_bot.services.spoilers import asked_by_posts, asked_now
from deckwright_bot.services.stage import Counts, Stage, Table
from deckwright_bot.store import (
    members as member_store,
    quizzes as quiz_store,
    scores,
)
from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.quizzes import NewQuiz, Question, Quiz, QuizAnswer
from deckwright_bot.store.records import DONT_KNOW

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Real seconds a tick waits for slow channels; their work goes on."""
NONCE_HOLDS = timedelta(minutes=2)
"""So long a message may be sent again without standing there twice (R7)."""


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
class Lobby:
    """Who plays so far."""

    verdict: Verdict
    quiz: Quiz | None = None
    players: int = 0


class GroupQuizzes:
    """Begins, asks, shows and ends quizzes; a call too many does nothing."""

    def __init__(
        self,
        database: Database,
        library: StudyLibrary,
        stage: Stage,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._library = library
        self._stage = stage
        self._monotonic = monotonic
        self._busy: dict[int, asyncio.Task[None]] = {}

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
                lately=await quiz_store.lately(connection, group),
            )
            if not prompts:
                return Started(None)
            new = NewQuiz(group, Kind.GROUP, host, channel, Phase.LOBBY, now, today, prompts, seconds)
            made = await quiz_store.begin(connection, new)
            if made is None:
                return Started(None, running=True)
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

    async def names(self, quiz: int) -> dict[int, str]:
        """The names of a quiz's players who are not hidden."""
        async with self._database.reading() as connection:
            return await quiz_store.names(connection, quiz)

    async def running(self, channel: int) -> Quiz | None:
        """The quiz that runs in a channel."""
        async with self._database.reading() as connection:
            return await quiz_store.in_channel(connection, channel)

    async def join(self, quiz_id: int, group: int, member: int, name: str, now: datetime) -> Lobby:
        """Let a member play, in the lobby or later."""
        async with self._database.writing() as connection:
            quiz = await quiz_store.find(connection, quiz_id)
            if quiz is None or quiz.group != group or quiz.kind is not Kind.GROUP:
                return Lobby(Verdict.UNKNOWN)
            if quiz.phase is Phase.ENDED:
                return Lobby(Verdict.TOO_LATE, quiz)
            await member_store.seen(connection, group, member, name, now)
            new = await quiz_store.join(connection, quiz.id, member, now)
            players = len(await quiz_store.players(connection, quiz.id))
        return Lobby(Verdict.NEW if new else Verdict.AGAIN, quiz, players)

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
            before = await quiz_store.answer_of(connection, quiz.id, number, member)
            if before is not None:
                return QuizResult(Verdict.AGAIN, quiz, snapshot, before, _graded(snapshot, before))
            graded = grade(snapshot, reply)
            if graded is None:
                return QuizResult(Verdict.UNKNOWN, quiz)
            if not _open(quiz, question, at):
                return QuizResult(Verdict.TOO_LATE, quiz, snapshot)
            key = QuizKey(group, quiz.id, number, quiz.day)
            dates = await quiz_store.scored_dates(connection, group, member, question.prompt)
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
            await quiz_store.answer(connection, answer)
            await scores.add(connection, group, quiz.day, rows)
        return QuizResult(Verdict.NEW, quiz, snapshot, answer, graded)

    # what is due

    async def tick(self, now: datetime) -> None:
        """Everything that is due; one quiz's slow channel holds up no other."""
        async with self._database.reading() as connection:
            found = await quiz_store.unfinished(connection)
        for quiz in found:
            self._begin(quiz.id, now)
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=PATIENCE)

    async def advance(self, quiz_id: int, now: datetime) -> None:
        """Do at once what is due in one quiz."""
        # What is at work may have looked before whatever is due now came about.
        while (running := self._busy.get(quiz_id)) is not None:
            await asyncio.wait({running})
        await asyncio.wait({self._begin(quiz_id, now)})

    async def finish(self) -> None:
        """Wait a little for what is at work before the program ends; a later run goes on with the rest."""
        if self._busy:
            _, late = await asyncio.wait(self._busy.values(), timeout=PATIENCE)
            for task in late:
                task.cancel()

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
            quiz = await self.find(quiz_id)
            if quiz is not None:
                await self._advance(quiz, now)
        except (Unavailable, DatabaseError) as error:
            log.warning("quiz %d: %s", quiz_id, error)
        except (Refused, Rejected) as error:
            log.warning("quiz %d ends: %s", quiz_id, error)
            async with self._database.writing() as connection:
                await quiz_store.end(connection, quiz_id, Ending.REFUSED, now)
                await quiz_store.told(connection, quiz_id)
        except Exception:
            log.exception("quiz %d", quiz_id)

    async def _advance(self, quiz: Quiz, now: datetime) -> None:
        if quiz.phase is Phase.ENDED:
            await self._finish(quiz)
            return
        if quiz.until is None:
            await self._send_again(quiz, now)
            return
        state = await self._state(quiz)
        match rules.step(state, now):
            case Next.ASK:
                await self._ask(quiz, now)
            case Next.SHOW:
                async with self._database.writing() as connection:
                    mine = await quiz_store.show(connection, quiz.id, quiz.position, now + rules.SHOWN)
                if mine:
                    await self._show(quiz)
            case Next.END:
                await self._end(quiz, rules.ending(state, now), now)
            case Next.WAIT:
                if quiz.phase is Phase.SHOWING:
                    await self._show(quiz)

    async def _end(self, quiz: Quiz, why: Ending, now: datetime) -> None:
        async with self._database.writing() as connection:
            await quiz_store.end(connection, quiz.id, why, now)
        ended = await self.find(quiz.id)
        if ended is not None:
            await self._finish(ended)

    async def _state(self, quiz: Quiz) -> rules.State:
        async with self._database.reading() as connection:
            answers = await quiz_store.answers_of(connection, quiz.id)
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

    async def _open(self, quiz: Quiz, now: datetime) -> None:
        message = await self._stage.open_lobby(quiz, 1)
        async with self._database.writing() as connection:
            await quiz_store.lobby(connection, quiz.id, message, now + rules.LOBBY)

    async def _ask(self, quiz: Quiz, now: datetime) -> None:
        """Turn to the next question that may be asked: its card is still there, and no post asks it."""
        question: Question | None = None
        async with self._database.writing() as connection:
            barred = await asked_by_posts(connection, quiz.group, self._library)
            following = self._following(quiz, barred)
            if following is not None:
                number, prompt = following
                snapshot = to_json(self._snapshot(quiz, number, prompt))
                if not await quiz_store.ask(
                    connection, quiz.id, number, prompt, snapshot, now, after=quiz.position
                ):
                    return
                question = await quiz_store.question(connection, quiz.id, number)
        if question is None:
            await self._end(quiz, Ending.DONE, now)
        else:
            await self._send(quiz, question, now)

    def _following(self, quiz: Quiz, barred: Collection[str]) -> tuple[int, PromptKey] | None:
        for number in range(quiz.position + 1, len(quiz.prompts) + 1):
            prompt = self._library.resolve(quiz.prompts[number - 1])
            if prompt is not None and prompt.card not in barred:
                return number, prompt
        return None

    def _snapshot(self, quiz: Quiz, number: int, prompt: PromptKey) -> Snapshot:
        return self._library.snapshot(prompt, QuizKey(quiz.group, quiz.id, number, quiz.day))

    async def _send(self, quiz: Quiz, question: Question, now: datetime) -> None:
        began, span = self._monotonic(), timedelta(seconds=quiz.seconds)
        message = await self._stage.ask(quiz, question, from_json(question.snapshot), now + span)
        # A slow send takes nothing from the players' time.
        opens = now + timedelta(seconds=self._monotonic() - began)
        async with self._database.writing() as connection:
            await quiz_store.sent(connection, quiz.id, question.number, message, opens, opens + span)
            current = await quiz_store.find(connection, quiz.id)
        if current is not None and current.phase is Phase.ENDED:
            await self._show(current)

    async def _send_again(self, quiz: Quiz, now: datetime) -> None:
        """What was on its way when the bot stopped, or Discord failed, is sent again while its nonce holds."""
        if quiz.position == 0:
            if timedelta() <= now - quiz.begun < NONCE_HOLDS:
                await self._open(quiz, now)
                return
        else:
            async with self._database.reading() as connection:
                question = await quiz_store.question(connection, quiz.id, quiz.position)
            if question is not None and timedelta() <= now - question.asked < NONCE_HOLDS:
                await self._send(quiz, question, now)
                return
        async with self._database.writing() as connection:
            await quiz_store.end(connection, quiz.id, Ending.AWAY, now)

    async def _show(self, quiz: Quiz) -> None:
        """Show the key of every question that is over and does not show it yet."""
        async with self._database.reading() as connection:
            due = [
                each
                for each in await quiz_store.questions(connection, quiz.id)
                if not each.shown and each.message is not None
            ]
            answers = await quiz_store.answers_of(connection, quiz.id)
        for question in due:
            table = await self._table(quiz, [each for each in answers if each.number <= question.number])
            counts = _counts([each for each in answers if each.number == question.number])
            try:
                await self._stage.show(quiz, question, from_json(question.snapshot), counts, table)
            except (Refused, Rejected) as error:
                if isinstance(error, Refused) and error.gone:
                    raise
                # Somebody deleted the message; the quiz goes on without its key.
                log.warning("quiz %d: question %d cannot be shown: %s", quiz.id, question.number, error)
            async with self._database.writing() as connection:
                await quiz_store.shown(connection, quiz.id, question.number)

    async def _finish(self, quiz: Quiz) -> None:
        if quiz.told:
            return
        await self._show(quiz)
        async with self._database.reading() as connection:
            answers = await quiz_store.answers_of(connection, quiz.id)
        await self._stage.finish(quiz, await self._table(quiz, answers))
        async with self._database.writing() as connection:
            await quiz_store.told(connection, quiz.id)

    async def _table(self, quiz: Quiz, answers: list[QuizAnswer]) -> Table:
        async with self._database.reading() as connection:
            names = await quiz_store.names(connection, quiz.id)
        worth, total = Points(), Counter[int]()
        for each in answers:
            total[each.member] += worth.right if each.right else worth.other
        return Table(rules.table([(each.member, each.right) for each in answers], total), names)


def _open(quiz: Quiz, question: Question, at: datetime) -> bool:
    # Whoever clicks before its message is recorded has seen it all the same, and a click of the last second is
    # heard a little later.
    return (
        quiz.position == question.number
        and (quiz.phase is Phase.ASKING or (quiz.phase is Phase.SHOWING and not question.shown))
        and (question.closes is None or in_time(at, question.closes))
    )


def _graded(snapshot: Snapshot, answer: QuizAnswer) -> Graded | None:
    return grade(snapshot, DontKnow() if answer.choice == DONT_KNOW else Chosen(answer.choice or ""))


def _counts(answers: list[QuizAnswer]) -> Counts:
    letters = Counter(each.choice for each in answers if each.choice not in (None, DONT_KNOW))
    return Counts(
        len(answers),
        sum(each.right for each in answers),
        {str(letter): number for letter, number in letters.items()},
        sum(each.choice == DONT_KNOW for each in answers),
    )
