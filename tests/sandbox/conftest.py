"""A sandbox, and clients of the real discord.py that are pointed at it."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deckwright_bot.sandbox import Options, Owner, Sandbox, ShiftedClock

with warnings.catch_warnings():
    # its player imports audioop, which Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord

OPENAPI = Path(__file__).parents[1] / "data" / "discord" / "openapi.json"
LONGEST = 40.0


def run[T](work: Coroutine[object, object, T]) -> T:
    """Run a test's coroutine, but not for ever."""

    async def bounded() -> T:
        async with asyncio.timeout(LONGEST):
            return await work

    return asyncio.run(bounded())


class World:
    """One sandbox with a guild, its owner, a member and the bot invited."""

    def __init__(self, sandbox: Sandbox, clock: ShiftedClock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.owner: Owner = sandbox.owner()
        self.member = self.owner.add_member("Ada")
        self.errors: list[BaseException] = []

    @asynccontextmanager
    async def running(self, client: discord.Client) -> AsyncIterator[None]:
        """Log a client in, connect it, and close it at the end."""

        async def on_error(*_: object, **__: object) -> None:
            import sys

            error = sys.exception()
            assert error is not None
            self.errors.append(error)

        client.on_error = on_error  # type: ignore[method-assign]
        # a real client waits 2 s for more guilds before it is ready
        client._connection.guild_ready_timeout = 0.1
        task = asyncio.create_task(client.start(self.sandbox.token))
        try:
            await self.sandbox.ready()
            yield
        finally:
            await client.close()
            await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 10)
