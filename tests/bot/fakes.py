"""A chat that remembers what it was asked to send, and a group that is set up; the edge of the world for services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from deckwright_bot.services.answers import AnswerService
from deckwright_bot.services.bundle import Services
from deckwright_bot.services.groups import GroupService, Wish
from deckwright_bot.services.library import StudyLibrary, load
from deckwright_bot.services.members import MemberService
from deckwright_bot.services.ports import Refused, Tally, Unavailable, Yesterday
from deckwright_bot.services.posts import PostService
from deckwright_bot.services.standings import StandingsService
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.store.records import Daily, Group, Post
from deckwright_bot.wiring import services_over

GROUP = 1001
CHANNEL = 2001
OWNER = 3001
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@dataclass
class FakeMessenger:
    """Messages by their nonce, as Discord keeps them; faults by script."""

    sent: dict[int, tuple[Post, Yesterday | None]] = field(default_factory=dict)
    by_nonce: dict[str, int] = field(default_factory=dict)
    revealed: dict[int, Tally] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    told: list[Sequence[str]] = field(default_factory=list)
    running_out: list[int] = field(default_factory=list)
    reminded: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    pins: list[int] = field(default_factory=list)
    fail: list[Exception | None] = field(default_factory=list)
    lose_answer: bool = False
    may_search: bool = True
    nonces_hold: bool = True

    def _fault(self) -> None:
        if self.fail and (error := self.fail.pop(0)) is not None:
            raise error

    async def send_post(self, post: Post, daily: Daily, yesterday: Yesterday | None) -> int:  # noqa: ARG002
        self._fault()
        nonce = post.nonce or ""
        if not (self.nonces_hold and nonce in self.by_nonce):
            self.by_nonce[nonce] = 9000 + len(self.sent)
            self.sent[self.by_nonce[nonce]] = (post, yesterday)
        if self.lose_answer:
            self.lose_answer = False
            raise Unavailable("the answer was lost")
        return self.by_nonce[nonce]

    async def find_post(self, post: Post, around: datetime) -> int | None:  # noqa: ARG002
        if not self.may_search:
            raise Refused("may not look", ["Read Message History"])
        return next((message for message, (each, _) in self.sent.items() if each.id == post.id), None)

    async def show_count(self, post: Post, answers: int) -> None:
        self.counts[post.id] = answers

    async def reveal(self, post: Post, tally: Tally) -> None:
        self._fault()
        self.revealed[post.id] = tally

    async def open_thread(self, post: Post) -> int:
        self._fault()
        self.threads.append(post.id)
        return 7000 + post.id

    async def pin(self, post: Post) -> None:
        self.pins.append(post.id)

    async def greet(self, group: Group) -> None: ...

    async def tell_paused(self, group: Group, daily: Daily, missing: Sequence[str]) -> None:  # noqa: ARG002
        self.told.append(missing)

    async def tell_running_out(self, group: Group, daily: Daily, left: int) -> None:  # noqa: ARG002
        self.running_out.append(left)

    async def remind(self, member: int, group: Group, post: Post) -> bool:  # noqa: ARG002
        self.reminded.append(member)
        return True

    async def unshare(self, post: Post, message: int) -> None: ...


@dataclass
class World:
    """One bot's services over a real database, with a fake chat and a clock that tests move."""

    database: Database
    messenger: FakeMessenger
    services: Services
    now: datetime = START

    @property
    def library(self) -> StudyLibrary:
        return self.services.library

    @property
    def groups(self) -> GroupService:
        return self.services.groups

    @property
    def posts(self) -> PostService:
        return self.services.posts

    @property
    def answers(self) -> AnswerService:
        return self.services.answers

    @property
    def standings(self) -> StandingsService:
        return self.services.standings

    @property
    def members(self) -> MemberService:
        return self.services.members

    async def set_up(self, *, at: str = "09:00", zone: str = "Europe/Berlin") -> Daily:
        """Join and set a group up; its first post goes out."""
        await self.groups.join(Group(GROUP, "Group", OWNER, "en", self.now, None, None), self.now)
        wish = Wish(channel=CHANNEL, at=at, zone=zone, level="medium")
        daily, _ = await self.groups.set_up(GROUP, wish, OWNER, self.now)
        assert daily is not None
        await self.posts.post_now(daily, self.now)
        return daily

    async def live(self, span: timedelta, step: timedelta = timedelta(minutes=20)) -> None:
        """Let time pass, ticking."""
        until = self.now + span
        while self.now < until:
            self.now = min(self.now + step, until)
            await self.posts.tick(self.now)


def make(folder: Path, library: Path = Path("cards")) -> World:
    """A world in a folder; a second one on the same folder is the bot after a restart."""
    path = folder / "bot.sqlite"
    migrate(path, START)
    database = Database(path)
    messenger = FakeMessenger()
    cards = load(library)
    return World(database, messenger, services_over(database, cards, messenger, Random(1)))
