"""What goes wrong on the bot's machine in the simulated weeks: it dies, its clock is set, its disk is slow."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

from bot.mischief import VERY_LONG, Bots
from bot.observer import Observer
from bot.troubles import SLOW_DATABASE, Group
from deckwright_bot.sandbox import Member

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CLOCK = "the clock is wrong"


class Machinery:
    """Tricks, as those of `Mischief`."""

    def __init__(self, observer: Observer, bots: Bots, database: Path) -> None:
        self.observer = observer
        self.troubles = observer.troubles
        self.machine = observer.machine
        self.faults = observer.figures.faults
        self.bots = bots
        self._database = database
        self._setting = asyncio.Lock()

    async def kill(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        self.faults["kills"] += 1
        return await self.bots.restart(signal.SIGKILL)

    async def terminate(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        self.faults["terminations"] += 1
        return await self.bots.restart(signal.SIGTERM)

    async def two_bots(self, _group: Group, _member: Member, rng: random.Random) -> str:
        self.faults["two bots"] += 1
        end = rng.choice((signal.SIGKILL, signal.SIGTERM))
        self.faults["kills"] += end is signal.SIGKILL
        return await self.bots.second_bot(rng.uniform(5, 7), end)

    # --- its clock -------------------------------------------------------------------------------

    async def clock_seconds(self, _group: Group, _member: Member, rng: random.Random) -> str:
        return await self._wrong("seconds", timedelta(seconds=rng.uniform(1, 50)), rng)

    async def clock_hour(self, _group: Group, _member: Member, rng: random.Random) -> str:
        return await self._wrong("an hour", HOUR, rng)

    async def clock_day(self, _group: Group, _member: Member, rng: random.Random) -> str:
        return await self._wrong("a day", DAY, rng)

    async def _wrong(self, size: str, step: timedelta, rng: random.Random) -> str:
        """Set the clock wrong, and after a while right again: once forward and once back, in either order."""
        ahead = rng.random() < 0.5
        async with self._setting:
            await self.bots.there()
            span = self.troubles.begin(CLOCK, posts=False, answers=False, dates=True)
            for off in (step if ahead else -step, timedelta()):
                with self.troubles.during(CLOCK, answers=False, grace=1.0):
                    self.machine.set(off)
                forward = off > timedelta() or (not off and not ahead)
                self.faults[f"clock set {'forward' if forward else 'back'} by {size}"] += await self._heard()
                if off:
                    await asyncio.sleep(rng.uniform(0.3, 1.5))
            # What a clock that was ahead did before its time it does not do again when the time comes.
            leapt = step.total_seconds() / self.observer.clock.speed if ahead else 0.0
            self.troubles.end(span, leapt + 1.0)
        return f"{'ahead' if ahead else 'behind'} by {step}"

    async def _heard(self) -> bool:
        """Wait until the bot, which reads its clock at every tick, has seen what it shows now."""
        for _ in range(VERY_LONG * 20):
            if self.machine.heard:
                return True
            await asyncio.sleep(0.05)
        return False

    # --- its disk --------------------------------------------------------------------------------

    async def slow_database(self, _group: Group, _member: Member, rng: random.Random) -> str:
        """Somebody else holds the database's lock, so that a tick takes minutes by the bot's clock, or fails."""
        await self.bots.there()
        seconds = max(rng.uniform(0.3, 3.0), 90 / self.observer.clock.speed)
        with self.troubles.during(SLOW_DATABASE, grace=1.5, answers=False):
            took = await asyncio.to_thread(self._hold, seconds)
        self.faults["minutes in the database"] += took > MINUTE
        return f"held for {took}"

    def _hold(self, seconds: float) -> timedelta:
        """Hold the lock; for how long of the bot's time no tick could end."""
        connection = sqlite3.connect(self._database, timeout=60, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            begun = self.machine.now()
            time.sleep(seconds)
            connection.execute("ROLLBACK")
            return self.machine.now() - begun
        finally:
            connection.close()
