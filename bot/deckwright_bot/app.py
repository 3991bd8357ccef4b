"""The composition root: settings to a running bot, and the commands of ``deckwright-bot``."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import aiohttp
import discord
import typer
import yarl

from deckwright_bot import memory
from deckwright_bot.clock import make_clock
from deckwright_bot.settings import DISCORD_API, Settings, SettingsError, default_database, read

if TYPE_CHECKING:
    from deckwright_bot.services.library import StudyLibrary

OK, WRONG, FAILED = 0, 1, 2

app = typer.Typer(
    name="deckwright-bot",
    help="The study bot: a daily question for a Discord server.\n\n"
    "Exit codes: 0 done, 1 settings, library or database are wrong, 2 Discord refused.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def run() -> None:
    """Run the bot until it is told to stop (Ctrl-C, SIGTERM)."""
    settings = _settings()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.exit(asyncio.run(serve(settings)))


@app.command()
def check() -> None:
    """Check settings, library and database, without connecting."""
    from deckwright_bot.services.library import LibraryError, load
    from deckwright_bot.store.database import DatabaseError
    from deckwright_bot.store.migrate import examine, newest

    settings = _settings()
    try:
        library = load(settings.library)
        found = examine(settings.database)
    except (LibraryError, DatabaseError) as error:
        _fail(str(error))
    daily = sum(each.daily for each in library.askables)
    _say(f"library: {daily} prompts for the daily question")
    _say(f"database: {settings.database.as_posix()} ({found or 'new'}, newest {newest()})")
    _say("settings: fine")


@app.command()
def migrate(
    database: Annotated[
        Path | None, typer.Option(help="The database; the settings' one where left out.")
    ] = None,
) -> None:
    """Bring the database to the newest version; a backup is put beside it first."""
    from deckwright_bot.clock import real_now
    from deckwright_bot.store.database import DatabaseError
    from deckwright_bot.store.migrate import migrate as bring_up

    path = database or Path(os.environ.get("DECKWRIGHT_DATABASE") or default_database(os.environ))
    try:
        applied = bring_up(path, real_now())
    except DatabaseError as error:
        _fail(str(error))
    _say(f"{path.as_posix()}: {', '.join(applied) if applied else 'nothing to do'}")


@app.command()
def sandbox(
    port: Annotated[
        int, typer.Option(help="Where it listens on 127.0.0.1; any free port where left out.")
    ] = 0,
) -> None:
    """Run a Discord of your own on this machine, to try the bot without a token."""
    from deckwright_bot.sandbox.serve import serve as serve_sandbox

    sys.exit(serve_sandbox(port))


@app.command(name="try")
def try_(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Where the page is; the next free one if it is taken."),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,  # noqa: FBT002
) -> None:
    """Try the bot without a token: a study group of four on a Discord of your own, in a page of your browser."""
    from deckwright_bot.services.library import LibraryError, load
    from deckwright_bot.settings import library_of

    cards, packages = library_of(os.environ), Path(os.environ.get("DECKWRIGHT_PACKAGES") or "build")
    try:
        library = load(cards)
    except LibraryError as error:
        _fail(str(error))
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    sys.exit(asyncio.run(_play(library, cards, packages, port=port, browser=browser)))


async def _play(
    library: StudyLibrary, cards: Path, packages: Path, *, port: int | None, browser: bool
) -> int:
    from deckwright_bot.trial.running import play
    from deckwright_bot.trial.server import PORT

    wanted = PORT if port is None else port
    await play(library, cards, packages, port=wanted, browser=browser, stop=_told_to_stop())
    return OK


def _told_to_stop() -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    if sys.platform != "win32":
        # Windows has no such handlers: there Ctrl-C cancels what `asyncio.run` runs, which closes on its way out.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def serve(settings: Settings) -> int:
    """Run the bot; the exit code."""
    from deckwright.cache import Cache
    from deckwright_bot.services.library import LibraryError, load
    from deckwright_bot.store.database import Database, DatabaseError
    from deckwright_bot.store.migrate import migrate as bring_up
    from deckwright_bot.ui.render import Renderer
    from deckwright_bot.wiring import Shelf, make_bot

    memory.settle()
    log = logging.getLogger("deckwright_bot")
    clock = make_clock(settings.clock)
    try:
        library = load(settings.library)
        bring_up(settings.database, clock.now())
    except (LibraryError, DatabaseError) as error:
        log.error("%s", error)  # noqa: TRY400  the sentence says it all
        return WRONG
    database = Database(settings.database)
    drawing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing")
    renderer = await asyncio.get_running_loop().run_in_executor(
        drawing, lambda: Renderer(Cache(), library.images)
    )
    shelf = Shelf(settings.packages, settings.packages_url)
    bot = make_bot(database, library, clock, renderer, drawing, shelf=shelf)
    # The library stays as long as the program does; to look through it for garbage would stop everybody's answers.
    gc.collect()
    gc.freeze()
    memory.give_back()
    await point_at(settings.api_base)
    stop = _told_to_stop()
    try:
        async with bot:
            running = asyncio.create_task(bot.start(settings.token))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if running.done():
                running.result()
            else:
                await bot.close()
                await asyncio.gather(running, return_exceptions=True)
    except DatabaseError as error:
        log.error("%s", error)  # noqa: TRY400  the sentence says it all
        return WRONG
    except discord.LoginFailure:
        log.error("Discord does not accept DISCORD_TOKEN; make a new one in the developer portal")  # noqa: TRY400
        return FAILED
    except discord.PrivilegedIntentsRequired:
        log.error("Discord refused the connection's intents")  # noqa: TRY400
        return FAILED
    finally:
        await database.close()
        await asyncio.get_running_loop().run_in_executor(drawing, renderer.close)
        drawing.shutdown()
    return OK


async def point_at(api_base: str) -> None:
    """Point discord.py at another API, such as a sandbox; its gateway is asked for there."""
    if api_base == DISCORD_API:
        return
    discord.http.Route.BASE = api_base
    async with aiohttp.ClientSession() as session, session.get(f"{api_base}/gateway/bot") as response:
        found = await response.json()
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(str(found["url"]))


def _settings() -> Settings:
    try:
        return read()
    except SettingsError as error:
        for mistake in error.mistakes:
            sys.stderr.write(f"error: {mistake}\n")
        sys.exit(WRONG)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def _fail(words: str) -> NoReturn:
    sys.stderr.write(f"error: {words}\n")
    sys.exit(WRONG)
