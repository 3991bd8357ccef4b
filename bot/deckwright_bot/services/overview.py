"""What an owner looks at: how posting goes, and what a post looks like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deckwright.study import schedule
from deckwright.study.keys import PostKey, PromptKey
from deckwright.study.pool import pool
from deckwright.study.posting import State
from deckwright.study.question import Snapshot
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.ports import Yesterday
from deckwright_bot.services.posts import PostService, today_of
from deckwright_bot.services.snapshots import series_of
from deckwright_bot.store import answers as answer_store, members as member_store, posts as post_store
from deckwright_bot.store.database import Database
from deckwright_bot.store.records import Daily, Post

SHOWN_POSTS = 5
HEARTBEATS = timedelta(days=2)
"""How far back the last sign of life is looked for."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How a group's questions go."""

    following: list[tuple[date, datetime]]
    """The next posts (R4)."""
    left: int
    """Questions before one repeats (R10)."""
    recent: list[tuple[Post, int]]
    """The last posts, newest first, and how many answered each."""
    heartbeat: datetime | None
    """When the bot was last awake; None if that is longer ago than two days."""
    library: str
    cards: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A post that nobody is asked."""

    snapshot: Snapshot
    closes: datetime
    yesterday: Yesterday | None


class OverviewService:
    """Reads only."""

    def __init__(self, database: Database, library: StudyLibrary, posts: PostService) -> None:
        self._database = database
        self._library = library
        self._posts = posts

    async def of(self, daily: Daily, now: datetime) -> Overview:
        """How a group's questions go."""
        following = await self._posts.next_posts(daily, now)
        left = await self._posts.left(daily)
        async with self._database.reading() as connection:
            newest = await post_store.recent(connection, daily.group, daily.series, tuple(State), SHOWN_POSTS)
            recent = [(post, await answer_store.count(connection, post.id)) for post in newest]
            runs = await member_store.runs(connection, now - HEARTBEATS, now)
        library = self._library.library
        return Overview(
            following,
            left,
            recent,
            runs[-1][1] if runs else None,
            library.title,
            sum(1 for _ in library.cards),
        )

    async def sample(self, daily: Daily, now: datetime) -> Sample | None:
        """A post as it would look today; None if no card fits the group's level and decks.

        The owner plays, too: its question is the last of the pool's order, and its options are drawn
        for another day than the one on which it will be asked.
        """
        series, today = series_of(daily), today_of(daily, now)
        async with self._database.reading() as connection:
            asked = [PromptKey(*key) for key in await post_store.asked(connection, daily.group, daily.series)]
        upcoming = pool(self._library.askables, series, asked).upcoming
        if not upcoming:
            return None
        snapshot = self._library.snapshot(upcoming[-1], PostKey(daily.group, daily.series, today))
        yesterday = await self._posts.yesterday(daily.group, daily.series, today)
        return Sample(snapshot, schedule.closing(series, today, now), yesterday)
