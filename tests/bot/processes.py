"""Bots as processes of their own, which can be killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from bot.mischief import VERY_LONG


class Process:
    """One bot after the other, each a process of its own, with the same environment but for its clock."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.pid: int | None = None
        self._environment, self._log = environment, log
        with log.open("ab") as file:
            self._nest = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", str(Path(__file__).with_name("nest.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )

    def begin(self, **further: str) -> None:
        """Start a bot, with something further in its environment."""
        assert self._nest.stdin is not None
        self._nest.stdin.write(f"{json.dumps(self._environment | further)}\n")
        self._nest.stdin.flush()
        self.pid = int(self._hear())

    async def start(self) -> None:
        await asyncio.to_thread(self.begin)

    def strike(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, and wait for nothing."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def ended(self) -> int:
        """Wait for its end; the exit code, below zero for a signal."""
        code, self.pid = int(self._hear()), None
        return code

    async def end(self, number: signal.Signals) -> int | None:
        """Send a signal and wait for the end; the exit code, None if it did not end by itself."""
        if self.pid is None:
            return None
        ending = asyncio.create_task(asyncio.to_thread(self.ended))
        self.strike(number)
        done, _ = await asyncio.wait({ending}, timeout=VERY_LONG)
        self.strike()
        code = await ending
        return code if done else None

    async def leave(self) -> None:
        """End whatever is left."""
        await self.end(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End the program that holds the bots' modules."""
        self._nest.kill()
        self._nest.communicate()

    def _hear(self) -> str:
        assert self._nest.stdout is not None
        line = self._nest.stdout.readline()
        assert line, self._log.read_text()[-3000:]
        return line
