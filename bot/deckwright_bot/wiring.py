"""One bot put together: its services over a database, and the client that is their Messenger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

from deckwright.study.matching import Matcher
from deckwright_bot.client import StudyBot
from deckwright_bot.clock import Clock
from deckwright_bot.cogs.context import Context
from deckwright_bot.services.answers import AnswerService
from deckwright_bot.services.bundle import Services
from deckwright_bot.services.groups import GroupService
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.matching import OpenMatcher
from deckwright_bot.services.members import MemberService
from deckwright_bot.services.ports import Messenger
from deckwright_bot.services.posts import PostService
from deckwright_bot.services.standings import StandingsService
from deckwright_bot.store.database import Database
from deckwright_bot.store.facts import Facts
from deckwright_bot.ui.render import Renderer


def services_over(
    database: Database, library: StudyLibrary, messenger: Messenger, random: Random | None = None
) -> Services:
    """Every use case, over one database and one chat; ``random`` makes the seeds of new groups."""
    return Services(
        library,
        GroupService(database, random),
        PostService(database, library, messenger),
        AnswerService(database, OpenMatcher(library, Matcher.for_cards(library.library.cards))),
        StandingsService(database),
        MemberService(database),
    )


def make_bot(
    database: Database, library: StudyLibrary, clock: Clock, renderer: Renderer, drawing: ThreadPoolExecutor
) -> StudyBot:
    """A bot that is ready to be started; it closes neither the database nor the drawing thread."""
    bot = StudyBot(Facts(database))
    bot.wire(Context(services_over(database, library, bot), clock, renderer, drawing))
    return bot
