"""Members: reminders, reports, and what privacy asks for (R30-R32)."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import date, datetime
from typing import Any

from deckwright_bot.services.tidying import Tidying
from deckwright_bot.store import forgetting, members as member_store, nights, traces
from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.forgotten import Forgotten
from deckwright_bot.store.records import DAILY

log = logging.getLogger(__name__)


class MemberService:
    """What members decide about themselves."""

    def __init__(self, database: Database, forgotten: Forgotten, tidying: Tidying) -> None:
        self._database = database
        self._forgotten = forgotten
        self._tidying = tidying

    async def remind(self, group: int, member: int, now: datetime, *, wanted: bool) -> None:
        """Begin or end reminders."""
        async with self._database.writing() as connection:
            if wanted:
                await member_store.there(connection, group, member, now)
                await member_store.remind(connection, group, DAILY, member, now)
            else:
                await member_store.stop_reminding(connection, group, member)

    async def hide(self, group: int, member: int, name: str, now: datetime, *, hidden: bool) -> None:
        """Off every board, or back on."""
        async with self._database.writing() as connection:
            await member_store.seen(connection, group, member, name, now)
            await member_store.hide(connection, group, member, hidden=hidden)

    async def report(self, group: int, member: int, card: str, text: str, now: datetime) -> int:
        """A fault in a card; the report's number."""
        async with self._database.writing() as connection:
            await member_store.there(connection, group, member, now)
            return await member_store.report(connection, group, member, card, text, now)

    async def logged(self, report: int, channel: int, message: int) -> None:
        """The message that shows a report in the log channel; it goes when its member asks to be forgotten."""
        async with self._database.writing() as connection:
            await member_store.logged(connection, report, channel, message)

    async def counts(self, member: int) -> dict[str, int]:
        """How much is kept about a member, by table; tables without anything are left out."""
        async with self._database.reading() as connection:
            found = await traces.export(connection, member)
        return {name: len(rows) for name, rows in found.items() if rows}

    async def export(self, member: int) -> str:
        """Everything kept about a member, as JSON."""
        async with self._database.reading() as connection:
            found = await traces.export(connection, member)
        return json.dumps(found, indent=2, ensure_ascii=False, default=_plain)

    async def forget(self, member: int, now: datetime) -> None:
        """Delete everything about a member, in every group; then messages that showed their words (R31).

        The request is on the disk, outside the database, before the deletion is: a crash in between, or a
        backup put back, ends in the deletion being made by `forget_again`.

        Raises:
            DatabaseError: if the disk refuses; then nothing is deleted.
        """
        async with self._database.writing() as connection:
            newest = await traces.newest(connection, member)
            until = now if newest is None else max(now, newest)
            await forgetting.forget(connection, member, until)
            request = await asyncio.to_thread(self._forgotten.add, member, until)
            await forgetting.carry_out(connection, [request])
            await nights.want_truncated(connection)
        try:
            await self._tidying.tick(now)
        except DatabaseError as error:
            log.warning("tidying up after a deletion failed; the next tick tries again: %s", error)

    async def forget_again(self) -> int:
        """Before the bot serves: carry out the requests that this file of data has not seen; how many.

        They were made after a backup that was put back, or the program was killed while it deleted. What
        members did after their request is kept.

        Raises:
            DatabaseError: if the database cannot be used, or nobody can tell who asked.
        """
        requests = await asyncio.to_thread(self._forgotten.requests)
        async with self._database.writing() as connection:
            seen = await forgetting.carried_out(connection)
            new = sorted((each for each in requests if each.id not in seen), key=lambda each: each.at)
            if not new:
                return 0
            marks = await asyncio.to_thread(self._forgotten.marks, await traces.everybody(connection))
            for each in new:
                if each.mark in marks:
                    await forgetting.forget(connection, marks[each.mark], each.at)
            await forgetting.carry_out(connection, [each.id for each in new])
            await nights.want_truncated(connection)
        log.info("%d requests to be forgotten were carried out again", len(new))
        return len(new)


def _plain(value: Any) -> str:  # noqa: ANN401  whatever JSON does not know
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
