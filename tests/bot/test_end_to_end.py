"""The whole bot, through an unmodified discord.py, on a Discord of our own that checks every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deckwright_bot.client import StudyBot
from deckwright_bot.sandbox import Options, Sandbox, ShiftedClock
from deckwright_bot.services.library import load
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.ui.render import Renderer
from deckwright_bot.wiring import make_bot

OPENAPI = Path(__file__).parents[1] / "data" / "discord" / "openapi.json"
LONGEST = 90.0


class MovedClock:
    """The bot's clock: the sandbox's, which the test moves."""

    speed = 1.0

    def __init__(self, shifted: ShiftedClock) -> None:
        self._shifted = shifted

    def now(self) -> datetime:
        return self._shifted.now()

    def from_real(self, real: datetime) -> datetime:
        return real + self._shifted.offset

    def to_real(self, shown: datetime) -> datetime:
        return shown - self._shifted.offset


@dataclass
class Server:
    """A sandbox with an owner and two members, and where the bot keeps its data."""

    sandbox: Sandbox
    clock: ShiftedClock
    folder: Path

    def __post_init__(self) -> None:
        self.owner = self.sandbox.owner("Olga", "Study group")
        self.ada = self.owner.add_member("Ada")
        self.bob = self.owner.add_member("Bob")

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[StudyBot]:
        """A run of the bot; another one afterwards is the same bot after a restart."""
        clock = MovedClock(self.clock)
        path = self.folder / "bot.sqlite"
        migrate(path, clock.now())
        database = Database(path)
        library = load(Path("cards"))
        drawing = ThreadPoolExecutor(1)
        bot = make_bot(database, library, clock, Renderer(), drawing)
        bot._connection.guild_ready_timeout = 0.1
        running = asyncio.create_task(bot.start(self.sandbox.token))
        try:
            await self.sandbox.ready()
            while not bot.is_ready():
                assert not running.done(), running.exception()
                await asyncio.sleep(0.02)
            yield bot
        finally:
            await bot.close()
            if bot._connection._ready_task is not None:
                bot._connection._ready_task.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await database.close()
            drawing.shutdown()

    async def set_up(self) -> Any:
        """Invite the bot, press its one button, fill in the four things; the first post."""
        self.owner.invite_bot()
        hello = await self.owner.wait_for(lambda m: "question a day" in title_of(m))
        form = await self.owner.click(hello, "Set up")
        await self.owner.submit(
            form,
            {
                "Channel": self.owner.home,
                "Time of day": "09:00",
                "Time zone": "Europe/Berlin",
                "How hard": "medium",
            },
        )
        return await self.ada.wait_for(lambda m: title_of(m) == "Question of the day")

    async def move(self, bot: StudyBot, *, hours: float, step: float = 2) -> None:
        """Let time pass, ticking as in a real week."""
        while hours > 0:
            self.clock.advance(3600 * min(step, hours))
            hours -= step
            await bot._tick()


def title_of(message: Any) -> str:
    return " ".join(str(embed["title"]) for embed in message.embeds if embed.get("title"))


def words_of(message: Any) -> str:
    parts = [message.content or ""]
    for embed in message.embeds:
        parts += [str(embed.get("title") or ""), str(embed.get("description") or "")]
        parts += [str(field.get("value") or "") for field in embed.get("fields", [])]
    return "\n".join(parts)


def story(tmp_path: Path, tell: Callable[[Server], Awaitable[None]]) -> None:
    async def whole() -> None:
        clock = ShiftedClock()
        # A known morning, so that the day's post is never due while the story runs.
        now = datetime.now(UTC)
        clock.advance((now.replace(hour=6, minute=0, second=0, microsecond=0) - now).total_seconds())
        async with asyncio.timeout(LONGEST), Sandbox(Options(openapi=OPENAPI), clock=clock) as sandbox:
            with sandbox.redirect():
                await tell(Server(sandbox, clock, tmp_path))
            sandbox.assert_clean()

    asyncio.run(whole())


pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")


def test_a_group_is_set_up_asked_answered_and_told(tmp_path: Path) -> None:
    """Joining to reveal: nothing public too early, every request valid by Discord's schema and limits."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            first = await server.ada.click(post, "A")
            again = await server.ada.click(post, "B")
            await server.bob.click(post, "I don't know")
            assert first.ephemeral
            assert "You answered this one already" in words_of(again.message)
            assert not any(title_of(m) in ("Right", "Not quite") for m in server.bob.sees())
            await server.move(bot, hours=30)
            closed = next(m for m in server.bob.sees() if m.id == post.id)
            assert title_of(closed) == "Closed"
            following = [m for m in server.bob.sees() if title_of(m) == "Question of the day"]
            assert len(following) == 1
            assert "Yesterday" in words_of(following[0])

    story(tmp_path, tell)


def test_buttons_and_modals_from_before_a_restart_still_work(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            post = await server.set_up()
            result = await server.ada.click(post, "A")
            form = await server.ada.click(result.message, "Report")
        async with server.bot():
            sent = await server.ada.submit(form, {"What is wrong?": "A typo"})
            late = await server.bob.click(post, "B")
            assert "Thank you" in sent.text
            assert late.ephemeral

    story(tmp_path, tell)


def test_every_command_answers_in_private(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
            for command in (
                "daily", "streak show", "leaderboard", "help", "privacy show", "privacy export", "privacy hide",
                "privacy delete",
            ):  # fmt: skip
                answer = await server.ada.slash(command)
                assert answer.ephemeral, command
                assert not answer.failed, command
            paused = await server.ada.slash("streak pause", days=3)
            assert "waits" in paused.text
            for command in ("admin status", "admin pause", "admin resume", "admin post", "settings"):
                answer = await server.owner.slash(command)
                assert not answer.failed, command
            zones = await server.owner.autocomplete("settings", "zone", "new york")
            assert "America/New_York" in str(zones)

    story(tmp_path, tell)


def test_a_restart_posts_nothing_twice_and_greets_nobody_twice(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
        for _ in range(2):
            async with server.bot() as bot:
                await bot._tick()
        titles = [title_of(m) for m in server.bob.sees()]
        assert titles.count("Question of the day") == 1
        assert sum("question a day" in title for title in titles) == 1

    story(tmp_path, tell)


def test_work_done_but_answer_lost_makes_one_post(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            server.sandbox.faults.server_error("POST .*/messages", done=True)
            await server.move(bot, hours=27)
            for _ in range(3):
                await server.move(bot, hours=0.1, step=0.05)
            posts = [m for m in server.bob.sees() if title_of(m) == "Question of the day"]
            assert len(posts) == 1

    story(tmp_path, tell)
