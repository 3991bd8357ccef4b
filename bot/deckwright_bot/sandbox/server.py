"""The sandbox as a server: in this process on a free port, or on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from deckwright_bot.sandbox.clock import Clock
from deckwright_bot.sandbox.core import Core, Options, Violation
from deckwright_bot.sandbox.faults import Faults
from deckwright_bot.sandbox.gateway import Gateway
from deckwright_bot.sandbox.owner import Owner
from deckwright_bot.sandbox.redirect import Redirection, redirect
from deckwright_bot.sandbox.rest import all_routes
from deckwright_bot.sandbox.rest.pipeline import Pipeline

LOOPBACK = "127.0.0.1"
MAX_BODY = 64 * 1024 * 1024
AVATAR = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


class Sandbox:
    """A Discord of its own: ``async with Sandbox() as sandbox`` starts and stops it."""

    def __init__(
        self,
        options: Options | None = None,
        *,
        port: int = 0,
        clock: Clock | None = None,
        id_clock: Clock | None = None,
    ) -> None:
        self.core = Core(options or Options(), clock, id_clock)
        self.gateway = Gateway(self.core)
        self.port = port
        self._pipeline = Pipeline(self.core, all_routes())
        self._runner: web.AppRunner | None = None

    # -- starting and stopping -----------------------------------------------------------------

    async def start(self) -> None:
        """Listen on loopback, on a free port unless one was named."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{id}/{name}", self._attachment)
        app.router.add_get("/cdn/{path:.*}", _avatar)
        app.router.add_route("*", "/api/v10/{path:.*}", self._pipeline.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.core.base_url = self.core.messages.base_url = f"http://{LOOPBACK}:{self.port}"
        self.core.gateway_url = f"ws://{LOOPBACK}:{self.port}/gateway/"

    async def stop(self) -> None:
        """Close all sockets and the port."""
        await self.gateway.shut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _attachment(self, request: web.Request) -> web.Response:
        channel = self.core.world.channels.get(int(request.match_info["channel"]))
        wanted = int(request.match_info["id"])
        posted = [
            one for message in (channel.messages.values() if channel else ()) for one in message.attachments
        ]
        for one in (*posted, *self.core.uploads.values()):
            if one.id == wanted:
                return web.Response(body=one.content, content_type=one.content_type)
        return web.Response(status=404)

    # -- using it ------------------------------------------------------------------------------

    @property
    def api_base(self) -> str:
        """What ``DECKWRIGHT_API_BASE`` has to be."""
        return f"{self.core.base_url}/api/v10"

    @property
    def token(self) -> str:
        """The only token that is let in."""
        return self.core.options.token

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""
        return self.core.faults

    def redirect(self) -> Redirection:
        """Point this process's discord.py at the sandbox, until ``undo`` or the end of a ``with``."""
        return redirect(self.api_base)

    def owner(self, name: str = "Olga", guild: str = "Study group", *, locale: str = "en-US") -> Owner:
        """A new person who has just founded a guild; the bot is not invited yet."""
        user = self.core.world.add_user(name, locale=locale)
        return Owner(self.core, user, self.core.world.add_guild(guild, user, locale=locale))

    async def until(self, condition: Callable[[], bool], timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until something holds; AssertionError when it does not in time."""
        assert await self.core.hub.until(condition, timeout), "the sandbox waited in vain"

    async def ready(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Wait until every shard of the bot has identified; the client may still be reading its guilds."""
        async with asyncio.timeout(timeout):
            # no event tells of a session
            while len(self.gateway.open_sessions()) < self.core.options.shards:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    # -- judging the bot -----------------------------------------------------------------------

    @property
    def violations(self) -> list[Violation]:
        """Everything a well-behaved bot never does, in order."""
        return self.core.violations

    def assert_clean(self) -> None:
        """Fail if the bot broke a limit, sent what Discord does not describe or asked for an unknown route."""
        listed = "\n".join(f"[{one.kind}] {one.text}" for one in self.core.violations)
        assert not self.core.violations, f"{len(self.core.violations)} violations\n{listed}"


async def _avatar(_: web.Request) -> web.Response:
    return web.Response(body=AVATAR, content_type="image/png")
