"""Statement after statement in one visit to the database's thread.

A transaction of ten statements crosses between threads ten times, and whoever queues behind it waits for all of
these. On a busy machine that, not SQLite, decides how many answers a second can be taken.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable, create_engine
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import StaticPool

from deckwright_bot.store import driver

Made = TypeVar("Made")


class Straight:
    """Runs coroutines that wait for nothing but their connection, inside a transaction that has begun."""

    def __init__(self) -> None:
        self._lent = _Lent()
        self._engine = create_engine(
            "sqlite://", creator=lambda: self._lent, poolclass=StaticPool, hide_parameters=True
        )

    async def run(
        self, connection: AsyncConnection, work: Callable[[AsyncConnection], Coroutine[Any, Any, Made]]
    ) -> Made:
        """Do the work on the thread of the connection; committing stays with whoever began."""
        raw = await connection.get_raw_connection()
        opened = raw.driver_connection
        if not isinstance(opened, driver.Connection):
            raise AssertionError("the engine has another driver")  # noqa: TRY004  our own promise
        return await opened.visit(self._on_thread, opened, work)

    def _on_thread(
        self, opened: driver.Connection, work: Callable[[AsyncConnection], Coroutine[Any, Any, Made]]
    ) -> Made:
        self._lent.connection = opened.plain
        with self._engine.connect() as connection:
            return _finished(work(cast("AsyncConnection", _AtOnce(connection))))


class _Lent:
    """A connection whose transaction and life are somebody else's."""

    connection: sqlite3.Connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the driver has
        return getattr(self.connection, name)

    def commit(self) -> None:
        """Not ours."""

    def rollback(self) -> None:
        """Not ours."""

    def close(self) -> None:
        """Not ours."""


class _AtOnce:
    """The part of a connection that the store's functions use; what it gives is there already."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:  # noqa: ANN401
        """Execute a statement."""
        return self._connection.execute(statement, parameters)


def _finished(work: Coroutine[Any, Any, Made]) -> Made:
    """What a coroutine returns that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast("Made", done.value)
    work.close()
    raise AssertionError("a transaction waited for something else than the database")
