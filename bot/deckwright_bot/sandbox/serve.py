"""The sandbox as a process of its own, with a guild, some people and nobody's token."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TextIO

from deckwright_bot.sandbox.core import Options
from deckwright_bot.sandbox.server import Sandbox

WELCOME = """\
A Discord of your own listens on {base}
  (guild "{guild}" with {people}; it forgets everything when it stops)

Start the bot against it from another terminal:

  DECKWRIGHT_API_BASE={base} DISCORD_TOKEN={token} deckwright-bot run

Ctrl-C ends it.
"""


async def run(
    options: Options, port: int = 0, *, stop: asyncio.Event | None = None, out: TextIO | None = None
) -> None:
    """Serve until ``stop`` is set; without one, until SIGINT or SIGTERM."""
    ended = stop or asyncio.Event()
    if stop is None and sys.platform != "win32":
        # Windows has no such handlers: there Ctrl-C cancels what `asyncio.run` runs, which closes on its way out.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Sandbox(options, port=port) as sandbox:
        owner = sandbox.owner("Olga", "Study group")
        people = [owner, *(owner.add_member(name) for name in ("Ada", "Ben"))]
        owner.invite_bot()
        names = ", ".join(person.user.name for person in people)
        text = WELCOME.format(
            base=sandbox.api_base, guild=owner.guild.name, people=names, token=sandbox.token
        )
        print(text, file=out or sys.stdout, flush=True)
        await ended.wait()


def serve(port: int = 0, token: str | None = None) -> int:
    """``deckwright-bot sandbox``: serve until told to stop; the answer is the exit code."""
    asyncio.run(run(Options(token=token) if token else Options(), port))
    return 0
