"""Connections: one writer that decides in whole transactions, readers that never wait for it."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DatabaseError as SqlError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from deckwright_bot.store import driver
from deckwright_bot.store.straight import Straight

Made = TypeVar("Made")

Connection = AsyncConnection
"""What services hold while a transaction runs, and hand to the store's functions."""

BUSY_SECONDS = 1.0
"""How long anybody waits for another program's lock: Discord gives up on an answer after three seconds."""
ATTEMPT_SECONDS = 0.25
"""How long one attempt to begin waits, longer than a checkpoint of our own."""
CHECKPOINT_SECONDS = 0.2
READERS = 4
ROOM = 1 << 20
"""Bytes that must be free on the disk: without them not even the first answer can be kept."""

FULL, READ_ONLY = (sqlite3.SQLITE_FULL,), (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
FAILING, SHUT = (sqlite3.SQLITE_IOERR,), (sqlite3.SQLITE_CANTOPEN,)
OF_SYSTEM = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EIO: sqlite3.SQLITE_IOERR,
}


class DatabaseError(Exception):
    """The database cannot be used; the message says which file, why, and what to do."""


class Database:
    """The bot's one file of data.

    ``writing`` holds the only writing connection in one transaction: it begins IMMEDIATE, so that it never fails
    in the middle for want of the lock, and it is committed when the block ends without an error.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = _engine(path, ATTEMPT_SECONDS, begin="BEGIN IMMEDIATE", poolclass=StaticPool)
        self._reader = _engine(path, BUSY_SECONDS, begin="BEGIN", pool_size=READERS, max_overflow=0)
        self._straight = Straight()
        self._lock = asyncio.Lock()
        self._refused = float("-inf")
        self._closed = False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write.

        Raises:
            DatabaseError: if the disk is full, the file read-only, locked by another program, or corrupt.
        """
        asked = asyncio.get_running_loop().time()
        async with self._lock:
            with telling(self.path):
                while True:
                    self._must_be_open()
                    async with self._writer.connect() as connection:
                        if await self._begun(connection, asked):
                            yield connection
                            await connection.commit()
                            return

    async def at_once(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, Made]]) -> Made:
        """One transaction that may write, done in one visit to the database's thread: for what many do at the same time.

        ``work`` runs on the database's thread and must wait for nothing but its connection.

        Raises:
            DatabaseError: as `writing`.
        """
        async with self.writing() as connection:
            return await self._straight.run(connection, work)

    async def _begun(self, connection: AsyncConnection, asked: float) -> bool:
        """Begin; False if another program holds the lock and there is time for another attempt.

        Everybody's patience runs from their own asking. Otherwise those who queue would wait one after the
        other, and only the first would hear in time that nothing can be written.
        """
        clock = asyncio.get_running_loop().time
        if clock() - asked >= BUSY_SECONDS and self._refused > asked:
            raise DatabaseError(_held(self.path))
        try:
            await connection.begin()
        except OperationalError as error:
            if not is_locked(error.orig):
                raise
            self._refused = clock()
            if self._refused - asked >= BUSY_SECONDS:
                raise
            return False
        return True

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view of the data, as of now.

        Raises:
            DatabaseError: if the file cannot be read.
        """
        self._must_be_open()
        with telling(self.path):
            async with self._reader.connect() as connection:
                try:
                    yield connection
                finally:
                    if self._closed:
                        # The pool that it would go back to is gone.
                        await connection.invalidate()

    async def truncate_log(self) -> bool:
        """Bring the write-ahead log into the file and empty it, so that no deleted word stays there.

        False if a reader holds the log; then try again.

        Raises:
            DatabaseError: if the file cannot be used.
        """
        return await asyncio.to_thread(_truncate_log, self.path)

    async def close(self) -> None:
        """Close every connection, after the transaction that is at work; afterwards nothing opens another."""
        async with self._lock:
            self._closed = True
            await self._dispose()

    async def _dispose(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()

    def _must_be_open(self) -> None:
        if self._closed:
            raise DatabaseError(f"{self.path} is closed: the bot is stopping")


def _truncate_log(path: Path) -> bool:
    # On a connection of its own: a checkpoint cannot run in a transaction, and while it waits for readers
    # nobody can write, hence the short patience.
    with telling(path):
        connection = sqlite3.connect(path, timeout=CHECKPOINT_SECONDS)
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if not is_locked(error):
                raise
            return False
        finally:
            connection.close()
    return not busy


def _engine(path: Path, patience: float, *, begin: str, **options: Any) -> AsyncEngine:  # noqa: ANN401  SQLAlchemy's own
    # Members' words are parameters; they must not stand in the log because a statement failed.
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        async_creator=partial(driver.connect, path, patience),
        hide_parameters=True,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  an adapter without a public type
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:  # noqa: ANN401  SQLAlchemy's sync connection
        connection.exec_driver_sql(begin)

    return engine


PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # What a member deletes must not linger in free pages.
    "secure_delete = ON",
    # KB of pages that each of the five connections keeps; the system keeps the file's pages, too.
    "cache_size = -500",
)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what the file or its disk refuses into a DatabaseError; our own mistakes stay what they are."""
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error, OperationalError) and type(error) is not SqlError:
            raise
        raise DatabaseError(explain(path, error.orig)) from error
    except sqlite3.Error as error:
        raise DatabaseError(explain(path, error)) from error


def is_locked(error: BaseException | None) -> bool:
    """Whether another program holds the lock."""
    return _code(error) in LOCKED


def explain(path: Path, error: BaseException | None) -> str:
    """A database error in words an operator can act on."""
    code, file = _code(error), path.as_posix()
    if code in FULL or (code in FAILING and not has_room(path)):
        return f"{file}: the disk is full; make room, nothing was lost"
    if code in READ_ONLY:
        return f"{file}: the file or its folder is read-only; make both writable for the bot's user"
    if code in LOCKED:
        return _held(path)
    if code in DAMAGED:
        return damaged(path)
    if code in FAILING:
        return f"{file}: the disk cannot be read or written; is it full, or failing?"
    if code in SHUT:
        return f"{file}: the file cannot be opened; does its folder exist, and may the bot write there?"
    return f"{file}: {error}"


def has_room(path: Path) -> bool:
    """Whether the disk has room for a file to grow; without it SQLite cannot even read."""
    folder = next(each for each in path.absolute().parents if each.exists())
    return shutil.disk_usage(folder).free >= ROOM


def damaged(path: Path) -> str:
    """What to do about a file that is not whole."""
    return f"{path.as_posix()}: the file is damaged; stop the bot, keep the file, put the newest backup in its place"


def _held(path: Path) -> str:
    return f"{path.as_posix()}: another program holds the database; close it and try again"


def _code(error: BaseException | None) -> int | None:
    """SQLite's own number of an error, without its details; that of the system's errors which mean the same."""
    if isinstance(error, OSError):
        return OF_SYSTEM.get(error.errno or 0, sqlite3.SQLITE_CANTOPEN)
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
