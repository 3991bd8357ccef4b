"""What a deletion leaves to be done: messages on Discord, words in the write-ahead log (R31)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from deckwright_bot.services.ports import Messenger, Refused, Unavailable
from deckwright_bot.store import nights, withdrawals
from deckwright_bot.store.database import Database
from deckwright_bot.store.withdrawals import Withdrawal

log = logging.getLogger(__name__)

AT_ONCE = 5
"""So many messages are deleted in one tick; whoever shared hundreds does not hold the others up."""
RETRY_AFTER = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
GIVE_UP = timedelta(days=30)
"""Then the bot is surely no longer where the message stands, and nothing can be done."""


class Tidying:
    """Due from the database, so it is done after a restart too; done twice does no harm."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger

    async def tick(self, now: datetime) -> None:
        """Delete messages that are to be deleted now, and empty the log if it holds deleted words."""
        async with self._database.reading() as connection:
            due = await withdrawals.due(connection, now, AT_ONCE)
            mark = await nights.wants_truncated(connection)
        for each in due:
            await self._withdraw(each, now)
        if mark is not None and await self._database.truncate_log():
            async with self._database.writing() as connection:
                await nights.truncated(connection, mark)

    async def _withdraw(self, each: Withdrawal, now: datetime) -> None:
        try:
            await self._messenger.unshare(each.group, each.channel, each.message)
        except Exception as error:
            known = isinstance(error, Refused | Unavailable)
            log.warning(
                "group %d: a message could not be deleted: %s",
                each.group,
                error,
                exc_info=None if known else error,
            )
            async with self._database.writing() as connection:
                if now - each.since >= GIVE_UP:
                    await withdrawals.done(connection, each.message)
                else:
                    wait = min(RETRY_AFTER * 2 ** min(each.tries, 16), LONGEST_RETRY)
                    await withdrawals.later(connection, each.message, now + wait)
        else:
            async with self._database.writing() as connection:
                await withdrawals.done(connection, each.message)
