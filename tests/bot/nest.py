"""A program that holds all of the bot's modules and forks a bot for each line it reads, an environment as JSON.

So a bot is there within a moment, however often it is killed. The answers are its process id, and how it ended.
"""

from __future__ import annotations

import functools
import json
import os
import sys

import discord

from deckwright_bot import app, wiring
from deckwright_bot.services import library
from deckwright_bot.store import migrate
from deckwright_bot.ui import render

LOADED = (wiring, library, migrate, render)
"""The program imports these where it needs them; a bot that is forked has them already."""


def nest() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.environ.update(json.loads(line))
            os.dup2(2, 1)
            sys.argv = ["deckwright-bot", "run"]
            app.main()
        print(child, flush=True)  # noqa: T201  these two lines are all it says
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    # discord.py waits so long for further groups before it says that it is ready; here there is one.
    made = functools.partialmethod(discord.AutoShardedClient.__init__, guild_ready_timeout=0.05)
    discord.AutoShardedClient.__init__ = made  # type: ignore[assignment, method-assign]
    nest()
