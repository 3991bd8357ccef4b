"""A group with its quizzes over a real database, and a stage that remembers: what tests of quizzes play on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.fakes import GROUP, START, FakeMessenger, FakeStage, World, fresh
from bot.server import library_of
from deckwright.study.keys import PromptKey
from deckwright.study.quiz import Phase, Wanted
from deckwright_bot.services.group_quizzes import GroupQuizzes, QuizResult
from deckwright_bot.services.library import StudyLibrary, load
from deckwright_bot.services.solo_quizzes import Sheet, SoloQuizzes
from deckwright_bot.store import posts as post_store, scores
from deckwright_bot.store.quizzes import Quiz

CHANNEL = 77
HOST, ADA, BOB = 1, 2, 3
TODAY = date(2026, 3, 2)
CHOICES = Wanted()


@dataclass
class Play:
    """A group with its quizzes; ``now`` is people's time."""

    world: World
    stage: FakeStage
    group: GroupQuizzes
    solo: SoloQuizzes
    now: datetime = START

    async def begin(self, count: int = 3) -> Quiz:
        started = await self.group.start(
            GROUP, CHANNEL, HOST, "Hal", CHOICES, count=count, seconds=30, now=self.now, today=TODAY, seed=5
        )
        assert started.quiz is not None
        return started.quiz

    async def begin_with(self, prompt: PromptKey, day: date) -> Quiz:
        wanted = Wanted(only=frozenset({prompt}))
        started = await self.group.start(
            GROUP, CHANNEL, HOST, "Hal", wanted, count=1, seconds=30, now=self.now, today=day, seed=5
        )
        assert started.quiz is not None
        return started.quiz

    def some_prompt(self) -> PromptKey:
        """A choice that no open post asks."""
        taken = {post.card for post, _ in self.world.messenger.sent.values()}
        return next(
            each.key
            for each in self.world.library.askables
            if each.form == "choice" and each.key.card not in taken
        )

    async def start_alone(self, count: int, seed: int = 3) -> Sheet:
        sheet = await self.solo.start(
            GROUP, ADA, "Ada", CHOICES, count=count, only_missed=False, now=self.now, today=TODAY, seed=seed
        )
        assert sheet is not None
        return sheet

    async def start_missed(self) -> Sheet | None:
        return await self.solo.start(
            GROUP, ADA, "Ada", CHOICES, count=9, only_missed=True, now=self.now, today=TODAY, seed=3
        )

    async def reply(self, sheet: Sheet, *, right: bool) -> Sheet:
        assert sheet.snapshot is not None
        letter = next(option.letter for option in sheet.snapshot.options if option.right == right)
        found = await self.solo.reply(sheet.quiz.id, sheet.quiz.position, GROUP, ADA, letter, self.now)
        assert found is not None
        return found

    async def go_on(self, sheet: Sheet) -> Sheet:
        found = await self.solo.go_on(sheet.quiz.id, sheet.quiz.position, GROUP, ADA, self.now)
        assert found is not None
        return found

    async def points(self, member: int) -> int:
        async with self.world.database.reading() as connection:
            found = await scores.board(connection, GROUP, date.min, date.max)
        return sum(each.points for each in found if each.member == member)

    async def pass_time(self, span: timedelta) -> None:
        until = self.now + span
        while self.now < until:
            self.now = min(self.now + timedelta(seconds=1), until)
            await self.group.tick(self.now)

    async def asking(self, quiz: Quiz) -> Quiz:
        """Wait for the next question."""
        before = (await self.at(quiz)).position
        for _ in range(200):
            await self.pass_time(timedelta(seconds=1))
            found = await self.at(quiz)
            if found.phase is Phase.ASKING and found.position > before:
                return found
        raise AssertionError("no question came")

    async def at(self, quiz: Quiz) -> Quiz:
        found = await self.group.find(quiz.id)
        assert found is not None
        return found

    async def answer(self, quiz: Quiz, member: int, *, right: bool) -> QuizResult:
        snapshot = self.stage.asked[quiz.id, quiz.position]
        letter = next(option.letter for option in snapshot.options if option.right == right)
        return await self.group.choose(quiz.id, quiz.position, GROUP, member, f"m{member}", letter, self.now)

    def restarted(self) -> Play:
        """The same database and channel under a new program."""
        group = GroupQuizzes(self.world.database, self.world.library, self.stage)
        return Play(
            self.world, self.stage, group, SoloQuizzes(self.world.database, self.world.library), self.now
        )


async def open_card(play: Play) -> str:
    """The card of the group's open post."""
    async with play.world.database.reading() as connection:
        return next(iter(await post_store.open_cards(connection, GROUP)))


def its_own() -> StudyLibrary:
    """A library that a test may change."""
    return load(Path("cards"))


def run(
    folder: Path, story: Callable[[Play], Awaitable[None]], *, library: StudyLibrary | None = None
) -> None:
    """Tell a story in a group that is set up."""

    async def whole() -> None:
        world = fresh(folder, library or library_of(Path("cards")), FakeMessenger())
        await world.set_up()
        stage = FakeStage()
        group = GroupQuizzes(world.database, world.library, stage)
        try:
            await story(Play(world, stage, group, SoloQuizzes(world.database, world.library)))
        finally:
            await world.database.close()

    asyncio.run(whole())
