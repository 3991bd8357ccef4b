"""Streaks and boards, computed from rows and, for whole months, from their sums (R18-R27)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from deckwright.study import schedule
from deckwright.study.dates import local_date
from deckwright.study.posting import State
from deckwright.study.ranking import Period, Span, Standing, Tally, own, rank, span
from deckwright.study.streak import Mark, Pause, Streak, pause, streak
from deckwright_bot.services.snapshots import series_of
from deckwright_bot.store import (
    groups as group_store,
    members as member_store,
    posts as post_store,
    scores,
)
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.records import DAILY, Credit

LAST_YEAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard, with the names to show and the asking member's own line."""

    period: Period
    standings: tuple[Standing, ...]
    names: dict[int, str]
    mine: Standing | None
    hidden: bool = False
    """Whether the asking member stands on no board; theirs is then the place they would have."""


async def streak_in(connection: Connection, group: int, series: str, member: int) -> Streak:
    """A member's streak, from the posts and their answers (R18)."""
    lines = await post_store.lines_of(connection, group, series, member)
    pauses = await member_store.pauses_of(connection, group, series, member)
    spans = [Pause(each.begins, each.days) for each in pauses]
    return streak(lines.posts, lines.answered, spans, lines.credited)


class StandingsService:
    """Reads streaks and boards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def streak(self, group: int, member: int, series: str = DAILY) -> Streak:
        """A member's streak in a group."""
        async with self._database.reading() as connection:
            return await streak_in(connection, group, series, member)

    async def pause(self, group: int, member: int, name: str, days: int, now: datetime) -> Pause | None:
        """Pause a streak from the next post on (R22); None where no post is to come.

        Raises:
            ValueError: for other than 1 to 30 days.
        """
        async with self._database.writing() as connection:
            daily = await group_store.daily(connection, group)
            if daily is None:
                return None
            newest = await post_store.latest(connection, group, DAILY)
            sent = await post_store.last_sent(connection, group, DAILY)
            last = schedule.LastPost(newest.date, sent) if newest is not None else None
            following = schedule.next_posts(series_of(daily), now, last, 1)
            if not following:
                return None
            made = pause(following[0][0], newest.date if newest is not None else None, days)
            await member_store.seen(connection, group, member, name, now)
            await member_store.pause(connection, group, DAILY, member, made.first, made.days, now)
        return made

    async def at_stake(self, group: int, member: int) -> bool:
        """Whether a question is open that a member has not answered, and would miss if it closed so (R19)."""
        async with self._database.reading() as connection:
            lines = await post_store.lines_of(connection, group, DAILY, member)
            pauses = await member_store.pauses_of(connection, group, DAILY, member)
        spans = [Pause(each.begins, each.days) for each in pauses]
        opened = {each.day for each in lines.posts if each.state is State.SENT}
        closed = [replace(each, state=State.CLOSED) if each.day in opened else each for each in lines.posts]
        marks = streak(closed, lines.answered, spans, lines.credited).calendar
        return any(day in opened and mark in (Mark.MISSED, Mark.FROZEN) for day, mark in marks)

    async def paused_until(self, group: int, member: int, now: datetime) -> date | None:
        """The last date of a member's pause, if one is running or to come; an answer ended it (R22)."""
        async with self._database.reading() as connection:
            daily = await group_store.daily(connection, group)
            if daily is None:
                return None
            lines = await post_store.lines_of(connection, group, DAILY, member)
            pauses = await member_store.pauses_of(connection, group, DAILY, member)
        today = local_date(now, series_of(daily).tz)
        spans = [Pause(each.begins, each.days) for each in pauses]
        last = [
            each.last for each in spans if not any(each.first <= day <= each.last for day in lines.answered)
        ]
        return max((day for day in last if day >= today), default=None)

    async def board(self, group: int, member: int, period: Period, now: datetime) -> Board:
        """The board of a period in the group's zone (R25, R26)."""
        async with self._database.reading() as connection:
            daily = await group_store.daily(connection, group)
            days = Span(date.min, LAST_YEAR) if daily is None else span(period, now, series_of(daily).tz)
            found = await scores.board(connection, group, days.first, days.last)
            tallies = {each.member: Tally(each.points, each.right, each.answers) for each in found}
            off = None
            if member not in tallies:
                off = await scores.hidden(connection, group, member, days.first, days.last)
        standings = rank(tallies)
        names = {each.member: each.name for each in found}
        if off is None:
            return Board(period, standings, names, own(standings, member))
        among = rank({**tallies, member: Tally(off.points, off.right, off.answers)})
        return Board(period, standings, names, own(among, member), hidden=True)

    async def credits(self, group: int, member: int) -> list[Credit]:
        """What was credited to a member for faults of the bot, oldest first (R23)."""
        async with self._database.reading() as connection:
            return await post_store.credits_in(connection, group, DAILY, member)
