"""One bot put together: its services over a database, and the client that is their Messenger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from deckwright.study.matching import Matcher
from deckwright_bot.client import StudyBot
from deckwright_bot.clock import SHORTEST_TICK, TICK, Clock
from deckwright_bot.cogs.context import Context
from deckwright_bot.messenger import DiscordMessenger
from deckwright_bot.services.answers import AnswerService
from deckwright_bot.services.books import BookService
from deckwright_bot.services.bundle import Services
from deckwright_bot.services.cards import CardService
from deckwright_bot.services.care import CareService
from deckwright_bot.services.corrections import CorrectionService
from deckwright_bot.services.greetings import GreetingService
from deckwright_bot.services.group_quizzes import GroupQuizzes
from deckwright_bot.services.groups import GroupService
from deckwright_bot.services.leaving import LeavingService
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.matching import OpenMatcher
from deckwright_bot.services.members import MemberService
from deckwright_bot.services.overview import OverviewService
from deckwright_bot.services.packages import PackageService
from deckwright_bot.services.ports import Messenger
from deckwright_bot.services.posts import HEARTBEAT_GAP, Pace, PostService
from deckwright_bot.services.solo_quizzes import SoloQuizzes
from deckwright_bot.services.stage import Stage
from deckwright_bot.services.standings import StandingsService
from deckwright_bot.services.tidying import Tidying
from deckwright_bot.stage import DiscordStage
from deckwright_bot.store.database import Database
from deckwright_bot.store.facts import Facts
from deckwright_bot.store.forgotten import Forgotten
from deckwright_bot.ui.render import Renderer

BREATH: Final = 2.0
"""Real seconds for which a busy program may not beat, without being out of reach (R20)."""
LONGEST_TICK: Final = 10.0
SHORTEST_PATIENCE: Final = 0.5
"""Bounds of the real seconds a tick waits for slow groups."""


@dataclass(frozen=True, slots=True)
class Chat:
    """What the services need of a chat."""

    messenger: Messenger
    stage: Stage


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the packages for Anki are, and where larger ones can be fetched."""

    folder: Path = Path("build")
    url: str | None = None


def pace_of(speed: float) -> Pace:
    """How long a moment is: of a fast clock's time more passes while the program draws its breath."""
    gap = max(HEARTBEAT_GAP, timedelta(seconds=BREATH * speed))
    tick = TICK.total_seconds() / speed
    return Pace(gap, min(LONGEST_TICK, max(SHORTEST_PATIENCE, tick)), max(SHORTEST_TICK, tick))


def services_over(
    database: Database,
    library: StudyLibrary,
    chat: Chat,
    *,
    pace: Pace | None = None,
    shelf: Shelf | None = None,
    random: Random | None = None,
) -> Services:
    """Every use case, over one database and one chat; ``random`` makes the seeds of new groups."""
    messenger, shelf = chat.messenger, shelf or Shelf()
    posts = PostService(database, library, messenger, pace)
    tidying = Tidying(database, messenger)
    leaving = LeavingService(database, messenger, random)
    return Services(
        library,
        GroupService(database, random),
        posts,
        AnswerService(database, OpenMatcher(library, Matcher.for_cards(library.library.cards))),
        StandingsService(database),
        MemberService(database, Forgotten(database.path), tidying),
        CorrectionService(database),
        OverviewService(database, library, posts),
        leaving,
        CareService(database, tidying, leaving, BookService(database)),
        GreetingService(database, messenger),
        GroupQuizzes(database, library, chat.stage),
        SoloQuizzes(database, library),
        CardService(database, library),
        PackageService(database, shelf.folder, shelf.url),
    )


def make_bot(
    database: Database,
    library: StudyLibrary,
    clock: Clock,
    renderer: Renderer,
    drawing: ThreadPoolExecutor,
    *,
    shelf: Shelf | None = None,
    pace: Pace | None = None,
    random: Random | None = None,
) -> StudyBot:
    """A bot that is ready to be started; it closes neither the database nor the drawing thread.

    ``pace`` is for a clock that leaps, whose speed says nothing; ``random`` as in `services_over`.
    """
    bot = StudyBot(Facts(database))
    messenger = DiscordMessenger(bot)
    stage = DiscordStage(bot, messenger)
    pace = pace or pace_of(clock.speed)
    services = services_over(database, library, Chat(messenger, stage), pace=pace, shelf=shelf, random=random)
    context = Context(services, clock, renderer, drawing)
    messenger.wire(context)
    stage.wire(context)
    bot.wire(context, messenger, pace)
    return bot
