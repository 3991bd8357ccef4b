"""Members: reminders, reports, and what privacy asks for (R30-R32)."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from deckwright_bot.store import members as member_store
from deckwright_bot.store.database import Database
from deckwright_bot.store.records import DAILY


class MemberService:
    """What members decide about themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remind(self, group: int, member: int, now: datetime, *, wanted: bool) -> None:
        """Begin or end reminders."""
        async with self._database.writing() as connection:
            if wanted:
                await member_store.remind(connection, group, DAILY, member, now)
            else:
                await member_store.stop_reminding(connection, group, member)

    async def left(self, group: int, member: int, now: datetime) -> None:
        """A member left the group: hidden at once, kept for a return."""
        async with self._database.writing() as connection:
            await member_store.left(connection, group, member, now)

    async def hide(self, group: int, member: int, name: str, now: datetime, *, hidden: bool) -> None:
        """Off every board, or back on."""
        async with self._database.writing() as connection:
            await member_store.seen(connection, group, member, name, now)
            await member_store.hide(connection, group, member, hidden=hidden)

    async def report(self, group: int, member: int, card: str, text: str, now: datetime) -> int:
        """A fault in a card; the report's number."""
        async with self._database.writing() as connection:
            return await member_store.report(connection, group, member, card, text, now)

    async def counts(self, member: int) -> dict[str, int]:
        """How much is kept about a member, by table; tables without anything are left out."""
        async with self._database.reading() as connection:
            found = await member_store.export(connection, member)
        return {name: len(rows) for name, rows in found.items() if rows}

    async def export(self, member: int) -> str:
        """Everything kept about a member, as JSON."""
        async with self._database.reading() as connection:
            found = await member_store.export(connection, member)
        return json.dumps(found, indent=2, ensure_ascii=False, default=_plain)

    async def forget(self, member: int) -> list[int]:
        """Delete everything about a member; the messages that shared their words."""
        async with self._database.writing() as connection:
            return await member_store.forget(connection, member)


def _plain(value: Any) -> str:  # noqa: ANN401  whatever JSON does not know
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
