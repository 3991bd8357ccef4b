"""Follows what excuses the bot while the simulated weeks go on: no session, and a machine that is too slow.

So no verdict depends on how fast the machine is.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.sweep import Sweep
from bot.troubles import MACHINE, Span, Troubles
from deckwright_bot.sandbox import Sandbox

BUSY = 4
"""Programs that want to run, for each core."""
STANDSTILL, SWEEP_EVERY = 0.35, 0.4
PROBE_EVERY, SLOW_PROBE = 0.5, 0.3


class Watch:
    """Looks again and again, and sweeps over the database now and then."""

    def __init__(self, sandbox: Sandbox, sweep: Sweep, folder: Path, bot: Callable[[], int | None]) -> None:
        self._sandbox = sandbox
        self._sweep = sweep
        self._troubles = sweep.troubles
        self._folder = folder
        self._bot = bot

    async def follow(self) -> None:
        """Until it is cancelled."""
        await asyncio.gather(self._look(), self._probe())

    async def _look(self) -> None:
        away = Ongoing(self._troubles, "no session", posts=False, grace=1.0)
        busy = Ongoing(self._troubles, MACHINE, posts=True, grace=3.0)
        bot, sandbox = Starved(self._troubles), Starved(self._troubles)
        swept = last = time.time()
        while True:
            await asyncio.sleep(0.02)
            now = time.time()
            if now - last > STANDSTILL:
                self._troubles.begin(MACHINE, since=last).end = now + STANDSTILL
            last = now
            away.follow(now=not self._sandbox.gateway.open_sessions())
            # Where the system keeps an account of who waited, there is no need to guess.
            told = sandbox.look(os.getpid()) and bot.look(self._bot())
            busy.follow(now=not told and overloaded())
            if now - swept > SWEEP_EVERY:
                try:
                    self._sweep.look()
                except Exception as error:  # noqa: BLE001  a fault of the test must be seen, not lost in a task
                    self._sweep.fail(f"the sweep itself failed: {error!r}")
                swept = time.time()

    async def _probe(self) -> None:
        """Write to the disk as the bot does, for what is slow here is slow for the bot."""
        while True:
            begun = time.time()
            await asyncio.to_thread(self._write_through)
            if time.time() - begun > SLOW_PROBE:
                self._troubles.begin(MACHINE, since=begun).end = time.time() + 1.0
            await asyncio.sleep(PROBE_EVERY)

    def _write_through(self) -> None:
        with (self._folder / "probe").open("w") as file:
            file.write("written")
            file.flush()
            os.fsync(file.fileno())


def overloaded() -> bool:
    """Whether so much else runs here that slowness says nothing of the bot."""
    try:
        return os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)
    except (AttributeError, OSError):  # Windows has no such figure
        return False


class Starved:
    """Keeps account of how long this machine let the threads of a program wait that were ready to run.

    Where one of them had work to do all the time and waited for half of it, the machine is too slow.
    """

    WINDOW, BUSY, QUEUED = 0.5, 0.8, 0.4
    GRACE = 0.5

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._pid: int | None = None
        self._since, self._before = 0.0, dict[str, tuple[float, float]]()
        self._told = True

    def look(self, pid: int | None) -> bool:
        """Look at a program, again and again; whether there is an account of it."""
        now = time.time()
        if pid is None or (pid == self._pid and now - self._since < self.WINDOW):
            return self._told
        found = dict(_accounts(pid))
        self._told = bool(found)
        span, total, slow = now - self._since, 0.0, False
        for thread, (ran, queued) in found.items():
            before = self._before.get(thread)
            if before is not None and pid == self._pid:
                waited = queued - before[1]
                total += waited
                slow |= waited >= self.QUEUED * span and waited + ran - before[0] >= self.BUSY * span
        self._troubles.queues.append((self._since, now, total))
        if slow:
            self._troubles.begin(MACHINE, since=self._since).end = now + self.GRACE
        self._pid, self._since, self._before = pid, now, found
        return self._told


def _accounts(pid: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """For how many seconds each thread of a program ran, and for how many it stood in the queue for a core."""
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError, ValueError):
            ran, queued, _ = thread.read_text("ascii").split()
            yield str(thread), (int(ran) / 1e9, int(queued) / 1e9)


@dataclass
class Ongoing:
    """A trouble that comes and goes, as somebody watches it."""

    troubles: Troubles
    what: str
    posts: bool
    grace: float
    span: Span | None = None

    def follow(self, *, now: bool) -> None:
        """Whether it is there at this moment."""
        if now and self.span is None:
            # It may have begun since the last look.
            self.span = self.troubles.begin(self.what, posts=self.posts, since=time.time() - 0.1)
        elif not now and self.span is not None:
            self.troubles.end(self.span, self.grace)
            self.span = None
