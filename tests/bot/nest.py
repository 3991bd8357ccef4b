"""A program that holds all of the bot's modules and forks a bot for each line it reads, an environment as JSON.

So a bot is there within a moment, however often it is killed and however slow the machine. The answers are its process
id and, once it has ended, its exit code.

``DECKWRIGHT_AHEAD`` names a file with the seconds by which the machine's clock is ahead; what a bot last read there stands
in a file beside it. ``DECKWRIGHT_ONE_GROUP`` says that there is one group, so that no bot waits for more.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import discord

from deckwright_bot import app, wiring
from deckwright_bot.clock import Clock, SimulatedClock, make_clock, real_now
from deckwright_bot.services import library
from deckwright_bot.settings import ClockSetting
from deckwright_bot.store import migrate
from deckwright_bot.ui import render

LOADED = (wiring, library, migrate, render)
"""The program imports these where it needs them; a bot that is forked has them already."""
SEEN: list[str] = []
"""What was read of the file last."""


def machine_time() -> datetime:
    """What the machine shows."""
    file = Path(os.environ["DECKWRIGHT_AHEAD"])
    ahead = file.read_text("utf-8")
    if ahead not in SEEN:
        file.with_suffix(".seen").write_text(ahead, "utf-8")
        SEEN[:] = [ahead]
    return real_now() + timedelta(seconds=float(ahead))


def clock_of_the_machine(setting: ClockSetting | None) -> Clock:
    return make_clock(setting) if setting is None else SimulatedClock(setting, machine_time)


def bot() -> None:
    if "DECKWRIGHT_AHEAD" in os.environ:
        vars(app)["make_clock"] = clock_of_the_machine
    if "DECKWRIGHT_ONE_GROUP" in os.environ:
        # discord.py waits so long for further groups before it says that it is ready.
        made = functools.partialmethod(discord.AutoShardedClient.__init__, guild_ready_timeout=0.05)
        discord.AutoShardedClient.__init__ = made  # type: ignore[assignment, method-assign]
    sys.argv = ["deckwright-bot", "run"]
    app.main()


def nest() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.environ.update(json.loads(line))
            os.dup2(2, 1)
            bot()
        print(child, flush=True)  # noqa: T201  these two lines are all it says
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    nest()
