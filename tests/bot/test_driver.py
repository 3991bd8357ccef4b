"""A statement takes one visit to the database's thread, and so does a whole transaction where many are at work."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.driver import Connection

things = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text))


def run(tmp_path: Path, story: Callable[[Database], Awaitable[None]]) -> None:
    async def whole() -> None:
        database = Database(tmp_path / "some.sqlite")
        try:
            async with database.writing() as connection:
                await connection.execute(
                    text("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
                )
            await story(database)
        finally:
            await database.close()

    asyncio.run(whole())


async def given_up(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(insert(things), {"name": "three"})
        raise ZeroDivisionError


def test_a_statement_visits_the_thread_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visits: list[str] = []
    visit = Connection.visit

    async def counted(self: Connection, work: Any, *arguments: Any) -> Any:
        visits.append(str(arguments[0]).split(maxsplit=1)[0])
        return await visit(self, work, *arguments)

    async def story(database: Database) -> None:
        async with database.writing() as connection:
            visits.clear()
            await connection.execute(insert(things), {"name": "one"})
            assert (await connection.execute(select(things.c.name))).scalars().all() == ["one"]

        assert visits == ["INSERT", "SELECT"]

    monkeypatch.setattr(Connection, "visit", counted)
    run(tmp_path, story)


def test_what_a_statement_returns_and_changes_is_known(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        async with database.writing() as connection:
            await connection.execute(insert(things), [{"name": "one"}, {"name": "two"}])
            made = await connection.execute(insert(things).returning(things.c.id), {"name": "three"})
            assert made.scalar_one() == 3
            changed = await connection.execute(update(things).where(things.c.id > 1).values(name=None))
            assert changed.rowcount == 2
            added = await connection.execute(insert(things), {"name": "four"})
            assert added.inserted_primary_key == (4,)

    run(tmp_path, story)


def test_a_statement_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        async with database.writing() as connection:
            await connection.execute(insert(things), {"name": "one"})
            with pytest.raises(IntegrityError):
                await connection.execute(insert(things), {"name": "one"})
            await connection.execute(insert(things), {"name": "two"})
        with pytest.raises(ZeroDivisionError):
            await given_up(database)

        async with database.reading() as connection:
            assert (await connection.execute(select(things.c.name))).scalars().all() == ["one", "two"]

    run(tmp_path, story)


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(select(things.c.name).order_by(things.c.id))).scalars())


def test_a_transaction_at_once_is_committed_whole_or_not_at_all(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        async def good(connection: AsyncConnection) -> int:
            await connection.execute(insert(things), [{"name": "one"}, {"name": "two"}])
            return len((await connection.execute(select(things))).all())

        async def bad(connection: AsyncConnection) -> None:
            await connection.execute(insert(things), {"name": "three"})
            raise ZeroDivisionError

        assert await database.at_once(good) == 2
        with pytest.raises(ZeroDivisionError):
            await database.at_once(bad)
        assert await names(database) == ["one", "two"]

    run(tmp_path, story)


def test_a_transaction_at_once_waits_for_nothing_but_the_database(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        async def idle(connection: AsyncConnection) -> None:
            await connection.execute(insert(things), {"name": "one"})
            await asyncio.sleep(0)

        with pytest.raises(AssertionError, match="something else"):
            await database.at_once(idle)
        assert await names(database) == []

    run(tmp_path, story)


def test_all_that_write_take_turns(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        async def one(connection: AsyncConnection) -> None:
            await connection.execute(insert(things), {"name": None})

        async def other() -> None:
            async with database.writing() as connection:
                await one(connection)

        await asyncio.gather(*(work for _ in range(25) for work in (database.at_once(one), other())))

        assert len(await names(database)) == 50

    run(tmp_path, story)


def test_another_program_s_lock_is_waited_for_and_then_told(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        async def one(connection: AsyncConnection) -> None:
            await connection.execute(insert(things), {"name": "one"})

        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseError, match="another program"):
                await database.at_once(one)
            waiting = asyncio.create_task(database.at_once(one))
            await asyncio.sleep(0)
            other.execute("COMMIT")
            await waiting

        assert await names(database) == ["one"]

    run(tmp_path, story)
