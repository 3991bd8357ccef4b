"""A server in a sandbox with an owner and two members, and the whole bot in it: the stage of end-to-end tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from deckwright_bot.client import StudyBot
from deckwright_bot.sandbox import Options, Outcome, Sandbox, ShiftedClock
from deckwright_bot.services.library import StudyLibrary, load
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.store.records import DAILY, Post
from deckwright_bot.ui.render import Renderer
from deckwright_bot.wiring import make_bot

OPENAPI = Path(__file__).parents[1] / "data" / "discord" / "openapi.json"
LONGEST = 90.0

OPEN_LIBRARY = {
    "library.yaml": "title: L\nnamespace: test\ndecks: [deck]\n",
    "deck/deck.yaml": "title: Deck\n",
    "deck/topic.yaml": """
        topic: topic
        title: Topic
        cards:
          - id: first
            core: true
            front: Is it?
            back: It is.
            right: yes it is
            wrong:
              - {text: not at all, why: it is}
              - {text: perhaps, why: it is}
              - {text: never, why: it is}
          - id: open-one
            front: Why does dropout help?
            back: Units cannot rely on each other.
            key_points:
              - say: units cannot rely on each other
                words: [co-adapt, rely]
              - say: it is like an ensemble of networks
                words: [ensemble]
    """,
}
"""One card to choose from and one to write about, as files of a library."""


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
    cards: Path = Path("cards")
    names: tuple[str, str, str, str] = ("Olga", "Study group", "Ada", "Bob")
    locale: str = "en-US"

    def __post_init__(self) -> None:
        owner, group, first, second = self.names
        self.owner = self.sandbox.owner(owner, group, locale=self.locale)
        self.ada = self.owner.add_member(first)
        self.bob = self.owner.add_member(second)
        for member in (self.ada, self.bob):
            member.user.locale = self.locale
        for member in (self.owner, self.ada, self.bob):
            # Bounds for a busy machine: a test that waits in vain fails all the same.
            member.patience, member.settle = 30.0, 3.0

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[StudyBot]:
        """A run of the bot; another one afterwards is the same bot after a restart."""
        clock = MovedClock(self.clock)
        path = self.folder / "bot.sqlite"
        migrate(path, clock.now())
        database = Database(path)
        library = library_of(self.cards)
        drawing = ThreadPoolExecutor(1)
        bot = make_bot(database, library, clock, Renderer(images_of=library.images), drawing)
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
        hello = await self.owner.wait_for(lambda m: button_of(m, "begin") is not None)
        form = await self.owner.click(hello, button_named(hello, "begin"))
        await self.owner.submit(
            form,
            {
                "channel": self.owner.home,
                "time": "09:00",
                "zone": "Europe/Berlin",
                "level": "medium",
            },
        )
        return await self.ada.wait_for(lambda m: button_of(m, "mine") is not None)

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


def buttons_of(message: Any) -> Iterator[dict[str, Any]]:
    for row in message.components:
        yield from row["components"]


def button_of(message: Any, action: str) -> dict[str, Any] | None:
    """The first button with that action in its custom id."""
    return next((b for b in buttons_of(message) if f"{b['custom_id']}:".startswith(f"dw:{action}:")), None)


def button_named(message: Any, action: str) -> str:
    found = button_of(message, action)
    assert found is not None, f"no {action} among {[b['custom_id'] for b in buttons_of(message)]}"
    return str(found["custom_id"])


@cache
def library_of(folder: Path) -> StudyLibrary:
    return load(folder)


async def posts_of(bot: StudyBot, server: Server) -> list[Post]:
    from deckwright_bot.store import posts as post_store

    async with bot.context.services.posts._database.reading() as connection:
        return await post_store.of_series(connection, server.owner.guild.id, DAILY)


async def forge(member: Any, message: Any, custom_id: str) -> Outcome:
    """Press a button that the message does not have, as a changed client can."""
    from deckwright_bot.sandbox.interaction import InteractionType

    channel, current = member._current(message)
    data = {"custom_id": custom_id, "component_type": 2, "id": 1}
    return await member._do(InteractionType.COMPONENT, channel, data, current)  # type: ignore[no-any-return]


async def forge_command(member: Any, command: str, /, **options: Any) -> Outcome:
    """Call a command that Discord does not offer this member."""
    from deckwright_bot.sandbox.calls import command_data, find_command
    from deckwright_bot.sandbox.interaction import InteractionType

    found, path = find_command(member.core.commands.usable(member.guild.id), command.split())
    data = command_data(found, path, options, member._resolver(member.home))
    return await member._do(InteractionType.COMMAND, member.home, data)  # type: ignore[no-any-return]


async def forge_form(
    member: Any, opener: Outcome, custom_id: str, fields: dict[str, str | list[str]]
) -> Outcome:
    """Send a form that nobody opened; Discord takes it for that of an earlier interaction."""
    from deckwright_bot.sandbox.interaction import InteractionType

    parts = []
    for number, (name, value) in enumerate(fields.items()):
        given = {"value": value} if isinstance(value, str) else {"values": value}
        kind = 4 if isinstance(value, str) else 3
        inner = {"type": kind, "id": 2 * number + 2, "custom_id": name, **given}
        parts.append({"type": 18, "id": 2 * number + 1, "component": inner})
    data = {"custom_id": custom_id, "components": parts, "opener": opener.interaction.metadata}
    return await member._do(InteractionType.MODAL, member.home, data)  # type: ignore[no-any-return]


def story(
    tmp_path: Path,
    tell: Callable[[Server], Awaitable[None]],
    *,
    cards: Path = Path("cards"),
    names: tuple[str, str, str, str] = ("Olga", "Study group", "Ada", "Bob"),
    locale: str = "en-US",
) -> None:
    """Tell a story in a sandbox that checks every request."""

    async def whole() -> None:
        clock = ShiftedClock()
        # A known morning, so that the day's post is never due while the story runs.
        now = datetime.now(UTC)
        clock.advance((now.replace(hour=6, minute=0, second=0, microsecond=0) - now).total_seconds())
        async with asyncio.timeout(LONGEST), Sandbox(Options(openapi=OPENAPI), clock=clock) as sandbox:
            with sandbox.redirect():
                await tell(Server(sandbox, clock, tmp_path, cards, names, locale))
            sandbox.assert_clean()

    asyncio.run(whole())
