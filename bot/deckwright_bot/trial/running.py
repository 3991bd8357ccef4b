"""``deckwright-bot try``: everything put together, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from deckwright.cache import Cache
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.trial.beginning import first_morning
from deckwright_bot.trial.cards import CardPages
from deckwright_bot.trial.folders import own_folder
from deckwright_bot.trial.group import TrialGroup
from deckwright_bot.trial.server import PORT, PageServer
from deckwright_bot.wiring import Shelf

WELCOME: Final = """\
No DISCORD_TOKEN is set, so this is a trial on this computer alone: a Discord of its own, a study group, the bot.

  {address}

Open that page in your browser. Ctrl-C ends the trial and forgets it.
To run the bot in a server of yours: docs/operators.md
"""
BYE: Final = "The trial is over; nothing was kept.\n"


@asynccontextmanager
async def trial(
    library: StudyLibrary,
    cards: Path,
    packages: Path,
    *,
    port: int = PORT,
    start: datetime | None = None,
    cache: Cache | None = None,
) -> AsyncIterator[PageServer]:
    """A group, the bot and the page; all that is kept is thrown away at the end."""
    with own_folder() as folder:
        begins = start if start is not None else first_morning(datetime.now().astimezone())
        async with TrialGroup(library, folder, start=begins, shelf=Shelf(packages), cache=cache) as group:
            pages = CardPages(cards, int(begins.timestamp()))
            server = PageServer(group, packages, pages)
            try:
                await server.start(port)
                yield server
            finally:
                await server.close()
                await asyncio.to_thread(pages.close)


async def play(
    library: StudyLibrary,
    cards: Path,
    packages: Path,
    *,
    port: int = PORT,
    browser: bool = True,
    stop: asyncio.Event,
    out: TextIO = sys.stdout,
) -> None:
    """Serve a trial until ``stop`` is set; the page's address is printed, and opened in a browser if there is one."""
    async with trial(library, cards, packages, port=port, cache=Cache()) as server:
        print(WELCOME.format(address=server.address), file=out, flush=True)
        if browser:
            await asyncio.to_thread(open_page, server.address)
        await stop.wait()
    print(BYE, file=out, end="", flush=True)


def open_page(address: str) -> bool:
    """Open the page in a browser with windows; one in the terminal would take it away from the trial."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    with contextlib.suppress(webbrowser.Error, OSError):
        found = webbrowser.get()
        return type(found) is not webbrowser.GenericBrowser and found.open(address)
    return False
