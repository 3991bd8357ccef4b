"""The two bots that are measured, each a process of its own: ``python bench/bots.py bare|ours``.

*bare* is discord.py with nothing but an acknowledgement; *ours* is the whole bot, started as
``deckwright-bot run`` starts it. Both read lines from their parent: each is answered with what the process
used so far, and at the end of the lines the process ends, so that none outlives its parent.
"""

# ruff: noqa: INP001  a script

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import signal
import sys
import threading
from pathlib import Path

import discord

from deckwright_bot.app import point_at, serve
from deckwright_bot.settings import read

STATM = Path("/proc/self/statm")
PAGE = os.sysconf("SC_PAGE_SIZE")


def usage() -> dict[str, float]:
    """CPU seconds, user and system, of all threads so far; resident MB now where the system tells, and at the peak."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    try:
        resident = int(STATM.read_text("ascii").split()[1]) * PAGE / 1e6
    except OSError:
        resident = peak
    return {"cpu": used.ru_utime + used.ru_stime, "resident": resident, "peak": peak}


def answer_parent() -> None:
    """Answer every line with what was used; at the end of the lines end the process as an operator would."""
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(usage()) + "\n")
        sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


class Bare(discord.AutoShardedClient):
    """Acknowledges every click in private, with a word."""

    def __init__(self) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            intents=intents,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Acknowledge."""
        await interaction.response.send_message("Saved", ephemeral=True)


async def bare() -> None:
    """Run the bare bot."""
    settings = read(dotenv=None)
    await point_at(settings.api_base)
    async with Bare() as bot:
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGTERM, lambda: asyncio.ensure_future(bot.close())
        )
        await bot.start(settings.token)


def main() -> None:
    """Run one of the two."""
    logging.basicConfig(level=logging.WARNING)
    threading.Thread(target=answer_parent, daemon=True).start()
    if sys.argv[1] == "bare":
        asyncio.run(bare())
    elif profile := os.environ.get("BENCH_PROFILE"):
        import cProfile

        with cProfile.Profile() as profiler:
            asyncio.run(serve(read(dotenv=None)))
        profiler.dump_stats(profile)
    else:
        sys.exit(asyncio.run(serve(read(dotenv=None))))


if __name__ == "__main__":
    main()
