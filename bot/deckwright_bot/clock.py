"""The one place that reads the time, and the ticker that wakes the services.

Durations of the rules run in the clock's time, which a sandbox may simulate. Discord's own limits (3 s,
15 min, nonces, back-off) are real time and never pass through here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from deckwright_bot.settings import ClockSetting

log = logging.getLogger(__name__)

TICK = timedelta(seconds=30)
"""How often the services look whether something is due, in the clock's time."""
SHORTEST_TICK = 0.05
"""Real seconds; a fast simulated clock wakes us no more often."""
DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time. All instants are aware and in UTC."""

    speed: float

    def now(self) -> datetime:
        """The present instant."""

    def from_real(self, real: datetime) -> datetime:
        """What this clock shows at a real instant, such as a snowflake's."""

    def to_real(self, shown: datetime) -> datetime:
        """The real instant at which this clock shows ``shown``."""


def real_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


class SystemClock:
    """The system's clock as it is."""

    speed = 1.0

    def now(self) -> datetime:
        """The present instant."""
        return real_now()

    def from_real(self, real: datetime) -> datetime:
        """The same instant."""
        return real

    def to_real(self, shown: datetime) -> datetime:
        """The same instant."""
        return shown


class SimulatedClock:
    """A clock that showed ``start`` at the real instant ``anchor`` and runs ``speed`` times as fast.

    The anchor makes two processes, or one before and after a restart, agree.
    """

    def __init__(self, setting: ClockSetting, real: Callable[[], datetime] = real_now) -> None:
        self.speed = setting.speed
        self._setting = setting
        self._real = real

    def now(self) -> datetime:
        """The present simulated instant."""
        return self.from_real(self._real())

    def from_real(self, real: datetime) -> datetime:
        """What this clock shows at a real instant."""
        return self._setting.start + (real - self._setting.anchor) * self.speed

    def to_real(self, shown: datetime) -> datetime:
        """The real instant at which this clock shows ``shown``."""
        return self._setting.anchor + (shown - self._setting.start) / self.speed


def make_clock(setting: ClockSetting | None) -> Clock:
    """The clock that the settings ask for."""
    return SystemClock() if setting is None else SimulatedClock(setting)


def clicked_at(clock: Clock, snowflake: int) -> datetime:
    """When an interaction happened, by its own id (R13), never later than now."""
    real = DISCORD_EPOCH + timedelta(milliseconds=snowflake >> 22)
    return min(clock.from_real(real), clock.now())


def snowflake_at(clock: Clock, shown: datetime) -> int:
    """A snowflake of that instant, to look for messages around it (R7)."""
    real = clock.to_real(shown)
    return max(0, int((real - DISCORD_EPOCH) / timedelta(milliseconds=1))) << 22


class Ticker:
    """Calls ``work`` every so many real seconds, one call at a time.

    APScheduler wakes us by the wall clock; when that is set back it would sleep for as long. So a watch on the
    monotonic clock calls the work itself if no call came for three intervals. What is due is
    decided from the database, hence a call too many does nothing.
    """

    def __init__(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        self.seconds = seconds
        self._work = work
        self._lock = asyncio.Lock()
        self._last = time.monotonic()
        self._watch: asyncio.Task[None] | None = None
        self._ended = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    @property
    def running(self) -> bool:
        """Whether it was started."""
        return self._watch is not None

    def start(self) -> None:
        """Begin; call from a running event loop."""
        self._scheduler.add_job(
            self.tick,
            IntervalTrigger(seconds=1, timezone=UTC)
            if self.seconds < 1
            else IntervalTrigger(seconds=int(self.seconds), timezone=UTC),
            coalesce=True,
            misfire_grace_time=None,
            # One that finds another at work ends at once; the scheduler would warn of it instead.
            max_instances=2,
        )
        if self.seconds >= 1:
            self._scheduler.start()
        self._watch = asyncio.create_task(self._keep_watch(), name="ticker")

    async def tick(self, *, after_another: bool = False) -> None:
        """Do the work once; what it raises is logged, and the next tick comes all the same.

        While another call is at work this one does nothing, or ``after_another`` waits for its turn. After the
        end nothing is done any more.
        """
        if self._lock.locked() and not after_another:
            return
        async with self._lock:
            if self._ended:
                return
            self._last = time.monotonic()
            try:
                await self._work()
            except Exception:
                log.exception("a tick failed; the next one tries again")

    async def _keep_watch(self) -> None:
        # Below a second the scheduler's wall clock is too coarse, and this watch is the ticker.
        patience = self.seconds if self.seconds < 1 else 3 * self.seconds
        while True:
            await asyncio.sleep(
                min(self.seconds, max(SHORTEST_TICK, patience - (time.monotonic() - self._last)))
            )
            if time.monotonic() - self._last >= patience:
                await self.tick()

    async def stop(self) -> None:
        """End; a tick that is at work is finished first."""
        # While the lock is ours no tick is at work and none begins: the scheduler would cancel one in the middle.
        async with self._lock:
            self._ended = True
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)
            if self._watch is not None:
                self._watch.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._watch
