"""The one message on joining a server: sent once, and never forgotten (R12)."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from deckwright_bot.services.ports import Messenger, Refused, Rejected, Unavailable
from deckwright_bot.store import groups as group_store
from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.records import Group

log = logging.getLogger(__name__)


class GreetingService:
    """Greets groups that were not greeted since they were joined."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger

    async def tick(self, now: datetime) -> None:
        """Greet whoever waits for it, side by side. What Discord cannot do now is tried again at the next tick."""
        async with self._database.reading() as connection:
            waiting = await group_store.ungreeted(connection)
        await asyncio.gather(*(self._guard(group, now) for group in waiting))

    async def _guard(self, group: Group, now: datetime) -> None:
        try:
            await self._greet(group, now)
        except DatabaseError as error:
            log.warning("group %d: that it was greeted could not be noted: %s", group.id, error)
        except Exception:
            log.exception("group %d could not be greeted", group.id)

    async def _greet(self, group: Group, now: datetime) -> None:
        try:
            # Sent before it is noted: killed between the two, a greeting comes twice at worst, never not at all.
            await self._messenger.greet(group)
        except Unavailable as error:
            log.warning("group %d could not be greeted yet: %s", group.id, error)
            return
        except (Refused, Rejected) as error:
            # Nowhere to write, and an owner who takes no messages: `/settings` says all the same.
            log.warning("group %d cannot be greeted: %s", group.id, error)
        async with self._database.writing() as connection:
            await group_store.greeted(connection, group.id, now)
