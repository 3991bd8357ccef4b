"""A chat that remembers what it was asked to send, and a group that is set up; the edge of the world for services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from deckwright.study.question import Snapshot
from deckwright.study.quiz import Phase
from deckwright_bot.services.answers import AnswerService
from deckwright_bot.services.bundle import Services
from deckwright_bot.services.care import CareService
from deckwright_bot.services.corrections import CorrectionService
from deckwright_bot.services.groups import GroupService, Wish
from deckwright_bot.services.leaving import LeavingService
from deckwright_bot.services.library import StudyLibrary, load
from deckwright_bot.services.members import MemberService
from deckwright_bot.services.ports import Refused, Rematch, Tally, Unavailable, Yesterday
from deckwright_bot.services.posts import Pace, PostService
from deckwright_bot.services.stage import Counts, Crowd, Table
from deckwright_bot.services.standings import StandingsService
from deckwright_bot.store import groups as group_store, posts as post_store
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.store.quizzes import Question, Quiz
from deckwright_bot.store.records import DAILY, Daily, Group, Post
from deckwright_bot.wiring import Chat, services_over

GROUP = 1001
CHANNEL = 2001
OWNER = 3001
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@dataclass
class FakeMessenger:
    """Messages by their nonce, as Discord keeps them; faults by script."""

    sent: dict[int, tuple[Post, Yesterday | None]] = field(default_factory=dict)
    by_nonce: dict[str, int] = field(default_factory=dict)
    rematches: dict[int, Rematch | None] = field(default_factory=dict)
    """What a reveal told of the time before."""
    revealed: dict[int, Tally] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    told: list[Sequence[str]] = field(default_factory=list)
    running_out: list[int] = field(default_factory=list)
    reminded: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    pins: list[int] = field(default_factory=list)
    unshared: list[int] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    gone: set[tuple[int, int]] = field(default_factory=set)
    fail: list[Exception | None] = field(default_factory=list)
    lose_answer: bool = False
    may_search: bool = True
    nonces_hold: bool = True

    def _fault(self) -> None:
        if self.fail and (error := self.fail.pop(0)) is not None:
            raise error

    async def send_post(
        self,
        post: Post,
        daily: Daily,  # noqa: ARG002
        yesterday: Yesterday | None,
        rematch: Rematch | None,  # noqa: ARG002
    ) -> int:
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

    async def reveal(self, post: Post, tally: Tally, rematch: Rematch | None) -> None:
        self._fault()
        self.rematches[post.id] = rematch
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

    async def unshare(self, group: int, channel: int, message: int) -> None:  # noqa: ARG002
        self._fault()
        self.unshared.append(message)

    async def is_member(self, group: int, member: int) -> bool:
        self._fault()
        self.asked.append((group, member))
        return (group, member) not in self.gone


@dataclass
class FakeStage:
    """The channel of a quiz; while ``nonces_hold`` what is sent again is one message, later it stands there twice."""

    lobbies: dict[int, int] = field(default_factory=dict)
    crowds: dict[int, list[tuple[Phase, Crowd]]] = field(default_factory=dict)
    """What the lobby of each quiz was edited to."""
    asked: dict[tuple[int, int], Snapshot] = field(default_factory=dict)
    anew: list[tuple[int, datetime]] = field(default_factory=list)
    """Questions that were edited to another end."""
    shown: dict[tuple[int, int], tuple[Counts, Table]] = field(default_factory=dict)
    finished: dict[int, Table] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    """Every message that stands there."""
    fail: list[Exception] = field(default_factory=list)
    nonces_hold: bool = True
    may_search: bool = True

    def _fault(self) -> None:
        if self.fail:
            raise self.fail.pop(0)

    def _send(self, what: str) -> int:
        if not (self.nonces_hold and what in self.sent):
            self.sent.append(what)
        return 1000 + self.sent.index(what)

    def _find(self, what: str) -> int | None:
        self._fault()
        if not self.may_search:
            raise Refused("may not look", ["Read Message History"])
        return 1000 + self.sent.index(what) if what in self.sent else None

    async def open_lobby(self, quiz: Quiz, crowd: Crowd) -> int:
        self._fault()
        self.crowds.setdefault(quiz.id, []).append((quiz.phase, crowd))
        return self.lobbies.setdefault(quiz.id, self._send(f"lobby {quiz.id}"))

    async def show_lobby(self, quiz: Quiz, crowd: Crowd) -> None:
        self._fault()
        self.crowds.setdefault(quiz.id, []).append((quiz.phase, crowd))

    async def ask(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:  # noqa: ARG002
        self._fault()
        self.asked.setdefault((quiz.id, question.number), snapshot)
        return self._send(f"question {quiz.id} {question.number}")

    async def ask_anew(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> None:  # noqa: ARG002
        self._fault()
        self.anew.append((question.number, closes))

    async def show(
        self, quiz: Quiz, question: Question, snapshot: Snapshot, counts: Counts, table: Table
    ) -> None:
        self._fault()
        assert snapshot.key is not None
        assert (quiz.id, question.number) not in self.shown
        self.shown[quiz.id, question.number] = (counts, table)

    async def finish(self, quiz: Quiz, table: Table) -> None:
        self._fault()
        self._send(f"final {quiz.id}")
        self.finished[quiz.id] = table

    async def find_lobby(self, quiz: Quiz) -> int | None:
        return self._find(f"lobby {quiz.id}")

    async def find_question(self, quiz: Quiz, question: Question) -> int | None:
        return self._find(f"question {quiz.id} {question.number}")

    async def find_final(self, quiz: Quiz, after: int | None) -> int | None:  # noqa: ARG002
        return self._find(f"final {quiz.id}")


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

    @property
    def care(self) -> CareService:
        return self.services.care

    @property
    def leaving(self) -> LeavingService:
        return self.services.leaving

    @property
    def corrections(self) -> CorrectionService:
        return self.services.corrections

    async def set_up(self, *, at: str = "09:00", zone: str = "Europe/Berlin", opens: bool = False) -> Daily:
        """Join and set a group up; its first post goes out."""
        await self.groups.join(Group(GROUP, "Group", OWNER, "en", self.now, None, None))
        wish = Wish(channel=CHANNEL, at=at, zone=zone, level="medium")
        daily, _ = await self.groups.set_up(GROUP, wish, OWNER, self.now)
        assert daily is not None
        if opens:
            daily = replace(daily, open_questions=True)
            async with self.database.writing() as connection:
                await group_store.save(connection, daily)
        await self.posts.post_now(daily, self.now)
        return daily

    async def live(self, span: timedelta, step: timedelta = timedelta(minutes=20)) -> None:
        """Let time pass, ticking."""
        until = self.now + span
        while self.now < until:
            self.now = min(self.now + step, until)
            await self.posts.tick(self.now)


def make(folder: Path, library: Path = Path("cards"), messenger: FakeMessenger | None = None) -> World:
    """A world in a folder; a second one on the same folder is the bot after a restart."""
    path = folder / "bot.sqlite"
    migrate(path, START)
    database = Database(path)
    messenger = messenger or FakeMessenger()
    cards = load(library)
    return World(
        database, messenger, services_over(database, cards, Chat(messenger, FakeStage()), random=Random(1))
    )


def live_through(
    make_one: Callable[[], World], story: Callable[[World], Awaitable[None]], *, set_up: bool = False
) -> None:
    """Tell a story in a world, set up first if asked; its database is closed in any case."""

    async def whole() -> None:
        world = make_one()
        try:
            if set_up:
                await world.set_up()
            await story(world)
        finally:
            await world.database.close()

    asyncio.run(whole())


async def all_posts(world: World) -> list[Post]:
    """The posts of the daily question, the first one first."""
    async with world.database.reading() as connection:
        return await post_store.of_series(connection, GROUP, DAILY)


LITTLE = """
- id: choice-{n}
  front: Question {n}?
  back: Answer {n}.
  right: Right {n}.
  wrong: [{{text: Wrong {n}a., why: No.}}, {{text: Wrong {n}b., why: No.}}, {{text: Wrong {n}c., why: No.}}]
"""
LITTLE_OPEN = """
- id: open-{n}
  front: Open question {n}?
  back: Open answer {n}.
  key_points: [{{say: the point {n}, words: [point]}}]
"""


@cache
def little_library(choices: int, opens: int = 0) -> StudyLibrary:
    """So many cards to choose from and so many open ones, which are asked where open questions are on."""
    cards = "".join(LITTLE.format(n=n) for n in range(choices))
    cards += "".join(LITTLE_OPEN.format(n=n) for n in range(opens))
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "deck").mkdir()
        (root / "library.yaml").write_text("title: Little\nnamespace: little\ndecks: [deck]\n")
        (root / "deck" / "deck.yaml").write_text("title: Deck\n")
        (root / "deck" / "topic.yaml").write_text(f"topic: topic\ntitle: Topic\ncards:{cards}")
        return load(root)


@cache
def _blank() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bot.sqlite"
        migrate(path, START)
        return path.read_bytes()


def fresh(
    folder: Path,
    cards: StudyLibrary,
    messenger: FakeMessenger,
    now: datetime = START,
    *,
    pace: Pace | None = None,
) -> World:
    """A world over a library that is loaded already; quick, for tests that need hundreds of them."""
    path = folder / "bot.sqlite"
    if not path.exists():
        path.write_bytes(_blank())
    database = Database(path)
    chat = Chat(messenger, FakeStage())
    return World(database, messenger, services_over(database, cards, chat, pace=pace, random=Random(1)), now)
