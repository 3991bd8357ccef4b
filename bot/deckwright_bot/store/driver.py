"""SQLite on a thread of its own, a statement a visit.

aiosqlite crosses to its thread for every single call: to make a cursor, to execute, to fetch, to close. Crossing
is what costs, several times as much as a short statement itself. Here a statement is executed, read to its end
and closed in one crossing; SQLAlchemy reads all rows at once anyway.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import aiosqlite

Parameters = Sequence[Any]
Made = TypeVar("Made")


class Connection(aiosqlite.Connection):
    """A connection whose cursors are `Cursor`, and which can be closed by two at a time."""

    _closing: asyncio.Future[None] | None = None

    async def close(self) -> None:
        """Close once. Whoever comes second waits for the first, not for a thread that has ended by then.

        Two come when a task is cancelled in the middle of a transaction, for SQLAlchemy then closes the
        connection in the background, while the program ends.
        """
        if self._closing is None:
            self._closing = asyncio.ensure_future(super().close())
        await asyncio.shield(self._closing)

    def cursor(self) -> Cursor:  # type: ignore[override]  # no context manager is needed for what holds nothing
        """A cursor; making one costs nothing."""
        return Cursor(self)

    @property
    def plain(self) -> sqlite3.Connection:
        """The connection itself, for those who are on its thread."""
        return self._conn

    async def visit(self, work: Callable[..., Made], *arguments: Any) -> Made:  # noqa: ANN401
        """Do something on the connection's thread."""
        return cast("Made", await self._execute(work, *arguments))  # type: ignore[no-untyped-call]


class Cursor:
    """What SQLAlchemy asks of an asynchronous cursor; it holds rows, never a statement at work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Execute a statement and read all that it gives."""
        await self._connection.visit(self._execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Execute a statement for every one of the parameters."""
        await self._connection.visit(self._executemany, sql, parameters)

    async def fetchall(self) -> list[Any]:
        """The rows of the statement."""
        return self._rows

    async def close(self) -> None:
        """Nothing: the statement is closed already."""

    def _execute(self, sql: str, parameters: Parameters) -> None:
        self._keep(self._connection.plain.execute(sql, parameters))

    def _executemany(self, sql: str, parameters: Iterable[Parameters]) -> None:
        self._keep(self._connection.plain.executemany(sql, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        # Of a statement with RETURNING the number of rows is known only when all were read.
        self._rows = cursor.fetchall()
        self.description, self.rowcount, self.lastrowid = (
            cursor.description,
            cursor.rowcount,
            cursor.lastrowid,
        )
        cursor.close()


async def connect(path: Path, busy_seconds: float) -> Connection:
    """Open a file, to be used from any task; the driver begins no transactions by itself."""
    opening = partial(
        sqlite3.connect,
        path,
        timeout=busy_seconds,
        # SQLAlchemy reads and sets the driver's attributes from the loop's thread.
        check_same_thread=False,
        isolation_level=None,
    )
    connection = Connection(opening, iter_chunk_size=64)
    # A program that ends in a hurry does not wait for its readers.
    connection._thread.daemon = True  # noqa: SLF001  as SQLAlchemy does
    await connection
    return connection
