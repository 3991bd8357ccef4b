"""A sandbox, people in it, and a real discord.py client that is pointed at it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import discord
import pytest
from discord import app_commands

from deckwright_bot.sandbox import Options, Owner, Sandbox, ShiftedClock

OPENAPI = Path(__file__).parents[1] / "data" / "discord" / "openapi.json"
LONGEST = 40.0
T = TypeVar("T")


def run(work: Coroutine[object, object, T]) -> T:
    """Run a test's coroutine, but not for ever."""

    async def bounded() -> T:
        async with asyncio.timeout(LONGEST):
            return await work

    return asyncio.run(bounded())


class Client(discord.Client):
    """The smallest bot with slash commands; it keeps what went wrong and what it heard."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        super().__init__(
            intents=intents or discord.Intents.default(),
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.tree = app_commands.CommandTree(self)
        self.errors: list[BaseException] = []
        self.heard: list[str] = []
        self.is_up = asyncio.Event()

    async def on_ready(self) -> None:
        self.is_up.set()

    async def on_socket_event_type(self, name: str) -> None:
        self.heard.append(name)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        error = sys.exc_info()[1]
        assert error is not None, event_method
        self.errors.append(error)


class World:
    """One sandbox with a guild, its owner, a member and the bot invited."""

    def __init__(self, sandbox: Sandbox, clock: ShiftedClock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.owner: Owner = sandbox.owner()
        self.member = self.owner.add_member("Ada")
        self.channel = self.owner.home
        self.owner.invite_bot()
        self.clean = True

    def expect(self, kind: str, words: str) -> None:
        """The bot was meant to do something wrong, and did."""
        found = self.sandbox.violations
        assert any(one.kind == kind and words in one.text for one in found), found
        found.clear()

    @asynccontextmanager
    async def running(self, client: discord.Client, *, sync: bool = True) -> AsyncIterator[None]:
        """Log a client in, sync its commands, connect it, and close it at the end."""
        await client.login(self.sandbox.token)
        # a real client waits 2 s for more guilds before it is ready
        client._connection.guild_ready_timeout = 0.1
        if sync:
            tree: app_commands.CommandTree[Any] = client.tree  # type: ignore[attr-defined]
            await tree.sync()
        task = asyncio.create_task(client.connect())
        try:
            await self.sandbox.ready()
            # the sandbox has sent its guilds; the client has yet to read them
            await eventually(client.is_ready, 15)
            yield
        finally:
            await client.close()
            if client._connection._ready_task is not None:
                client._connection._ready_task.cancel()
            await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 10)
        if isinstance(client, Client):
            assert client.errors == []

    def bot_channel(self, client: discord.Client) -> discord.TextChannel:
        """The guild's channel as the client knows it."""
        found = client.get_channel(self.channel.id)
        assert isinstance(found, discord.TextChannel)
        return found


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[World]:
    """A sandbox that checks every body against Discord's description, and must end without a violation."""
    clock = ShiftedClock()
    async with Sandbox(Options(openapi=OPENAPI, **options), clock=clock) as sandbox:
        with sandbox.redirect():
            made = World(sandbox, clock)
            yield made
        sandbox.assert_clean()


async def refused(work: Awaitable[object], code: int, status: int | None = None) -> discord.HTTPException:
    """The work must be refused with this number."""
    with pytest.raises(discord.HTTPException) as caught:
        await work
    assert (caught.value.code, caught.value.status if status else None) == (code, status), caught.value
    return caught.value


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.01)
