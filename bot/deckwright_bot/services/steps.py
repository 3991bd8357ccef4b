"""What follows a post: its thread, pin and reveal, the live count, reminders. Each is tried and ends alone (R9)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from deckwright.study.posting import State
from deckwright_bot.services.ports import Messenger, Refused, Rejected, Unavailable
from deckwright_bot.services.tallies import rematch_of, tally
from deckwright_bot.store import groups as group_store, members as member_store, posts as post_store
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.records import Post, Step

log = logging.getLogger(__name__)

COUNT_EVERY = timedelta(seconds=20)
"""The live count on a post is edited no more often (R15)."""


class Steps:
    """Does the later steps of posts."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger

    async def take(self, post: Post) -> None:
        """Every step of a post that is due; none waits for another."""
        if post.thread_step is Step.DUE and post.state is State.SENT:
            await self._step(post, self._open_thread(post), post_store.thread_step)
        if post.pin_step is Step.DUE and post.state is State.SENT:
            await self._step(post, self._pin(post), post_store.pin_step)
        if post.reveal_step is Step.DUE:
            await self._step(post, self._reveal(post), post_store.reveal_step)

    async def _open_thread(self, post: Post) -> None:
        thread = await self._messenger.open_thread(post)
        async with self._database.writing() as connection:
            await post_store.thread_step(connection, post.id, Step.DONE, thread)

    async def _pin(self, post: Post) -> None:
        await self._messenger.pin(post)
        async with self._database.writing() as connection:
            await post_store.pin_step(connection, post.id, Step.DONE)

    async def _reveal(self, post: Post) -> None:
        async with self._database.reading() as connection:
            current = await post_store.find(connection, post.id) or post
            counts = await tally(connection, current)
            rematch = await rematch_of(connection, current)
        await self._messenger.reveal(current, counts, rematch)
        async with self._database.writing() as connection:
            await post_store.revealed(connection, current)

    async def _step(
        self,
        post: Post,
        work: Awaitable[None],
        record: Callable[[Connection, int, Step], Awaitable[None]],
    ) -> None:
        """Do a step; a refusal ends it, what Discord cannot do now is tried again at the next tick."""
        try:
            await work
        except Unavailable as error:
            log.warning("group %d: a step of the post of %s waits: %s", post.group, post.date, error)
        except (Refused, Rejected) as error:
            log.warning("group %d: a step of the post of %s was refused: %s", post.group, post.date, error)
            async with self._database.writing() as connection:
                await record(connection, post.id, Step.FAILED)

    async def show_count(self, post: Post, count: int, now: datetime) -> None:
        """Show the number of answers on an open post; one that was closed since it was found shows all of them."""
        async with self._database.reading() as connection:
            current = await post_store.find(connection, post.id)
        if current is None or current.state is not State.SENT:
            return
        try:
            await self._messenger.show_count(post, count)
        except (Refused, Rejected) as error:
            # Somebody deleted the message; the next answer tries again, not every tick.
            log.warning("group %d: the live count was refused: %s", post.group, error)
        async with self._database.writing() as connection:
            await post_store.counted(connection, post.id, count, now)

    async def remind(self, post: Post) -> None:
        """Write to those who asked for it and have not answered (R32)."""
        async with self._database.reading() as connection:
            members = await member_store.to_remind(connection, post.group, post.series, post.id)
            group = await group_store.find(connection, post.group)
        for member in members if group is not None else ():
            async with self._database.writing() as connection:
                mine = await member_store.reminded(connection, post.group, post.series, member, post.id)
            if mine and group is not None and not await self._messenger.remind(member, group, post):
                async with self._database.writing() as connection:
                    await member_store.stop_reminding(connection, post.group, member)
