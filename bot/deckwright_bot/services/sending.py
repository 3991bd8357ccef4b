"""A claimed post on its way to Discord: sent once, whatever is lost between (R6-R9)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from deckwright.study import posting, schedule
from deckwright_bot.services.ports import Messenger, Refused, Rejected, Unavailable, Yesterday
from deckwright_bot.services.snapshots import series_of, snapshot_of
from deckwright_bot.services.tallies import rematch_of, tally
from deckwright_bot.store import groups as group_store, posts as post_store
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.records import Daily, Post

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)


class Sender:
    """Sends posts, looks for those it cannot be sure of, and pauses a group that Discord refuses."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger
        self._telling: set[tuple[int, str]] = set()
        self._on_their_way: set[int] = set()

    async def send(self, post: Post, daily: Daily, now: datetime) -> None:
        """Send a claim with its nonce; one that is on its way is left to whoever sends it.

        Raises:
            Refused: if Discord will not; it counts towards a pause.
            Unavailable: if Discord cannot now; a later tick goes on.
        """
        if post.id in self._on_their_way:
            return
        self._on_their_way.add(post.id)
        try:
            await self._send(post, daily, now)
        finally:
            self._on_their_way.discard(post.id)

    async def _send(self, post: Post, daily: Daily, now: datetime) -> None:
        yesterday = await self.yesterday(post.group, post.series, post.date)
        async with self._database.reading() as connection:
            rematch = await rematch_of(connection, post)
        try:
            message = await self._messenger.send_post(post, daily, yesterday, rematch)
        except Unavailable:
            await self._later(post, now)
            raise
        except Refused as refusal:
            await self._later(post, now)
            await self._refused(daily, refusal.missing, now)
            raise
        except Rejected:
            # What Discord finds malformed stays so; the date has no post, and the log says which card.
            log.exception("group %d: the card %s cannot be posted", post.group, post.card)
            await self._fail(post)
            return
        await self._sent(post, message, now)

    async def resume(self, post: Post, now: datetime) -> None:
        """A claim without a message id: send again, look for it, or give up (R7, R8)."""
        if post.id in self._on_their_way:
            # An owner's "post now" may take longer than a tick, and longer than its nonce holds.
            return
        async with self._database.reading() as connection:
            daily = await group_store.daily(connection, post.group, post.series)
        if daily is None or post.scheduled is None or post.claimed is None:
            return
        late = posting.expired(post.scheduled, now)
        if daily.paused is not None and not late:
            return
        step = posting.unsent(post.scheduled, post.claimed, now)
        if step is posting.Step.SEARCH:
            try:
                found = await self._messenger.find_post(post, post.claimed)
            except Refused as refusal:
                await self._unfindable(post, daily, refusal, now, late=late)
                return
            if found is not None:
                # It appeared within its six hours, however late it is found; R4 counts from then.
                await self._sent(post, found, min(now, post.scheduled + schedule.LATEST))
                return
            step = posting.searched(post.scheduled, now)
            if step is posting.Step.SEND:
                post = await self._reopened(post, daily, now)
        if step is posting.Step.SEND:
            await self.send(post, daily, now)
        elif step is posting.Step.FAIL:
            await self._fail(post)

    async def _unfindable(
        self, post: Post, daily: Daily, refusal: Refused, now: datetime, *, late: bool
    ) -> None:
        """It may stand there and we may not look: never twice, rather not at all (R7)."""
        if late:
            await self._fail(post)
        elif post.channel == daily.channel:
            await self._later(post, now)
            await self._refused(daily, refusal.missing, now)
        elif refusal.gone:
            # The channel went with all that stood in it, and the owner chose another one.
            await self.send(await self._reopened(post, daily, now), daily, now)
        else:
            await self._later(post, now)

    async def tell_untold(self, daily: Daily, now: datetime, missing: Sequence[str] = ()) -> None:
        """Tell the owner of a pause once; what Discord cannot deliver now is told later (R9).

        First told, then written down: killed between the two the bot tells it again, rather than never.
        """
        key = (daily.group, daily.series)
        if key in self._telling:
            return
        self._telling.add(key)
        try:
            async with self._database.reading() as connection:
                current = await group_store.daily(connection, daily.group, daily.series)
                group = await group_store.find(connection, daily.group)
            if group is None or current is None or current.paused != "failures" or current.told is not None:
                return
            try:
                await self._messenger.tell_paused(group, current, missing)
            except (Refused, Rejected) as error:
                log.warning("group %d: its owner cannot be told of the pause: %s", daily.group, error)
            async with self._database.writing() as connection:
                await group_store.told(connection, daily.group, now, daily.series)
        finally:
            self._telling.discard(key)

    async def yesterday(self, group: int, series: str, day: date) -> Yesterday | None:
        """The line with which the post of a date begins; None where none was closed before it (R15)."""
        async with self._database.reading() as connection:
            before = await post_store.last_closed(connection, group, series, day)
            if before is None:
                return None
            counts = await tally(connection, before)
        choice = snapshot_of(before).form == "choice"
        return Yesterday(counts.answers, counts.right if choice else None, before.outage)

    async def _sent(self, post: Post, message: int, now: datetime) -> None:
        async def sent(connection: Connection) -> None:
            await post_store.sent(connection, post.id, message, now)
            await group_store.worked(connection, post.group, post.series)

        await self._database.at_once(sent)

    async def _later(self, post: Post, now: datetime) -> None:
        wait = min(RETRY_AFTER * 2**post.attempts, LONGEST_RETRY)
        async with self._database.writing() as connection:
            await post_store.later(connection, post.id, now + wait)

    async def _refused(self, daily: Daily, missing: Sequence[str], now: datetime) -> None:
        """Count a refusal that does not heal; after three the group is paused and its owner told once (R9)."""
        async with self._database.writing() as connection:
            count = await group_store.failed(connection, daily.group, daily.series)
            paused = count >= posting.PATIENCE and await group_store.pause(
                connection, daily.group, "failures", daily.series
            )
        if paused:
            await self.tell_untold(daily, now, missing)

    async def _reopened(self, post: Post, daily: Daily, now: datetime) -> Post:
        """Count the window of a post that nobody has seen yet from now on, in today's channel (R8, R11)."""
        closes = schedule.closing(series_of(daily), post.date, now)
        async with self._database.writing() as connection:
            await post_store.reopen(connection, post.id, now, closes, daily.channel)
            return await post_store.find(connection, post.id) or post

    async def _fail(self, post: Post) -> None:
        log.warning("group %d: the post of %s could not be sent", post.group, post.date)
        async with self._database.writing() as connection:
            await post_store.fail(connection, post.id)
