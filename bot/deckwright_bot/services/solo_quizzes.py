"""Quizzes that a member takes alone: private, in their own time, without points (R17)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from deckwright.study import quiz as rules
from deckwright.study.grading import Chosen, DontKnow, Graded, Outcome, Rated, Reply, SelfGrade, grade
from deckwright.study.keys import PromptKey, QuizKey
from deckwright.study.question import Snapshot, from_json, to_json
from deckwright.study.quiz import Ending, Kind, Phase, Wanted
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.spoilers import asked_now
from deckwright_bot.store import members as member_store, quiz_answers as answer_store, quizzes as quiz_store
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.quiz_answers import QuizAnswer
from deckwright_bot.store.quizzes import NewQuiz, Question, Quiz
from deckwright_bot.store.records import DONT_KNOW


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where a member stands in a quiz: the current question, with its answer once there is one."""

    quiz: Quiz
    question: Question | None = None
    snapshot: Snapshot | None = None
    answer: QuizAnswer | None = None
    graded: Graded | None = None
    right: int = 0
    """How many of the questions so far were answered right."""
    passed: bool = False
    """The question before this one was passed over, for it has become the group's."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a quiz went."""

    quiz: Quiz
    asked: int
    right: int
    topics: tuple[tuple[str, int, int], ...]
    """Title, right answers and questions of each topic, in the order in which they came up."""
    weakest: str | None
    """The title of the topic to look at again."""
    missed: tuple[PromptKey, ...]


class SoloQuizzes:
    """Begins, asks and ends quizzes of one member. The state is in the database alone."""

    def __init__(self, database: Database, library: StudyLibrary) -> None:
        self._database = database
        self._library = library

    async def start(
        self,
        group: int,
        member: int,
        name: str,
        wanted: Wanted,
        *,
        count: int,
        only_missed: bool,
        now: datetime,
        today: date,
        seed: int,
    ) -> Sheet | None:
        """Begin a quiz in place of one that runs; None where nothing fits."""
        async with self._database.writing() as connection:
            history = [
                (at, self._library.today(prompt), right)
                for at, prompt, right in await answer_store.history(connection, group, member)
            ]
            if only_missed:
                wrong = rules.missed(history)
                only = wrong if wanted.only is None else wrong & wanted.only
                wanted = Wanted(wanted.decks, wanted.topics, wanted.level, wanted.forms, only)
            prompts = rules.choose(
                self._library.askables,
                wanted,
                count,
                seed=seed,
                without=await asked_now(connection, group, self._library),
                lately=() if only_missed else {prompt for _, prompt, _ in history},
            )
            if not prompts:
                return None
            return await self._begin(connection, group, member, name, prompts, now, today)

    async def repeat(
        self, quiz_id: int, group: int, member: int, name: str, now: datetime, today: date
    ) -> Sheet | None:
        """Begin a quiz of what was missed in another; None where nothing was that could be asked now.

        Where that quiz runs already it goes on: a second press begins none anew.
        """
        summary = await self.summary(quiz_id, group, member)
        if summary is None:
            return None
        async with self._database.writing() as connection:
            hidden = await asked_now(connection, group, self._library)
            known = (self._library.resolve(key) for key in summary.missed)
            prompts = tuple(key for key in known if key is not None and key.card not in hidden)
            if not prompts:
                return None
            running = await quiz_store.alone(connection, group, member)
            if running is not None and running.id > quiz_id and running.prompts == prompts:
                return await self._sheet(connection, running.id)
            return await self._begin(connection, group, member, name, prompts, now, today)

    async def _begin(
        self,
        connection: Connection,
        group: int,
        member: int,
        name: str,
        prompts: tuple[PromptKey, ...],
        now: datetime,
        today: date,
    ) -> Sheet:
        before = await quiz_store.alone(connection, group, member)
        if before is not None:
            await quiz_store.end(connection, before.id, Ending.REPLACED, now)
        new = NewQuiz(group, Kind.SOLO, member, None, Phase.SHOWING, now, today, prompts, 0)
        made = await quiz_store.begin(connection, new)
        if made is None:
            raise AssertionError("the quiz before this one was ended in the same transaction")
        await member_store.seen(connection, group, member, name, now)
        return await self._turn_on(connection, made, 0, now)

    async def _turn_on(self, connection: Connection, quiz_id: int, after: int, now: datetime) -> Sheet:
        """Turn to the next question that may be asked, or end: its card is there and stands open nowhere here."""
        quiz = await quiz_store.find(connection, quiz_id)
        if quiz is None:
            raise AssertionError("a quiz is never deleted while it runs")
        barred = await asked_now(connection, quiz.group, self._library)
        for number in range(after + 1, len(quiz.prompts) + 1):
            prompt = self._library.resolve(quiz.prompts[number - 1])
            if prompt is not None and prompt.card not in barred:
                key = QuizKey(quiz.group, quiz.id, number, quiz.day)
                snapshot = to_json(self._library.snapshot(prompt, key))
                await quiz_store.ask(connection, quiz.id, number, prompt, snapshot, now, after=after)
                break
        else:
            await quiz_store.end(connection, quiz_id, Ending.DONE, now)
        return await self._sheet(connection, quiz_id)

    async def _sheet(self, connection: Connection, quiz_id: int) -> Sheet:
        quiz = await quiz_store.find(connection, quiz_id)
        if quiz is None:
            raise AssertionError("a quiz is never deleted while it runs")
        answers = await answer_store.answers_of(connection, quiz_id)
        question = await quiz_store.question(connection, quiz_id, quiz.position)
        answer = next((each for each in answers if each.number == quiz.position), None)
        snapshot = from_json(question.snapshot) if question is not None else None
        graded = _grade(snapshot, _reply(answer)) if snapshot is not None and answer is not None else None
        return Sheet(quiz, question, snapshot, answer, graded, sum(each.right for each in answers))

    async def sheet(self, quiz_id: int, group: int, member: int) -> Sheet | None:
        """Where a member stands in a quiz of theirs."""
        async with self._database.reading() as connection:
            return (
                await self._sheet(connection, quiz_id)
                if await _own(connection, quiz_id, group, member)
                else None
            )

    async def running(self, group: int, member: int) -> Sheet | None:
        """The quiz that a member takes in a group."""
        async with self._database.reading() as connection:
            quiz = await quiz_store.alone(connection, group, member)
            return await self._sheet(connection, quiz.id) if quiz is not None else None

    async def reply(
        self, quiz_id: int, number: int, group: int, member: int, given: str, at: datetime
    ) -> Sheet | None:
        """A letter, "I don't know" or a self-grade; None if the quiz is not theirs or the reply forged.

        The first reply to a question stands; one to a question that has passed shows the quiz as it is.
        """
        async with self._database.writing() as connection:
            quiz = await _own(connection, quiz_id, group, member)
            question = await quiz_store.question(connection, quiz_id, number)
            if quiz is None or question is None:
                return None
            snapshot = from_json(question.snapshot)
            reply = _read(given)
            graded = _grade(snapshot, reply)
            if graded is None:
                return None
            if quiz.phase is Phase.ASKING and quiz.position == number:
                passed = await self._passed(connection, quiz, question, at)
                if passed is not None:
                    return passed
                right = graded.outcome is Outcome.RIGHT or graded.self_grade is SelfGrade.GOT
                rated = isinstance(reply, Rated)
                answer = QuizAnswer(
                    quiz_id,
                    number,
                    member,
                    group,
                    question.prompt,
                    at,
                    quiz.day,
                    None if rated else given,
                    given if rated else None,
                    right,
                    scored=False,
                )
                await answer_store.answer(connection, answer)
            return await self._sheet(connection, quiz_id)

    async def reveal(self, quiz_id: int, number: int, group: int, member: int, now: datetime) -> Sheet | None:
        """Before its answer is shown: a question that has become the group's is passed over, for its key must wait."""
        async with self._database.writing() as connection:
            quiz = await _own(connection, quiz_id, group, member)
            question = await quiz_store.question(connection, quiz_id, number)
            if quiz is None or question is None:
                return None
            if quiz.phase is Phase.ASKING and quiz.position == number:
                return await self._passed(connection, quiz, question, now) or await self._sheet(
                    connection, quiz_id
                )
            return await self._sheet(connection, quiz_id)

    async def _passed(
        self, connection: Connection, quiz: Quiz, question: Question, now: datetime
    ) -> Sheet | None:
        """The next question in place of one that became the group's since it was asked; None for any other."""
        if self._library.today(question.prompt).card not in await asked_now(
            connection, quiz.group, self._library
        ):
            return None
        if await answer_store.answer_of(connection, quiz.id, question.number, quiz.host) is not None:
            return None
        await quiz_store.show(connection, quiz.id, question.number, now)
        return replace(await self._turn_on(connection, quiz.id, question.number, now), passed=True)

    async def go_on(self, quiz_id: int, number: int, group: int, member: int, now: datetime) -> Sheet | None:
        """Turn from a question that was answered to the next, or end; twice changes nothing."""
        async with self._database.writing() as connection:
            quiz = await _own(connection, quiz_id, group, member)
            if quiz is None:
                return None
            answered = await answer_store.answer_of(connection, quiz_id, number, member)
            if quiz.phase is not Phase.ASKING or quiz.position != number or answered is None:
                return await self._sheet(connection, quiz_id)
            await quiz_store.show(connection, quiz_id, number, now)
            return await self._turn_on(connection, quiz_id, number, now)

    async def stop(self, group: int, member: int, now: datetime, quiz_id: int | None = None) -> Sheet | None:
        """End the quiz a member takes, or only if it is that one; None if there is none to end."""
        async with self._database.writing() as connection:
            quiz = await quiz_store.alone(connection, group, member)
            if quiz is None or quiz_id not in (None, quiz.id):
                return None
            await quiz_store.end(connection, quiz.id, Ending.STOPPED, now)
            return await self._sheet(connection, quiz.id)

    async def answered(self, quiz_id: int, number: int, group: int, member: int) -> bool:
        """Whether a question of a quiz of theirs was answered, so that its card is no secret any more."""
        async with self._database.reading() as connection:
            quiz = await _own(connection, quiz_id, group, member)
            answer = await answer_store.answer_of(connection, quiz_id, number, member)
        return quiz is not None and answer is not None

    async def summary(self, quiz_id: int, group: int, member: int) -> Summary | None:
        """How a quiz of theirs went, or goes."""
        async with self._database.reading() as connection:
            quiz = await _own(connection, quiz_id, group, member)
            if quiz is None:
                return None
            answers = await answer_store.answers_of(connection, quiz_id)
            questions = {each.number: each for each in await quiz_store.questions(connection, quiz_id)}
        results = [(self._topic(questions[each.number]), each.right) for each in answers]
        titles = dict.fromkeys(title for title, _ in results)
        topics = tuple(
            (title, sum(right for t, right in results if t == title), sum(t == title for t, _ in results))
            for title in titles
        )
        return Summary(
            quiz,
            len(answers),
            sum(each.right for each in answers),
            topics,
            rules.weakest(results),
            tuple(each.prompt for each in answers if not each.right),
        )

    def _topic(self, question: Question) -> str:
        entry = self._library.entries.get(self._library.today(question.prompt))
        if entry is not None:
            return entry.topic.title
        # The card is gone; what was asked says where it stood.
        return from_json(question.snapshot).texts.title.rpartition("› ")[2]


async def _own(connection: Connection, quiz_id: int, group: int, member: int) -> Quiz | None:
    quiz = await quiz_store.find(connection, quiz_id)
    own = quiz is not None and quiz.kind is Kind.SOLO and (quiz.group, quiz.host) == (group, member)
    return quiz if own else None


def _grade(snapshot: Snapshot, reply: Reply) -> Graded | None:
    """Grade as everywhere, but what is open elsewhere is only shown here and judged by the member."""
    return grade(snapshot if snapshot.form == "choice" else replace(snapshot, form="self"), reply)


def _read(given: str) -> Reply:
    if given == DONT_KNOW:
        return DontKnow()
    if given in list(SelfGrade):
        return Rated(SelfGrade(given))
    return Chosen(given)


def _reply(answer: QuizAnswer) -> Reply:
    if answer.grade is not None:
        return Rated(SelfGrade(answer.grade))
    return _read(answer.choice or DONT_KNOW)
