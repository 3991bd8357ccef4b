"""The daily question: claimed, sent, closed (R1-R12, R15, R20). One tick does all that is due."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deckwright.study import outages, posting, schedule
from deckwright.study.dates import local_date
from deckwright.study.keys import PostKey, PromptKey
from deckwright.study.points import void as void_rows
from deckwright.study.pool import LOW, pool
from deckwright.study.posting import State
from deckwright.study.question import Snapshot, corrected, from_json, to_json
from deckwright.study.reminders import reminder_due
from deckwright.study.schedule import Due, LastPost, Series
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.ports import Messenger, Refused, Tally, Unavailable, Yesterday
from deckwright_bot.store import (
    answers as answer_store,
    groups as group_store,
    members as member_store,
    posts as post_store,
    scores,
)
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.records import DONT_KNOW, Daily, Post, Step

log = logging.getLogger(__name__)

HEARTBEAT_GAP = timedelta(minutes=5)
"""A longer silence counts as time out of reach (R20); ticks come every 30 s."""
RETRY_AFTER = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
COUNT_EVERY = timedelta(seconds=20)
"""The live count on a post is edited no more often (R15)."""


def series_of(daily: Daily) -> Series:
    """A group's settings as the rules read them."""
    return Series(
        group=daily.group,
        series=daily.series,
        zone=daily.zone,
        at=daily.at,
        weekdays=daily.weekdays,
        skip_dates=daily.skip_dates,
        level=daily.level,
        decks=daily.decks,
        seed=daily.seed,
        paused=daily.paused is not None,
        started=daily.started,
    )


def key_of(post: Post) -> PostKey:
    """A post's key (R1)."""
    return PostKey(post.group, post.series, post.date)


def snapshot_of(post: Post) -> Snapshot:
    """What a post asked, with its key corrected if it was (R28)."""
    if post.snapshot is None:
        raise ValueError(f"the post {post.id} asked nothing")
    asked = from_json(post.snapshot)
    return corrected(asked, set(post.key)) if post.key else asked


@dataclass(frozen=True, slots=True)
class PostNow:
    """What became of a request to post now."""

    post: Post | None
    empty: bool = False
    """There is no prompt that fits the group's level and decks."""


class PostService:
    """Decides from the database what is due and does it; a call too many does nothing."""

    def __init__(self, database: Database, library: StudyLibrary, messenger: Messenger) -> None:
        self._database = database
        self._library = library
        self._messenger = messenger

    async def tick(self, now: datetime) -> None:
        """Everything that is due at ``now``. One group's failure never touches another (R9)."""
        async with self._database.writing() as connection:
            await member_store.heartbeat(connection, now, now - HEARTBEAT_GAP)
        async with self._database.reading() as connection:
            closing = await post_store.closing(connection, now)
            series = await group_store.active(connection)
            unsent = await post_store.unsent(connection)
        for post in closing:
            await self._guard(self.close(post, now), "closing", post.group)
        for post in unsent:
            if post.retry is None or post.retry <= now:
                await self._guard(self.resume_sending(post, now), "sending again", post.group)
        for daily in series:
            await self._guard(self._series(daily, now), "posting", daily.group)
        async with self._database.reading() as connection:
            steps = await post_store.with_steps(connection)
            open_posts = await post_store.open_posts(connection)
        for post in steps:
            await self._guard(self._steps(post), "a later step", post.group)
        for post in open_posts:
            await self._guard(self._show_count(post, now), "the live count", post.group)
            await self._guard(self._remind(post, now), "reminders", post.group)

    async def _guard(self, work: Awaitable[object], what: str, group: int) -> None:
        try:
            await work
        except (Refused, Unavailable) as error:
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
        if due.post is None and not due.skipped:
            return
        await self._post(daily, due, now)

    async def post_now(self, daily: Daily, now: datetime) -> PostNow:
        """Post under today's local date at once (R12, ``/admin post``), unless that date has its post."""
        async with self._database.reading() as connection:
            last = await self.last(connection, daily)
        due = schedule.first_post(series_of(daily), now, last)
        return PostNow(None) if due.post is None else await self._post(daily, due, now)

    async def _post(self, daily: Daily, due: Due, now: datetime) -> PostNow:
        """Claim the date in one statement, then send what was claimed (R6)."""
        series = series_of(daily)
        async with self._database.writing() as connection:
            await post_store.skip(connection, daily.group, daily.series, due.skipped)
            if due.post is None:
                return PostNow(None)
            asked = [PromptKey(*key) for key in await post_store.asked(connection, daily.group, daily.series)]
            left = pool(self._library.askables, series, asked)
            if left.next is None:
                await post_store.skip(connection, daily.group, daily.series, [due.post])
                log.warning("group %d: no card fits its level and decks", daily.group)
                return PostNow(None, empty=True)
            key = PostKey(daily.group, daily.series, due.post)
            claim = post_store.Claim(
                group=daily.group,
                series=daily.series,
                date=due.post,
                card=left.next.card,
                ordinal=left.next.ordinal,
                snapshot=to_json(self._library.snapshot(left.next, key)),
                nonce=key.nonce,
                scheduled=due.scheduled or now,
                claimed=now,
                opens=due.opens,
                closes=schedule.closing(series, due.post, due.opens),
                channel=daily.channel,
                thread=daily.thread,
                pin=daily.pin,
            )
            claimed = await post_store.claim(connection, claim)
            post = await post_store.find(connection, claimed) if claimed is not None else None
        if post is None:
            return PostNow(None)
        await self._send(post, daily, now)
        if left.low and daily.warned_left != left.left:
            await self._warn_low(daily, left.left)
        async with self._database.reading() as connection:
            return PostNow(await post_store.find(connection, post.id))

    async def _send(self, post: Post, daily: Daily, now: datetime) -> None:
        try:
            message = await self._messenger.send_post(post, daily, await self._yesterday(post))
        except Unavailable:
            await self._later(post, now)
            raise
        except Refused as refusal:
            await self._later(post, now)
            await self._refused(daily, refusal, now)
            raise
        await self._sent(post, message, now)

    async def _sent(self, post: Post, message: int, now: datetime) -> None:
        async with self._database.writing() as connection:
            await post_store.sent(connection, post.id, message, now)
            await group_store.worked(connection, post.group, post.series)

    async def _later(self, post: Post, now: datetime) -> None:
        wait = min(RETRY_AFTER * 2**post.attempts, LONGEST_RETRY)
        async with self._database.writing() as connection:
            await post_store.later(connection, post.id, now + wait)

    async def _refused(self, daily: Daily, refusal: Refused, now: datetime) -> None:
        """Count a refusal that does not heal; after three the group is paused and its owner told once (R9)."""
        async with self._database.writing() as connection:
            count = await group_store.failed(connection, daily.group, daily.series)
            if count < posting.PATIENCE:
                return
            await group_store.pause(connection, daily.group, "failures", daily.series)
            mine = await group_store.told(connection, daily.group, now, daily.series)
            group = await group_store.find(connection, daily.group)
        if mine and group is not None:
            await self._messenger.tell_paused(group, daily, refusal.missing)

    async def resume_sending(self, post: Post, now: datetime) -> None:
        """A claim without a message id: send again, look for it, report, or give up (R7, R8)."""
        async with self._database.reading() as connection:
            daily = await group_store.daily(connection, post.group, post.series)
        if daily is None or post.scheduled is None or post.claimed is None:
            return
        if daily.paused is not None and not posting.expired(post.scheduled, now):
            return
        step = posting.unsent(post.scheduled, post.claimed, now, may_search=True)
        if step is posting.Step.SEARCH:
            try:
                found = await self._messenger.find_post(post, post.claimed)
            except Refused as refusal:
                # It may stand there and we may not look: never twice, rather not at all (R7).
                await self._later(post, now)
                await self._refused(daily, refusal, now)
                if posting.expired(post.scheduled, now):
                    await self._fail(post)
                return
            if found is not None:
                await self._sent(post, found, now)
                return
            step = posting.searched(post.scheduled, now)
            if step is posting.Step.SEND:
                post = await self._reopened(post, daily, now)
        if step is posting.Step.SEND:
            await self._send(post, daily, now)
        elif step is posting.Step.FAIL:
            await self._fail(post)

    async def _reopened(self, post: Post, daily: Daily, now: datetime) -> Post:
        """Count the window of a post that nobody has seen yet from now on (R8, R11)."""
        closes = schedule.closing(series_of(daily), post.date, now)
        async with self._database.writing() as connection:
            await post_store.reopen(connection, post.id, now, closes)
            return await post_store.find(connection, post.id) or post

    async def _fail(self, post: Post) -> None:
        log.warning("group %d: the post of %s could not be sent", post.group, post.date)
        async with self._database.writing() as connection:
            await post_store.fail(connection, post.id)

    async def _warn_low(self, daily: Daily, left: int) -> None:
        async with self._database.writing() as connection:
            await group_store.warned(connection, daily.group, left, daily.series)
            group = await group_store.find(connection, daily.group)
        if group is not None and left == LOW:
            await self._messenger.tell_running_out(group, daily, left)

    async def _yesterday(self, post: Post) -> Yesterday | None:
        async with self._database.reading() as connection:
            before = await post_store.last_closed(connection, post.group, post.series, post.date)
            if before is None:
                return None
            tally = await self.tally(connection, before)
        choice = snapshot_of(before).form == "choice"
        return Yesterday(tally.answers, tally.right if choice else None, before.outage)

    # closing

    async def close(self, post: Post, now: datetime) -> None:
        """Close a post once (R19, R20); its reveal is a step of its own, retried alone."""
        if post.opens is None or post.closes is None:
            return
        async with self._database.writing() as connection:
            runs = await member_store.runs(connection, post.opens, post.closes)
            outage = outages.outage(post.opens, post.closes, runs)
            await post_store.close(connection, post.id, now, outage=outage)

    async def tally(self, connection: Connection, post: Post) -> Tally:
        """How a post was answered."""
        right = dont_know = total = 0
        letters: dict[str, int] = {}
        grades: dict[str, int] = {}
        key = snapshot_of(post)
        for choice, _, grade, number in await answer_store.by_choice(connection, post.id):
            total += number
            if choice == DONT_KNOW:
                dont_know += number
            elif choice is not None:
                letters[choice] = letters.get(choice, 0) + number
                option = key.option(choice)
                right += number if option is not None and option.right else 0
            if grade is not None:
                grades[grade] = grades.get(grade, 0) + number
        return Tally(total, right, letters, dont_know, grades)

    # later steps

    async def _steps(self, post: Post) -> None:
        if post.thread_step is Step.DUE and post.state is State.SENT:
            await self._step(post, self._open_thread(post), post_store.thread_step)
        if post.pin_step is Step.DUE and post.state is State.SENT:
            await self._step(post, self._messenger.pin(post), post_store.pin_step, done=True)
        if post.reveal_step is Step.DUE:
            async with self._database.reading() as connection:
                tally = await self.tally(connection, post)
            await self._step(post, self._messenger.reveal(post, tally), post_store.reveal_step, done=True)

    async def _open_thread(self, post: Post) -> None:
        thread = await self._messenger.open_thread(post)
        async with self._database.writing() as connection:
            await post_store.thread_step(connection, post.id, Step.DONE, thread)

    async def _step(
        self,
        post: Post,
        work: Awaitable[object],
        record: Callable[[Connection, int, Step], Awaitable[None]],
        *,
        done: bool = False,
    ) -> None:
        """Do a step; a refusal ends it, anything else is tried again at the next tick."""
        try:
            await work
        except Refused as refusal:
            log.warning("group %d: a step of the post of %s was refused: %s", post.group, post.date, refusal)
            async with self._database.writing() as connection:
                await record(connection, post.id, Step.FAILED)
            return
        if done:
            async with self._database.writing() as connection:
                await record(connection, post.id, Step.DONE)

    async def _show_count(self, post: Post, now: datetime) -> None:
        async with self._database.reading() as connection:
            count = await answer_store.count(connection, post.id)
        if count == post.shown_count or (post.edited is not None and now - post.edited < COUNT_EVERY):
            return
        try:
            await self._messenger.show_count(post, count)
        except Refused as refusal:
            # Somebody deleted the message; the next answer tries again, not every tick.
            log.warning("group %d: the live count was refused: %s", post.group, refusal)
        async with self._database.writing() as connection:
            await post_store.counted(connection, post.id, count, now)

    async def _remind(self, post: Post, now: datetime) -> None:
        if post.closes is None or not reminder_due(now, post.closes, answered=False, reminded=False):
            return
        async with self._database.reading() as connection:
            members = await member_store.to_remind(connection, post.group, post.series, post.id)
            group = await group_store.find(connection, post.group)
        for member in members if group is not None else ():
            async with self._database.writing() as connection:
                mine = await member_store.reminded(connection, post.group, post.series, member, post.id)
            if mine and group is not None and not await self._messenger.remind(member, group, post):
                async with self._database.writing() as connection:
                    await member_store.stop_reminding(connection, post.group, member)

    # owners

    async def void(self, group: int, series: str, day: date, why: str, now: datetime) -> Post | None:
        """Void the post of a date (R28); None if there is none that could be."""
        async with self._database.writing() as connection:
            post = await post_store.of_date(connection, group, series, day)
            if post is None or not await post_store.void(connection, post.id, why, now):
                return None
            key = key_of(post)
            rows = void_rows(key, await scores.of_source(connection, key.text))
            await scores.add(connection, group, day, rows)
        return post

    async def today(self, group: int, series: str) -> Post | None:
        """The newest post that went out, open or closed."""
        async with self._database.reading() as connection:
            found = await post_store.of_series(connection, group, series)
        out = [post for post in found if post.state in (State.SENT, State.CLOSED, State.VOID)]
        return out[-1] if out else None

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
