"""Single faults by script, each at the moment that hurts: what the simulated weeks found, kept as claims."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest
from apscheduler.schedulers import base as schedulers

from bot import server as stage
from bot.fakes import GROUP, START, FakeMessenger, World, fresh, little_library
from bot.server import OPEN_LIBRARY, MovedClock, Server, story, title_of
from bot.test_end_to_end import answered_and_closed
from deckwright_bot.client import StudyBot
from deckwright_bot.clock import Ticker
from deckwright_bot.sandbox import text_of
from deckwright_bot.sandbox.model import Message
from deckwright_bot.services.answers import Verdict
from deckwright_bot.services.groups import Further
from deckwright_bot.services.ports import Rematch, Tally, Unavailable, Yesterday
from deckwright_bot.services.posts import Pace
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.services.steps import Steps
from deckwright_bot.store.database import DatabaseError
from deckwright_bot.store.facts import Facts
from deckwright_bot.store.records import DAILY, Daily, Post
from libraries import write

# aiohttp reads some uploads by a way that it has deprecated itself
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Overtaken(FakeMessenger):
    """A chat in which somebody's last click is heard of just while the result is being shown."""

    world: World | None = None
    clicks: list[datetime] = field(default_factory=list)

    async def reveal(self, post: Post, tally: Tally, rematch: Rematch | None) -> None:
        while self.clicks and self.world is not None:
            at, letter = self.clicks.pop(), snapshot_of(post).options[0].letter
            taken = await self.world.answers.choose(post.id, GROUP, 7, "late", letter, at)
            assert taken.verdict is Verdict.NEW
        await super().reveal(post, tally, rematch)


def test_r15_an_answer_that_is_heard_of_while_the_result_is_shown_is_counted_in_it(tmp_path: Path) -> None:
    async def told() -> None:
        chat = Overtaken()
        world = chat.world = fresh(tmp_path, little_library(5), chat)
        await world.set_up()
        post = await world.posts.today(GROUP, DAILY)
        assert post is not None
        assert post.closes is not None
        chat.clicks = [post.closes - timedelta(seconds=1)]
        world.now = post.closes
        for _ in range(3):
            await world.posts.tick(world.now)
            world.now += MINUTE
        assert chat.revealed[post.id].answers == 1
        await world.database.close()

    asyncio.run(told())


def test_r9_a_post_waits_no_longer_because_the_clock_was_set_back(tmp_path: Path) -> None:
    """When to try again was written down by a clock that was three hours ahead."""

    async def told() -> None:
        chat = FakeMessenger()
        world = fresh(tmp_path, little_library(5), chat)
        await world.set_up(at="12:00")
        world.now = START + 2 * HOUR
        await world.live(DAY)
        chat.fail = [Unavailable("the network is down")]
        await world.posts.tick(START + DAY + 5 * HOUR)
        assert not chat.fail
        sent = len(chat.sent)
        world.now = START + DAY + 4 * HOUR + 5 * MINUTE
        for _ in range(3):
            await world.posts.tick(world.now)
            world.now += MINUTE
        assert len(chat.sent) == sent + 1
        await world.database.close()

    asyncio.run(told())


class SetBack(datetime):
    """The time of a machine whose clock somebody sets while the scheduler sleeps."""

    behind = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time() - cls.behind.total_seconds(), tz)


def test_r2_ticks_go_on_though_the_clock_was_set_back_by_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler sleeps until its clock shows the next tick again; the watch does not."""
    monkeypatch.setattr(schedulers, "datetime", SetBack)

    async def told() -> None:
        ticked = asyncio.Event()

        async def work() -> None:
            ticked.set()

        ticker = Ticker(1.0, work)
        ticker.start()
        await ticked.wait()
        monkeypatch.setattr(SetBack, "behind", HOUR)
        for _ in range(2):
            ticked.clear()
            await asyncio.wait_for(ticked.wait(), 60)
        await ticker.stop()

    asyncio.run(told())


def test_r2_a_tick_that_takes_long_is_alone_and_the_next_one_follows_it() -> None:
    async def told() -> None:
        began, release, ticks, at_once = asyncio.Event(), asyncio.Event(), 0, 0

        async def work() -> None:
            nonlocal ticks, at_once
            at_once += 1
            assert at_once == 1
            ticks += 1
            began.set()
            await release.wait()
            at_once -= 1

        ticker = Ticker(0.05, work)
        ticker.start()
        await began.wait()
        for _ in range(20):
            await ticker.tick()
        assert ticks == 1
        began.clear()
        release.set()
        await asyncio.wait_for(began.wait(), 60)
        await ticker.stop()

    asyncio.run(told())


def test_r2_a_tick_that_is_at_work_when_the_ticker_ends_is_finished() -> None:
    async def told() -> None:
        began, release, done = asyncio.Event(), asyncio.Event(), []

        async def work() -> None:
            began.set()
            await release.wait()
            done.append(True)

        ticker = Ticker(1.0, work)
        ticker.start()
        await began.wait()
        ending = asyncio.create_task(ticker.stop())
        await asyncio.sleep(0)
        release.set()
        await ending
        assert done

    asyncio.run(told())


@dataclass
class Slow(FakeMessenger):
    """A chat that takes a minute for whatever it is asked to send."""

    world: World | None = None

    async def send_post(
        self, post: Post, daily: Daily, yesterday: Yesterday | None, rematch: Rematch | None
    ) -> int:
        assert self.world is not None
        self.world.now += MINUTE
        # Another tick comes while this one is at work.
        await self.world.posts.tick(self.world.now)
        return await super().send_post(post, daily, yesterday, rematch)


def test_r1_r2_ticks_that_take_a_minute_post_each_date_once(tmp_path: Path) -> None:
    async def told() -> None:
        chat = Slow()
        world = chat.world = fresh(tmp_path, little_library(9), chat, pace=Pace(patience=0.01))
        await world.set_up()
        await world.live(5 * DAY, HOUR)
        while world.posts._busy:  # noqa: ASYNC110  the services tell nobody
            await asyncio.sleep(0.01)
        days = [post.date for post, _ in chat.sent.values()]
        assert days == [START.date() + number * DAY for number in range(5)]
        await world.database.close()

    asyncio.run(told())


class WrongClock(MovedClock):
    """The clock of a machine that is wrong, as when it starts before it has asked the network for the time."""

    wrong = timedelta()

    def now(self) -> datetime:
        return super().now() + self.wrong


def posts_in(server: Server) -> list[Message]:
    ours = server.sandbox.core.world.bot.id
    return [
        message
        for message in server.owner.sees()
        if message.author_id == ours and "dw:mine" in str(message.components)
    ]


@pytest.mark.parametrize("mended", [False, True])
def test_r7_a_post_is_found_though_the_clock_was_ahead_when_it_was_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, mended: bool
) -> None:
    """Its answer was lost, and the nonce holds no longer when it is looked for."""
    monkeypatch.setattr(stage, "MovedClock", WrongClock)
    monkeypatch.setattr(WrongClock, "wrong", HOUR)

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            server.sandbox.faults.lose_answer("POST /channels/[0-9]+/messages$")
            await server.move(bot, hours=25, step=0.5)
            assert len(posts_in(server)) == 2
            if mended:
                WrongClock.wrong = timedelta()
            await server.move(bot, hours=2, step=0.25)
            assert len(posts_in(server)) == 2
            post = await bot.context.services.posts.today(server.owner.guild.id, DAILY)
            assert post is not None
            assert post.message == posts_in(server)[-1].id

    story(tmp_path, tell)


async def mention(bot: StudyBot, server: Server, role: int) -> None:
    further = Further(frozenset(range(7)), frozenset(), None, role, None)
    groups, owner = bot.context.services.groups, server.owner
    await groups.change(owner.guild.id, further, owner.user.id, bot.context.now())


def test_r9_a_role_that_was_deleted_is_not_mentioned_and_the_post_comes_all_the_same(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            role = server.owner.create_role("students", mentionable=True)
            server.owner.give_role(server.ada, role)
            await mention(bot, server, role.id)
            await server.move(bot, hours=27)
            assert posts_in(server)[-1].notified == {server.ada.user.id}
            server.owner.delete_role(role)
            guild = bot.get_guild(server.owner.guild.id)
            assert guild is not None
            while guild.get_role(role.id) is not None:  # noqa: ASYNC110  the client tells nobody
                await asyncio.sleep(0.01)
            await server.move(bot, hours=24)
            assert len(posts_in(server)) == 3
            assert posts_in(server)[-1].content == ""
            panel = await server.owner.slash("settings")
            assert "the role to mention is gone" in text_of(panel.message)

    story(tmp_path, tell)


@dataclass
class ClosedMeanwhile(FakeMessenger):
    """A chat in which a post closes just while its live count is being shown."""

    world: World | None = None

    async def show_count(self, post: Post, answers: int) -> None:
        assert self.world is not None
        assert post.closes is not None
        await self.world.posts.close(post, post.closes)
        await super().show_count(post, answers)


def test_r15_r24_a_live_count_that_comes_too_late_is_not_what_a_closed_post_shows(tmp_path: Path) -> None:
    async def told() -> None:
        chat = ClosedMeanwhile()
        world = chat.world = fresh(tmp_path, little_library(5), chat)
        await world.set_up()
        post = await world.posts.today(GROUP, DAILY)
        assert post is not None
        await world.answers.dont_know(post.id, GROUP, 7, "m", world.now)
        await Steps(world.database, chat).show_count(post, 0, world.now)
        closed = await world.posts.find(post.id)
        assert closed is not None
        assert closed.shown_count == 1
        await world.database.close()

    asyncio.run(told())


def test_r31_a_share_that_cannot_be_written_down_is_taken_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise nobody could ever take it back."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            closed = await answered_and_closed(server, bot)

            async def locked(*_: object) -> bool:
                raise DatabaseError("another program holds the database")

            monkeypatch.setattr(bot.context.services.answers, "share", locked)
            told = await server.ada.click(closed, "Share in thread")
            assert "reach my data" in told.text
            assert not any("Ada wrote" in title_of(m) for m in server.bob.sees())

    story(tmp_path, tell, cards=write(tmp_path / "library", OPEN_LIBRARY))


def test_what_fails_beside_the_ticks_is_logged_though_the_tick_did_not_wait_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def told() -> None:
        world = fresh(tmp_path, little_library(20), FakeMessenger())
        bot, fail = StudyBot(Facts(world.database)), asyncio.Event()
        bot.pace = Pace(patience=0.01)

        async def fails() -> None:
            await fail.wait()
            raise DatabaseError("the disk is full")

        await bot._beside("care", fails)
        late = bot._aside["care"]
        fail.set()
        await asyncio.wait({late})
        assert bot._aside == {}
        await world.database.close()

    asyncio.run(told())
    assert caplog.messages.count("care failed; the next tick tries again: the disk is full") == 1
