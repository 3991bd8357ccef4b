"""The messages of a group quiz on their way to the chat: each stands there once, whatever is lost between (R7).

A message that was sent, but whose id was not written down when the program ended, is sent again while its nonce
makes that the same message. Later it is looked for in the channel first.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from deckwright.study import quiz as rules
from deckwright.study.posting import NONCE_HOLDS
from deckwright.study.question import Points, from_json
from deckwright.study.quiz import AWAY, LOBBY, Ending, Phase
from deckwright_bot.services.ports import Refused, Rejected, Unavailable
from deckwright_bot.services.stage import Counts, Crowd, Stage, Table
from deckwright_bot.store import quiz_answers as answer_store, quizzes as quiz_store
from deckwright_bot.store.database import Database
from deckwright_bot.store.quiz_answers import QuizAnswer
from deckwright_bot.store.quizzes import Question, Quiz
from deckwright_bot.store.records import DONT_KNOW

log = logging.getLogger(__name__)


class QuizSender:
    """Sends, edits and finds the messages of group quizzes."""

    def __init__(
        self, database: Database, stage: Stage, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._stage = stage
        self._monotonic = monotonic
        self._lobbies: dict[int, object] = {}
        """What each lobby shows; after a restart it is shown anew, once."""

    async def resume(self, quiz: Quiz, now: datetime) -> None:
        """Send what was claimed: the lobby, or the current question. What may stand there already is not doubled.

        Raises:
            Refused, Rejected, Unavailable: as the chat answers.
        """
        async with self._database.reading() as connection:
            question = await quiz_store.question(connection, quiz.id, quiz.position)
        since = quiz.begun if question is None else question.asked
        if _holds(since, now):
            await self._say(quiz, question, now)
            return
        try:
            found = await (
                self._stage.find_lobby(quiz)
                if question is None
                else self._stage.find_question(quiz, question)
            )
        except Refused as refusal:
            if refusal.gone:
                raise
            # It may stand there, and we may not look: never twice, rather no quiz (R7).
            log.warning("quiz %d: its message may not be looked for: %s", quiz.id, refusal)
            await self._give_up(quiz, now)
            return
        away = now - since > AWAY
        if found is not None:
            # Nobody has seen it move for so long; what remains of its time would be no time at all.
            await self._record(quiz, question, found, since if away else now)
            if question is not None and not away:
                await self._anew(quiz, question)
        elif away:
            await self._give_up(quiz, now)
        else:
            await self._say(quiz, question, now)

    async def ask(self, quiz: Quiz, question: Question, now: datetime) -> None:
        """Ask a question. One that Discord finds malformed is passed over: the quiz goes on without it."""
        began, span = self._monotonic(), timedelta(seconds=quiz.seconds)
        try:
            message = await self._stage.ask(quiz, question, from_json(question.snapshot), now + span)
        except Rejected:
            log.exception("quiz %d: the card %s cannot be asked", quiz.id, question.prompt.card)
            async with self._database.writing() as connection:
                await quiz_store.shown(connection, quiz.id, question.number)
                await quiz_store.show(connection, quiz.id, question.number, now)
            return
        # A slow send takes nothing from the players' time.
        opens = now + timedelta(seconds=self._monotonic() - began)
        await self._record(quiz, question, message, opens)

    async def show(self, quiz: Quiz) -> None:
        """Show the key of every question that is over and does not show it yet."""
        async with self._database.reading() as connection:
            due = [
                each
                for each in await quiz_store.questions(connection, quiz.id)
                if not each.shown and each.message is not None
            ]
            answers = await answer_store.answers_of(connection, quiz.id) if due else []
            names = await quiz_store.names(connection, quiz.id) if due else {}
        for question in due:
            table = table_of([each for each in answers if each.number <= question.number], names)
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

    async def finish(self, quiz: Quiz, now: datetime) -> None:
        """Show what is not shown yet, and the final table: once, whenever the program was killed before."""
        if quiz.told:
            return
        await self._find_last(quiz)
        await self.show(quiz)
        async with self._database.reading() as connection:
            answers = await answer_store.answers_of(connection, quiz.id)
            names = await quiz_store.names(connection, quiz.id)
            questions = await quiz_store.questions(connection, quiz.id)
        last = max((each.message for each in questions if each.message is not None), default=quiz.message)
        if _holds(quiz.ended, now) or not await self._stands(quiz, last):
            await self._stage.finish(quiz, table_of(answers, names))
        await self.tidy(quiz)
        await self.close(quiz.id)

    async def close(self, quiz: int) -> None:
        """Have done with a quiz whose final table was shown, or cannot be."""
        async with self._database.writing() as connection:
            await quiz_store.told(connection, quiz)
        self._lobbies.pop(quiz, None)

    async def tidy(self, quiz: Quiz) -> None:
        """Let the lobby's message say who plays, and later that it is too late to join there.

        It is an ornament: what Discord will not do now is done at the next step, and nothing waits for it.
        """
        due: object = quiz.phase is Phase.ENDED
        if quiz.message is None or self._lobbies.get(quiz.id) == due:
            return
        crowd = await self._crowd(quiz)
        if quiz.phase is Phase.LOBBY:
            if self._lobbies.get(quiz.id) == crowd:
                return
            due = crowd
        try:
            await self._stage.show_lobby(quiz, crowd)
        except Unavailable as error:
            log.info("quiz %d: its lobby waits: %s", quiz.id, error)
            return
        except (Refused, Rejected) as error:
            log.info("quiz %d: its lobby stays as it is: %s", quiz.id, error)
        self._lobbies[quiz.id] = due

    async def _say(self, quiz: Quiz, question: Question | None, now: datetime) -> None:
        if question is None:
            crowd = await self._crowd(quiz)
            await self._record(quiz, None, await self._stage.open_lobby(quiz, crowd), now)
            self._lobbies[quiz.id] = crowd
        else:
            await self.ask(quiz, question, now)
            if now - question.asked > timedelta(seconds=1):
                # An earlier attempt may be what stands there, with its end of then.
                await self._anew(quiz, question)

    async def _anew(self, quiz: Quiz, question: Question) -> None:
        async with self._database.reading() as connection:
            sent = await quiz_store.question(connection, quiz.id, question.number)
        if sent is None or sent.message is None or sent.closes is None:
            return
        try:
            await self._stage.ask_anew(quiz, sent, from_json(sent.snapshot), sent.closes)
        except (Refused, Rejected, Unavailable) as error:
            log.info("quiz %d: question %d names an old end: %s", quiz.id, question.number, error)

    async def _record(self, quiz: Quiz, question: Question | None, message: int, opens: datetime) -> None:
        async with self._database.writing() as connection:
            if question is None:
                await quiz_store.lobby(connection, quiz.id, message, opens + LOBBY)
            else:
                closes = opens + timedelta(seconds=quiz.seconds)
                await quiz_store.sent(connection, quiz.id, question.number, message, opens, closes)

    async def _give_up(self, quiz: Quiz, now: datetime) -> None:
        async with self._database.writing() as connection:
            await quiz_store.end(connection, quiz.id, Ending.AWAY, now)

    async def _find_last(self, quiz: Quiz) -> None:
        """The question that was on its way when the quiz ended stands there open, if it arrived."""
        async with self._database.reading() as connection:
            asked = await quiz_store.questions(connection, quiz.id)
        for question in asked:
            if question.message is None and not question.shown:
                try:
                    found = await self._stage.find_question(quiz, question)
                except Refused as refusal:
                    if refusal.gone:
                        raise
                    continue
                if found is not None:
                    await self._record(quiz, question, found, question.asked)

    async def _stands(self, quiz: Quiz, last: int | None) -> bool:
        """Whether the final table is there already, or nobody can tell."""
        try:
            return await self._stage.find_final(quiz, last) is not None
        except Refused as refusal:
            if refusal.gone:
                raise
            log.warning("quiz %d: its final table may not be looked for: %s", quiz.id, refusal)
            return True

    async def _crowd(self, quiz: Quiz) -> Crowd:
        async with self._database.reading() as connection:
            names = await quiz_store.names(connection, quiz.id)
            players = await quiz_store.players(connection, quiz.id)
        return Crowd(len(players), tuple(names.values()), names.get(quiz.host))


def table_of(answers: Sequence[QuizAnswer], names: dict[int, str]) -> Table:
    """Who stands where after these answers."""
    worth, total = Points(), Counter[int]()
    for each in answers:
        total[each.member] += worth.right if each.right else worth.other
    return Table(rules.table([(each.member, each.right) for each in answers], total), names)


def _holds(since: datetime | None, now: datetime) -> bool:
    """Whether what was first sent then is still the same message when it is sent again."""
    return since is not None and timedelta() <= now - since < NONCE_HOLDS


def _counts(answers: Sequence[QuizAnswer]) -> Counts:
    letters = Counter(each.choice for each in answers if each.choice not in (None, DONT_KNOW))
    return Counts(
        len(answers),
        sum(each.right for each in answers),
        {str(letter): number for letter, number in letters.items()},
        sum(each.choice == DONT_KNOW for each in answers),
    )
