"""Bots as processes of their own, which can be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from bot.mischief import VERY_LONG


class Process:
    """The bot as a process of its own, on a simulated clock that restarts agree on."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.pid: int | None = None
        with log.open("ab") as file:
            self._nest = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "bot.stepped"],
                env=os.environ | environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )

    async def start(self) -> None:
        assert self._nest.stdin is not None
        self._nest.stdin.write("\n")
        self._nest.stdin.flush()
        self.pid = int(await asyncio.to_thread(self._hear))

    def _hear(self) -> str:
        assert self._nest.stdout is not None
        return self._nest.stdout.readline()

    async def end(self, number: signal.Signals) -> int | None:
        """Send a signal and wait for the end; the exit code, None if it did not end by itself."""
        if self.pid is None:
            return None
        hearing = asyncio.create_task(asyncio.to_thread(self._hear))
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        done, _ = await asyncio.wait({hearing}, timeout=VERY_LONG)
        if not done:
            os.kill(self.pid, signal.SIGKILL)
        code, self.pid = int(await hearing), None
        return code if done else None

    async def leave(self) -> None:
        """End whatever is left."""
        await self.end(signal.SIGKILL)
        self._nest.kill()
        self._nest.wait()
        for pipe in (self._nest.stdin, self._nest.stdout):
            if pipe is not None:
                pipe.close()
