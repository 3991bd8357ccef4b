"""The bot as a process of its own that is killed: while it starts, at what it does, between two commits, at any time."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.processes import Process
from bot.troubles import Time
from bot.witness import deed_of
from deckwright_bot.sandbox import Sandbox
from deckwright_bot.sandbox.events import Event

SPEED = 40
"""Slow enough that what was on its way is sent again while its nonce holds, and at other times looked for (R7)."""
DEEDS = {
    *("post", "post edited", "lobby", "question", "question edited", "table"),
    *("answered: pick", "answered: dont-know", "answered: quiz", "answered: solo"),
    *("answered: panel-switch", "answered: settings"),
}
"""What a bot does on Discord, and is killed at before it can hear that it is done."""
ACTS = {"pick", "written", "grade", "quiz", "quiz-go", "solo", "panel-switch", "settings"}
"""What somebody does, and the bot is killed at one of its next commits."""
STARTING, ANY = "while starting", "at any time"
MOMENTS = (*sorted(DEEDS), *sorted(ACTS), STARTING, STARTING, STARTING, ANY, ANY)
"""All moments there are; of the usual number of kills each has its own."""
AT_MORNING = {"post", "post edited"}
WAITS = 4.0
"""Real seconds that a kill waits for its moment, and then for any other of its kind."""


class Bot:
    """One bot after the other on the same file, all agreeing on a calendar in which nights pass between them."""

    def __init__(self, sandbox: Sandbox, folder: Path, cards: Path) -> None:
        self.sandbox = sandbox
        self.path = folder / "bot.sqlite"
        self.log = folder / "bot.log"
        self.time = Time(datetime(2026, 3, 20, 8, tzinfo=UTC), SPEED, time.time())
        environment = {
            "DISCORD_TOKEN": sandbox.token,
            "DECKWRIGHT_API_BASE": sandbox.api_base,
            "DECKWRIGHT_LIBRARY": str(cards),
            "DECKWRIGHT_DATABASE": str(self.path),
            "DECKWRIGHT_CACHE": str(folder / "cache"),
            "DECKWRIGHT_ONE_GROUP": "yes",
        }
        self._process = Process(environment, self.log)

    def start(self, *, after_a_night: bool = False) -> None:
        """Start it; after a night a post is due, and the last one closes."""
        if after_a_night:
            morning = self.time.now().replace(hour=9, minute=15) + timedelta(days=1)
            self.time = replace(self.time, start=morning, anchor=time.time())
        self._process.begin(DECKWRIGHT_CLOCK=self.time.setting)

    async def there(self) -> None:
        """Wait until this run has identified itself."""
        while not self.sandbox.gateway.open_sessions():  # noqa: ASYNC110  no event tells of a session
            await asyncio.sleep(0.01)

    async def gone(self) -> None:
        """Wait until the sandbox knows that the killed one is gone."""
        while self.sandbox.gateway.open_sessions():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def strike(self) -> None:
        """Send the signal, and wait for nothing."""
        self._process.strike()

    def kill(self) -> None:
        if self._process.pid is None:
            return
        self.strike()
        status = self._process.ended()
        assert status == -signal.SIGKILL, f"it ended by itself: {status}\n{self.log.read_text()[-3000:]}"

    def end(self) -> None:
        try:
            self.kill()
        finally:
            self._process.close()

    def written(self) -> tuple[int, int]:
        """Something that changes with every commit."""
        try:
            found = self.path.with_name(f"{self.path.name}-wal").stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_size, found.st_mtime_ns


async def kill_at(bot: Bot, moment: str, rng: random.Random) -> str:
    """Kill a bot that was just started, or lives, at one of the moments; what it was killed at in the end."""
    struck: str | None = ANY
    if moment in DEEDS:
        struck = await _happens(bot, {moment}, bot.strike) or await _happens(bot, DEEDS, bot.strike)
    elif moment in ACTS:
        struck = await _happens(bot, {moment}) or await _happens(bot, ACTS)
        struck = f"commit {await _strike_at_commit(bot, rng.choice((1, 1, 2, 3)))} of {struck}"
    elif moment == STARTING and rng.random() < 0.5:
        struck = f"commit {await _strike_at_commit(bot, rng.randint(1, 8))} of a start"
    else:
        await asyncio.sleep(rng.uniform(0, 1))
    bot.kill()
    return struck or "no moment"


async def _strike_at_commit(bot: Bot, number: int) -> int:
    """Strike as soon as it has written so many times from now on, before it can go on."""
    return await asyncio.to_thread(_wait_for_commits, bot, number)


async def _happens(bot: Bot, wanted: set[str], then: Callable[[], None] = lambda: None) -> str | None:
    """Wait for one of these to happen and do at once what there is to do; None if none came."""
    struck: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def hear(event: Event) -> None:
        if not struck.done() and (deed := deed_of(event)) in wanted:
            then()
            struck.set_result(str(deed))

    unsubscribe = bot.sandbox.core.hub.subscribe(hear)
    try:
        return await asyncio.wait_for(struck, WAITS)
    except TimeoutError:
        return None
    finally:
        unsubscribe()


def _wait_for_commits(bot: Bot, number: int) -> int:
    before, wrote, until = bot.written(), 0, time.monotonic() + WAITS
    while wrote < number and time.monotonic() < until:
        now = bot.written()
        wrote += now != before
        before = now
        time.sleep(0.0001)
    bot.strike()
    return wrote
