"""All services of one bot, wired once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from deckwright_bot.services.answers import AnswerService
from deckwright_bot.services.cards import CardService
from deckwright_bot.services.care import CareService
from deckwright_bot.services.corrections import CorrectionService
from deckwright_bot.services.greetings import GreetingService
from deckwright_bot.services.group_quizzes import GroupQuizzes
from deckwright_bot.services.groups import GroupService
from deckwright_bot.services.leaving import LeavingService
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.members import MemberService
from deckwright_bot.services.overview import OverviewService
from deckwright_bot.services.packages import PackageService
from deckwright_bot.services.posts import PostService
from deckwright_bot.services.solo_quizzes import SoloQuizzes
from deckwright_bot.services.standings import StandingsService


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases the commands and buttons call."""

    library: StudyLibrary
    groups: GroupService
    posts: PostService
    answers: AnswerService
    standings: StandingsService
    members: MemberService
    corrections: CorrectionService
    overview: OverviewService
    leaving: LeavingService
    care: CareService
    greetings: GreetingService
    quizzes: GroupQuizzes
    solo: SoloQuizzes
    cards: CardService
    packages: PackageService
