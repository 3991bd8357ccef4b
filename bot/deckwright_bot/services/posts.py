"""The daily question: what is due is claimed, sent, closed (R1-R12, R20). One tick does all that is due."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from deckwright.study import outages, schedule
from deckwright.study.dates import local_date
from deckwright.study.keys import PostKey, PromptKey
from deckwright.study.pool import Pool, fits, pool
from deckwright.study.posting import State
from deckwright.study.question import to_json
from deckwright.study.rematch import LATEST, SOONEST, Asked, is_day, rematch
from deckwright.study.reminders import BEFORE_CLOSE, TOO_LATE
from deckwright.study.schedule import Due, LastPost
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.ports import Messenger, Refused, Rejected, Unavailable, Yesterday
from deckwright_bot.services.sending import LONGEST_RETRY, Sender
from deckwright_bot.services.snapshots import series_of
from deckwright_bot.services.spoilers import played_now, told_now
from deckwright_bot.services.steps import COUNT_EVERY, Steps
from deckwright_bot.store import (
    groups as group_store,
    members as member_store,
    posts as post_store,
)
from deckwright_bot.store.database import Connection, Database, DatabaseError
from deckwright_bot.store.records import Daily, Post

log = logging.getLogger(__name__)

HEARTBEAT_GAP = timedelta(minutes=5)
"""A longer silence counts as time out of reach (R20); ticks come every 30 s."""
AT_ONCE = 50
"""So many groups are served side by side; more would only wait for Discord's global limit."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How real time bears on the services: at a simulated clock a moment is long."""

    heartbeat_gap: timedelta = HEARTBEAT_GAP
    """Of the clock's time."""
    patience: float = 10.0
    """Real seconds a tick waits for slow groups; their work goes on, and the next tick comes all the same."""
    tick: float = 30.0
    """Real seconds between two looks at what is due."""
    count_every: timedelta = COUNT_EVERY
    """The live count on a post is edited no more often (R15), by the clock's time."""


@dataclass(slots=True)
class Work:
    """What is due in one group."""

    closing: list[Post] = field(default_factory=list)
    unsent: list[Post] = field(default_factory=list)
    series: list[Daily] = field(default_factory=list)
    untold: list[Daily] = field(default_factory=list)
    steps: bool = False
    counts: list[tuple[Post, int]] = field(default_factory=list)
    reminders: list[Post] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PostNow:
    """What became of a request to post now."""

    post: Post | None
    empty: bool = False
    """There is no prompt that fits the group's level and decks."""


class PostService:
    """Decides from the database what is due and does it; a call too many does nothing."""

    def __init__(
        self, database: Database, library: StudyLibrary, messenger: Messenger, pace: Pace | None = None
    ) -> None:
        self._database = database
        self._library = library
        self._messenger = messenger
        self._pace = pace or Pace()
        self._sender = Sender(database, messenger)
        self._steps = Steps(database, messenger)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._looked_afresh = False

    async def tick(self, now: datetime) -> None:
        """Everything that is due at ``now``.

        One group's failure never touches another, nor does its slowness (R9): groups are served side by side,
        and one that is still being served is left alone.
        """
        async with self._database.writing() as connection:
            await member_store.heartbeat(connection, now, now - self._pace.heartbeat_gap)
            if not self._looked_afresh:
                # Time zones change with the system; what an earlier run worked out may be wrong today.
                await group_store.look_afresh(connection)
                self._looked_afresh = True
        for group, work in (await self._due(now)).items():
            if group not in self._busy:
                task = asyncio.create_task(self._serve(work, group, now))
                self._busy[group] = task
                task.add_done_callback(partial(self._served, group))
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=self._pace.patience)

    def _served(self, group: int, done: asyncio.Task[None]) -> None:
        self._busy.pop(group, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            told = None if isinstance(error, DatabaseError) else error
            log.error("group %d could not be served: %s", group, error, exc_info=told)

    async def finish(self, patience: float = 5.0) -> None:
        """Wait for what is at work before the program ends."""
        if self._busy:
            _, late = await asyncio.wait(self._busy.values(), timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _due(self, now: datetime) -> dict[int, Work]:
        """What is due, by group: a few queries, however many groups there are."""
        found: defaultdict[int, Work] = defaultdict(Work)
        async with self._database.reading() as connection:
            for post in await post_store.closing(connection, now):
                found[post.group].closing.append(post)
            for post in await post_store.unsent(connection, now, now + LONGEST_RETRY):
                found[post.group].unsent.append(post)
            for daily in await group_store.to_look_at(connection, now):
                found[daily.group].series.append(daily)
            for daily in await group_store.untold(connection):
                found[daily.group].untold.append(daily)
            for group in await post_store.groups_with_steps(connection):
                found[group].steps = True
            for post, count in await post_store.miscounted(connection, now - self._pace.count_every, now):
                found[post.group].counts.append((post, count))
            for post in await post_store.to_remind_of(connection, now + TOO_LATE, now + BEFORE_CLOSE):
                found[post.group].reminders.append(post)
        return found

    async def _serve(self, work: Work, group: int, now: datetime) -> None:
        async with self._slots:
            for post in work.closing:
                await self._guard(self.close(post, now), "closing", group)
            for post in work.unsent:
                await self._guard(self._sender.resume(post, now), "sending again", group)
            for daily in work.untold:
                await self._guard(self._sender.tell_untold(daily, now), "telling the owner", group)
            for daily in work.series:
                await self._guard(self._series(daily, now), "posting", group)
            if work.steps or work.closing or work.series:
                async with self._database.reading() as connection:
                    steps = await post_store.with_steps(connection, group)
                for post in steps:
                    await self._guard(self._steps.take(post), "a later step", group)
            for post, count in work.counts:
                await self._guard(self._steps.show_count(post, count, now), "the live count", group)
            for post in work.reminders:
                await self._guard(self._steps.remind(post), "reminders", group)

    async def _guard(self, work: Awaitable[object], what: str, group: int) -> None:
        try:
            await work
        except (Refused, Unavailable, DatabaseError) as error:
            log.warning("group %d: %s failed: %s", group, what, error)
        except Exception:
            log.exception("group %d: %s failed", group, what)

    # posting

    async def last(self, connection: Connection, daily: Daily) -> LastPost | None:
        """What a series has behind it."""
        newest = await post_store.latest(connection, daily.group, daily.series)
        if newest is None:
            return None
        return LastPost(newest.date, await post_store.last_sent(connection, daily.group, daily.series))

    async def next_posts(self, daily: Daily, now: datetime, count: int = 3) -> list[tuple[date, datetime]]:
        """The next posts as they will happen (R4)."""
        async with self._database.reading() as connection:
            last = await self.last(connection, daily)
        return schedule.next_posts(series_of(daily), now, last, count)

    async def _series(self, daily: Daily, now: datetime) -> None:
        async with self._database.reading() as connection:
            last = await self.last(connection, daily)
        due = schedule.due(series_of(daily), now, last)
        await self._post(daily, due, now)

    async def post_now(self, daily: Daily, now: datetime) -> PostNow:
        """Post under today's local date at once (R12, ``/admin post``), unless that date has its post."""
        async with self._database.reading() as connection:
            last = await self.last(connection, daily)
        due = schedule.first_post(series_of(daily), now, last)
        return PostNow(None) if due.post is None else await self._post(daily, due, now)

    async def _post(self, daily: Daily, due: Due, now: datetime) -> PostNow:
        """Claim the date, then send what was claimed (R6)."""

        async def claim(connection: Connection) -> tuple[PostNow, Pool | None]:
            return await self._claim(connection, daily, due, now)

        claimed, left = await self._database.at_once(claim)
        post = claimed.post
        if post is None or left is None:
            return claimed
        await self._sender.send(post, daily, now)
        if left.low:
            await self._warn_low(daily, left.left)
        async with self._database.reading() as connection:
            return PostNow(await post_store.find(connection, post.id))

    async def _claim(
        self, connection: Connection, daily: Daily, due: Due, now: datetime
    ) -> tuple[PostNow, Pool | None]:
        """Claim the date in one statement with all that will be asked; also what the prompt was taken from."""
        series = series_of(daily)
        current = await group_store.daily(connection, daily.group, daily.series)
        if current is None or series_of(current) != series:
            # Its owner changed it since it was read. The next tick looks at it as it is now.
            return PostNow(None), None
        daily = current
        await post_store.skip(connection, daily.group, daily.series, due.skipped)
        await group_store.looked(connection, daily, now, schedule.wakes(series, now))
        if due.post is None:
            return PostNow(None), None
        asked = [PromptKey(*key) for key in await post_store.asked(connection, daily.group, daily.series)]
        left = pool(self._library.askables, series, asked)
        if left.next is None:
            # The date stays free: settings that fit something are looked at again at once.
            log.warning("group %d: no card fits its level and decks", daily.group)
            return PostNow(None, empty=True), left
        played = await played_now(connection, daily.group, self._library)
        prompt, before = await self._free(connection, daily, left, played) or left.next, None
        if daily.rematch and is_day(due.post, daily.weekdays):
            again = await self._rematch(connection, daily, due.post, played)
            if again is not None:
                prompt, before = again
        key = PostKey(daily.group, daily.series, due.post)
        claim = post_store.Claim(
            group=daily.group,
            series=daily.series,
            date=due.post,
            card=prompt.card,
            ordinal=prompt.ordinal,
            snapshot=to_json(self._library.snapshot(prompt, key)),
            nonce=key.nonce,
            scheduled=due.scheduled or now,
            claimed=now,
            opens=due.opens,
            closes=schedule.closing(series, due.post, due.opens),
            channel=daily.channel,
            thread=daily.thread,
            pin=daily.pin,
            rematch_of=before,
        )
        claimed = await post_store.claim(connection, claim)
        return PostNow(await post_store.find(connection, claimed) if claimed is not None else None), left

    async def _free(
        self, connection: Connection, daily: Daily, left: Pool, played: Collection[str]
    ) -> PromptKey | None:
        """The next prompt whose key no quiz tells while the post is open; what quizzes ask just now comes another day.

        Where they ask all that is left, one that they have not come to: they pass it over then. None where they have
        come to every one.
        """
        free = next((each for each in left.upcoming if each.card not in played), None)
        if free is not None:
            return free
        told = await told_now(connection, daily.group, self._library)
        return next((each for each in left.upcoming if each.card not in told), None)

    async def _rematch(
        self, connection: Connection, daily: Daily, day: date, played: Collection[str]
    ) -> tuple[PromptKey, int] | None:
        """The week's rematch and the post it was in; None where there is none to be had."""
        outcomes = await post_store.outcomes(
            connection, daily.group, daily.series, day - LATEST - SOONEST, day
        )
        fitting = {
            each.key
            for each in self._library.askables
            if fits(each, series_of(daily)) and each.key.card not in played
        }
        # A card may have another id today than when it was asked.
        known = [(self._library.today(PromptKey(each.card, each.ordinal)), each) for each in outcomes]
        asked = [
            Asked(key, each.day, each.answers, each.right)
            for key, each in known
            if not each.rematch and key in fitting
        ]
        returned = {key for key, each in known if each.rematch}
        found = rematch(day, asked, returned)
        post = next((each.post for each in outcomes if found is not None and each.day == found.day), None)
        return (found.prompt, post) if found is not None and post is not None else None

    async def _warn_low(self, daily: Daily, left: int) -> None:
        """Warn the owner once in a round (R10), in which ``left`` only falls. The post stands, whatever comes of it.

        First told, then written down: what Discord cannot deliver now is told with the next post.
        """
        if daily.warned_left is None or left > daily.warned_left:
            async with self._database.reading() as connection:
                group = await group_store.find(connection, daily.group)
            try:
                if group is not None:
                    await self._messenger.tell_running_out(group, daily, left)
            except Unavailable as error:
                log.warning(
                    "group %d: its owner will be told later that cards run out: %s", daily.group, error
                )
                return
            except (Refused, Rejected) as error:
                log.warning("group %d: its owner cannot be told that cards run out: %s", daily.group, error)
        async with self._database.writing() as connection:
            await group_store.warned(connection, daily.group, left, daily.series)

    # closing

    async def close(self, post: Post, now: datetime) -> None:
        """Close a post once (R19, R20); its reveal is a step of its own, retried alone."""
        if post.opens is None or post.closes is None:
            return
        async with self._database.writing() as connection:
            runs = await member_store.runs(connection, post.opens, post.closes)
            outage = outages.outage(post.opens, post.closes, runs)
            await post_store.close(connection, post.id, now, outage=outage)

    # looking

    async def yesterday(self, group: int, series: str, day: date) -> Yesterday | None:
        """The line with which the post of a date begins (R15)."""
        return await self._sender.yesterday(group, series, day)

    async def today(self, group: int, series: str) -> Post | None:
        """The newest post that went out, open or closed."""
        out = (State.SENT, State.CLOSED, State.VOID)
        async with self._database.reading() as connection:
            found = await post_store.recent(connection, group, series, out, 1)
        return found[0] if found else None

    async def find(self, post: int) -> Post | None:
        """A post by its id."""
        async with self._database.reading() as connection:
            return await post_store.find(connection, post)

    async def left(self, daily: Daily) -> int:
        """How many prompts are left before one repeats (R10)."""
        async with self._database.reading() as connection:
            asked = [PromptKey(*key) for key in await post_store.asked(connection, daily.group, daily.series)]
        return pool(self._library.askables, series_of(daily), asked).left


def today_of(daily: Daily, now: datetime) -> date:
    """The group's local date."""
    return local_date(now, series_of(daily).tz)
