"""Connections: one writer that decides in whole transactions, readers that never wait for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

Connection = AsyncConnection
"""What services hold while a transaction runs, and hand to the store's functions."""

BUSY_SECONDS = 5
CHECKPOINT_SECONDS = 0.2
READERS = 4


class DatabaseError(Exception):
    """The database cannot be used; the message says which file, why, and what to do."""


class Database:
    """The bot's one file of data.

    ``writing`` holds the only writing connection in one transaction: it begins IMMEDIATE, so that it never fails
    in the middle for want of the lock, and it is committed when the block ends without an error.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = _engine(path, begin="BEGIN IMMEDIATE", poolclass=StaticPool)
        self._reader = _engine(path, begin="BEGIN", pool_size=READERS, max_overflow=0)
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write.

        Raises:
            DatabaseError: if the disk is full, the file read-only, locked by another program, or corrupt.
        """
        async with self._lock:
            try:
                async with self._writer.begin() as connection:
                    yield connection
            except DBAPIError as error:
                raise DatabaseError(explain(self.path, error.orig)) from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view of the data, as of now."""
        try:
            async with self._reader.connect() as connection:
                yield connection
        except OperationalError as error:
            raise DatabaseError(explain(self.path, error.orig)) from error

    async def truncate_log(self) -> bool:
        """Bring the write-ahead log into the file and empty it, so that no deleted word stays there.

        False if a reader holds the log; then try again.

        Raises:
            DatabaseError: if the file cannot be used.
        """
        return await asyncio.to_thread(_truncate_log, self.path)

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


def _truncate_log(path: Path) -> bool:
    # On a connection of its own: a checkpoint cannot run in a transaction, and while it waits for readers
    # nobody can write, hence the short patience.
    try:
        connection = sqlite3.connect(path, timeout=CHECKPOINT_SECONDS)
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "locked" in str(error):
            return False
        raise DatabaseError(explain(path, error)) from error
    return not busy


def _engine(path: Path, *, begin: str, **options: Any) -> AsyncEngine:  # noqa: ANN401  SQLAlchemy's own
    # Members' words are parameters; they must not stand in the log because a statement failed.
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", hide_parameters=True, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  an adapter without a public type
        # The driver must not open transactions by itself; we say BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:  # noqa: ANN401  SQLAlchemy's sync connection
        connection.exec_driver_sql(begin)

    return engine


PRAGMAS = (
    f"busy_timeout = {BUSY_SECONDS * 1000}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # What a member deletes must not linger in free pages.
    "secure_delete = ON",
)


def explain(path: Path, error: BaseException | None) -> str:
    """A database error in words an operator can act on."""
    text = str(error).lower()
    file = path.as_posix()
    if "full" in text:
        return f"{file}: the disk is full; make room, nothing was lost"
    if "readonly" in text or "read-only" in text:
        return f"{file}: the file is read-only; make it writable for the bot's user"
    if "locked" in text or "busy" in text:
        return f"{file}: another program holds the database; close it and try again"
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return f"{file}: the file is damaged; put back the newest backup beside it"
    if "unable to open" in text:
        return f"{file}: the file cannot be opened; does its folder exist, and may the bot write there?"
    if isinstance(error, sqlite3.IntegrityError):
        return f"{file}: a rule of the database was broken: {error}"
    return f"{file}: {error}"
