"""Who leaves is hidden at once when it is known, kept for a return, then made nameless (R30)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random, SystemRandom

from deckwright_bot.services.ports import Messenger, Refused, Unavailable
from deckwright_bot.store import forgetting, groups as group_store, members as member_store, nights
from deckwright_bot.store.database import Database

log = logging.getLogger(__name__)

KEEP_LEFT = timedelta(days=30)
"""So long a group that removed the bot, and a member who left, is kept for a return (R30)."""
SILENT = timedelta(days=2)
"""Discord is asked only about members of whom nothing was heard for so long; a click says that they are there."""
ASKED_A_NIGHT = 50
"""About so many members of one group is asked in a night, those least heard of first."""


class LeavingService:
    """Learns of leaving without a privileged intent: by asking about single members, gently (R34)."""

    def __init__(self, database: Database, messenger: Messenger, random: Random | None = None) -> None:
        self._database = database
        self._messenger = messenger
        self._random = random or SystemRandom()

    # members

    async def ask(self, night: datetime, now: datetime) -> None:
        """Ask about one member, if anybody is due this night. One call a tick spreads the questions out."""
        async with self._database.writing() as connection:
            due = await member_store.next_to_ask(connection, night, now - SILENT, ASKED_A_NIGHT, now)
        if due is None:
            return
        try:
            there = await self._messenger.is_member(*due)
        except (Refused, Unavailable) as error:
            # Not an answer, so nothing is known; it is asked again on another night.
            log.info("group %d: whether a member is there is not known: %s", due[0], error)
            return
        async with self._database.writing() as connection:
            if there:
                await member_store.present(connection, *due, now)
            else:
                await member_store.left(connection, *due, now)

    async def doubt(self, group: int, member: int) -> None:
        """Something failed as it does for members who left, such as a DM: ask about this one next."""
        async with self._database.writing() as connection:
            await member_store.doubt(connection, group, member)

    async def back(self, group: int, member: int, now: datetime) -> None:
        """A member did something in the group; whoever had left is shown again."""
        async with self._database.reading() as connection:
            known = await member_store.find(connection, group, member)
        if known is not None and known.left is not None:
            async with self._database.writing() as connection:
                await member_store.back(connection, group, member, now)

    async def make_nameless(self, now: datetime) -> bool:
        """Make one member nameless who left 30 days ago; False if there is none."""
        async with self._database.writing() as connection:
            found = await forgetting.leaver(connection, now - KEEP_LEFT)
            if found is not None:
                await forgetting.anonymise(connection, *found, now, self._surrogate)
                await nights.want_truncated(connection)
        return found is not None

    def _surrogate(self) -> int:
        # Below zero, where no id of Discord's is.
        return -1 - self._random.getrandbits(62)

    # groups

    async def absent(self, present: Callable[[], Collection[int]], now: datetime) -> None:
        """The groups the bot is in; from all others it was removed while it was not connected.

        It is asked once nobody else can write: a group that joins meanwhile is in the one or comes after the other.
        """
        async with self._database.writing() as connection:
            there = present()
            for group in await group_store.joined(connection):
                if group not in there:
                    await group_store.leave(connection, group, now)

    async def purge(self, now: datetime) -> bool:
        """Delete a part of a group that removed the bot 30 days ago; False if there is none."""
        async with self._database.writing() as connection:
            group = await forgetting.purge(connection, now - KEEP_LEFT)
            if group is not None:
                await nights.want_truncated(connection)
                log.info("group %d removed the bot 30 days ago; its data is being deleted", group)
        return group is not None
