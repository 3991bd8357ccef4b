"""A small study group in a sandbox with the unmodified bot, all in one process and on one clock."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from deckwright_bot.sandbox import Options, Sandbox
from deckwright_bot.sandbox.outcome import buttons_of
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.trial.clock import SettableClock
from deckwright_bot.ui.ids import ComponentId, parse
from deckwright_bot.ui.render import Renderer
from deckwright_bot.wiring import make_bot

if TYPE_CHECKING:
    from deckwright_bot.sandbox.driver import Member
    from deckwright_bot.sandbox.model import Message

STEP: Final = timedelta(minutes=4)
"""Time moves in steps that the bot's heartbeat bridges, so that nothing counts as an outage (R20)."""
SETTLE: Final = 20.0
"""Real seconds to wait for the bot at most."""


@dataclass(frozen=True, slots=True)
class Person:
    """A simulated member, and how many of ten questions they get right."""

    member: Member
    right_of_ten: int


class TrialGroup:
    """The group: an owner and three members who know different amounts. Enter it to start everything."""

    def __init__(self, library: StudyLibrary, folder: Path, *, port: int = 0, seed: int = 1) -> None:
        self.clock = SettableClock()
        self.sandbox = Sandbox(Options(), clock=self.clock, port=port)
        self._library = library
        self._folder = folder
        self._random = Random(seed)  # noqa: S311  a play, no secret
        self._drawing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing")

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self._redirection = self.sandbox.redirect()
        self.owner = self.sandbox.owner("Olga", "Study group")
        self.people = [
            Person(self.owner.add_member(name), right)
            for name, right in (("Ada", 9), ("Ben", 6), ("Chen", 4))
        ]
        path = self._folder / "bot.sqlite"
        migrate(path, self.clock.now())
        self.database = Database(path)
        renderer = await asyncio.get_running_loop().run_in_executor(self._drawing, Renderer)
        self.bot = make_bot(self.database, self._library, self.clock, renderer, self._drawing)
        self.running = asyncio.create_task(self.bot.start(self.sandbox.token))
        await self.sandbox.ready()
        self.owner.invite_bot()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.bot.close()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.database.close()
        self._drawing.shutdown()
        self._redirection.undo()
        await self.sandbox.stop()

    async def set_up(self, at: str = "09:00", zone: str = "Europe/Berlin") -> Message:
        """Do what an owner does who has just invited the bot; the first post (R12)."""
        hello = await self.owner.wait_for(lambda message: _button(message, "begin") is not None)
        form = await self.owner.click(hello, _named(hello, "begin"))
        await self.owner.submit(
            form, {"channel": self.owner.home, "time": at, "zone": zone, "level": "medium"}
        )
        return await self.owner.wait_for(is_open)

    async def pass_time(self, until: datetime) -> None:
        """Let time pass step by step, the bot ticking as in a real week."""
        while (left := until - self.clock.now()) > timedelta():
            self.clock.advance(min(STEP, left))
            await self.bot.tick()

    def open_post(self) -> Message | None:
        """The newest post that can be answered."""
        found = [message for message in self.owner.sees() if is_open(message)]
        return found[-1] if found else None

    async def everybody_answers(self) -> int:
        """Let every simulated member answer the open post through its buttons; how many did."""
        post = self.open_post()
        if post is None:
            return 0
        key = await self._key_of(post)
        for person in self.people:
            letters = [str(one["label"]) for one in buttons_of(post) if _action(one) == "pick"]
            wrong = [letter for letter in letters if letter != key]
            knows = self._random.randrange(10) < person.right_of_ten
            await person.member.click(post, key if knows and key is not None else self._random.choice(wrong))
        return len(self.people)

    async def _key_of(self, message: Message) -> str | None:
        """The right letter, which simulated members must know; the bot's own service is asked, not the chat."""
        from deckwright_bot.services.snapshots import snapshot_of

        found = _button(message, "mine")
        post = await self.bot.context.services.posts.find(found.number or 0) if found is not None else None
        return snapshot_of(post).key if post is not None else None


def is_open(message: Message) -> bool:
    """Whether a message is a post with options that can be answered."""
    return _button(message, "pick") is not None and message.visible_to is None


def _action(button: dict[str, object]) -> str | None:
    found = parse(str(button.get("custom_id", "")))
    return found.action if found is not None else None


def _button(message: Message, action: str) -> ComponentId | None:
    for one in buttons_of(message):
        found = parse(str(one.get("custom_id", "")))
        if found is not None and found.action == action:
            return found
    return None


def _named(message: Message, action: str) -> str:
    return str(_button(message, action))
