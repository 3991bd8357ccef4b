"""A week of the group, told in a terminal: what everybody in its channel sees."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from deckwright_bot.sandbox.outcome import text_of
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.trial.group import TrialGroup

INTRODUCTION = """\
No DISCORD_TOKEN is set, so this is a trial: a Discord of its own on {base},
a study group of four, and the bot. A week passes; Ada, Ben and Chen answer through the buttons.
"""
AFTERWARDS = """\
The week is over; the bot goes on. To run it in a server of yours: docs/owners.md. Ctrl-C ends the trial.
"""
_STAMP = re.compile(r"<t:(\d+)(?::\w)?>")


async def play(
    library: StudyLibrary, *, days: int = 7, stop: asyncio.Event, out: TextIO = sys.stdout
) -> None:
    """Play some days and go on until ``stop`` is set; everything is kept in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="deckwright-trial-") as folder:
        async with TrialGroup(library, Path(folder)) as group:
            print(INTRODUCTION.format(base=group.sandbox.api_base), file=out)
            telling = asyncio.create_task(_week(group, days, out))
            stopping = asyncio.create_task(stop.wait())
            done, _ = await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if telling in done:
                telling.result()
                print(AFTERWARDS, file=out, flush=True)
                await stopping
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling


async def _week(group: TrialGroup, days: int, out: TextIO) -> None:
    told: dict[int, str] = {}

    def tell() -> None:
        for message in group.owner.sees():
            words = text_of(message)
            if message.visible_to is None and told.get(message.id) != words:
                told[message.id] = words
                body = _STAMP.sub("soon", words).strip().replace("\n", "\n    ")
                print(f"{group.clock.now():%a %d %b %H:%M}  {body}\n", file=out, flush=True)

    await group.set_up()
    for _ in range(days):
        tell()
        await group.everybody_answers()
        await group.pass_time(group.clock.now() + timedelta(days=1))
    tell()
