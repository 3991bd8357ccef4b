"""Discord's 50 requests a second, kept by ourselves: discord.py only reacts when they are broken.

A 429 stops every request of the bot for a while, and thousands of them end in a ban. Answers to interactions
have no such limit and never wait here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Final

import aiohttp

RATE: Final = 46.0
"""Requests a second. The rest up to 50 is for what the network bunches together on its way."""
AT_ONCE: Final = 3
"""So many may follow each other at once after a pause; a program that is busy makes up for as many turns."""
UNLIMITED: Final = ("/interactions/", "/webhooks/")
"""What answers to interactions have in their paths."""


class Pacer:
    """Lets one caller after another go, in the order in which they came.

    Nobody is promised a time beforehand: when the program stalls, all but a few turns of that time are lost and not made
    up for, or all who waited would go at once.
    """

    def __init__(
        self,
        rate: float = RATE,
        at_once: int = AT_ONCE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._step = 1 / rate
        self._ahead = (at_once - 1) / rate
        self._clock = clock
        self._sleep = sleep
        self._queue = asyncio.Lock()
        self._next = clock()

    async def turn(self) -> None:
        """Wait for one's turn."""
        async with self._queue:
            while (wait := self._next - self._ahead - self._clock()) > 0:
                await self._sleep(wait)
            self._next = max(self._next, self._clock()) + self._step


def paced(pacer: Pacer) -> aiohttp.TraceConfig:
    """For a client's ``http_trace``: every request, repeated ones too, waits for its turn before it is sent."""

    async def before(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, request: aiohttp.TraceRequestStartParams
    ) -> None:
        if not any(part in request.url.path for part in UNLIMITED):
            await pacer.turn()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(before)
    return trace
