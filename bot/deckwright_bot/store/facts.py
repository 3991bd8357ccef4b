"""Small facts of the program itself, such as which commands Discord knows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from deckwright_bot.store.database import Database
from deckwright_bot.store.tables import facts


class Facts:
    """A fact is a word under a name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """The fact of that name."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(facts.c.value).where(facts.c.name == name))
            value = found.scalar_one_or_none()
        return None if value is None else str(value)

    async def put(self, name: str, value: str) -> None:
        """Write a fact, in place of an older one."""
        made = insert(facts)
        statement = made.on_conflict_do_update(index_elements=["name"], set_={"value": made.excluded.value})
        async with self._database.writing() as connection:
            await connection.execute(statement, {"name": name, "value": value})
