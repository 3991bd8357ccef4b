"""A small study group in a sandbox with the unmodified bot, all in one process and on one clock."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from deckwright.cache import Cache
from deckwright_bot.sandbox import Options, Permission, Sandbox
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.store.migrate import migrate
from deckwright_bot.trial.beginning import friendly
from deckwright_bot.trial.clock import SettableClock
from deckwright_bot.trial.moving import PACE
from deckwright_bot.trial.people import Crowd, Person, button_of, is_open
from deckwright_bot.trial.rows import TellingDatabase
from deckwright_bot.trial.traffic import Traffic
from deckwright_bot.ui.render import Renderer
from deckwright_bot.wiring import Shelf, make_bot

if TYPE_CHECKING:
    from deckwright_bot.sandbox.driver import Member
    from deckwright_bot.sandbox.model import Message

GROUP: Final = "Study group"
OWNER: Final = ("Olga", 7, timedelta(minutes=40))
MEMBERS: Final = (
    ("Ada", 9, timedelta(minutes=20)),
    ("Ben", 6, timedelta(hours=2)),
    ("Chen", 4, timedelta(hours=5)),
)
"""Who they are, how many of ten questions they know, and how long after a post they answer."""
OPTIONS: Final = Options(rate_limits=False)
"""Discord counts requests by the real second; at a clock that runs through a day in a few of them, a quiet
group would look like a flood."""
READY: Final = 0.1
"""Real seconds for which the client waits for further servers after the last one; there is one."""


class TrialGroup:
    """The group: an owner and three members who know different amounts. Enter it to start everything."""

    def __init__(
        self,
        library: StudyLibrary,
        folder: Path,
        *,
        seed: int = 1,
        start: datetime | None = None,
        shelf: Shelf | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.clock = SettableClock()
        if start is not None:
            self.clock.advance(max(start - self.clock.now(), timedelta()))
        self.sandbox = Sandbox(OPTIONS, clock=self.clock)
        self.data = folder / "bot.sqlite"
        self._library = library
        self._random = Random(seed)  # noqa: S311  a play, no secret
        self._shelf = shelf
        self._cache = cache
        self._drawing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing")

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self._redirection = self.sandbox.redirect()
        self._furnish()
        migrate(self.data, self.clock.now())
        self.database = TellingDatabase(self.data)
        self._renderer = await asyncio.get_running_loop().run_in_executor(
            self._drawing, lambda: Renderer(self._cache, self._library.images)
        )
        self.bot = make_bot(
            self.database,
            self._library,
            self.clock,
            self._renderer,
            self._drawing,
            shelf=self._shelf,
            pace=PACE,
            random=friendly(self._library),
        )
        self.bot._connection.guild_ready_timeout = READY  # noqa: SLF001  discord.py offers no other way
        self.traffic = Traffic(self.sandbox.core.hub)
        self.crowd = Crowd(self.people, self.sandbox.core.hub, self.bot.context.services.posts, self._random)
        self.running = asyncio.create_task(self.bot.start(self.sandbox.token))
        await self.sandbox.ready()
        self.owner.invite_bot()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.bot.close()
        if self.bot._connection._ready_task is not None:  # noqa: SLF001  it would outlive the client
            self.bot._connection._ready_task.cancel()  # noqa: SLF001
        await asyncio.gather(self.running, return_exceptions=True)
        await self.database.close()
        await asyncio.get_running_loop().run_in_executor(self._drawing, self._renderer.close)
        self._drawing.shutdown()
        self._redirection.undo()
        await self.sandbox.stop()

    def _furnish(self) -> None:
        """People, channels and a role, so that there is something to choose from."""
        name, right, after = OWNER
        self.owner = self.sandbox.owner(name, GROUP)
        self.people = [Person(self.owner, right, after)]
        for name, right, after in MEMBERS:
            self.people.append(Person(self.owner.add_member(name), right, after))
        self.owner.create_channel("off-topic")
        private = self.owner.create_channel("owners")
        self.owner.set_permissions(private, self.owner.everyone, deny=Permission.VIEW_CHANNEL)
        self.owner.set_permissions(private, allow=Permission.VIEW_CHANNEL)
        learners = self.owner.create_role("Learners", mentionable=True)
        for person in self.people[1:]:
            self.owner.give_role(person.member, learners)

    def member(self, number: int) -> Member | None:
        """The person with that id."""
        return next((each.member for each in self.people if each.member.user.id == number), None)

    async def set_up(self, at: str = "09:00", zone: str = "Europe/Berlin") -> Message:
        """Do what an owner does who has just invited the bot; the first post (R12)."""
        hello = await self.owner.wait_for(lambda message: button_of(message, "begin") is not None)
        form = await self.owner.click(hello, str(button_of(hello, "begin")))
        await self.owner.submit(
            form, {"channel": self.owner.home, "time": at, "zone": zone, "level": "medium"}
        )
        return await self.owner.wait_for(is_open)
