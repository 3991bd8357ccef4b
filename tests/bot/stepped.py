"""Bots on a machine whose clock somebody sets: ``DECKWRIGHT_AHEAD`` names a file with the seconds it is ahead.

What a bot last read there stands in a file beside it. ``python -m bot.stepped`` loads all of the bot's modules and
forks a bot for each line it reads, so that one is there soon, however slow the machine. It answers with the bot's
process id and, when it has ended, with its exit code.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

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


def nest() -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)
            sys.argv = ["deckwright-bot", "run"]
            app.main()
        print(child, flush=True)  # noqa: T201  these two lines are all it says
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    vars(app)["make_clock"] = clock_of_the_machine
    nest()
