"""All services of one bot, wired once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from deckwright_bot.services.answers import AnswerService
from deckwright_bot.services.groups import GroupService
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.members import MemberService
from deckwright_bot.services.posts import PostService
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
