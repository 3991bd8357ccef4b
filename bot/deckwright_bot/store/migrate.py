"""Migrations, run from code at start: looked at first, then a backup, one transaction each, a newer file refused."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from deckwright_bot.store.database import DatabaseError, damaged, explain, has_room, telling

FOLDER = Path(__file__).with_name("migrations")
BUSY_SECONDS = 5.0
"""How long a start waits for another program; no member waits for it."""
CHECKED = 512 << 20
"""A file up to so many bytes is read through at every start; a larger one would keep members waiting."""

PRAGMAS = (
    # A row that a migration moves must not leave its words behind.
    "secure_delete = ON",
)


def versions() -> list[str]:
    """The versions this program knows, oldest first: every migration's file begins with its own."""
    return sorted(each.name.partition("_")[0] for each in (FOLDER / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """The version this program knows as the last."""
    return versions()[-1]


def examine(path: Path) -> str | None:
    """Look whether the bot can live with a database file, and change nothing in it.

    Returns its version; None where there is no database yet, but one can be made.

    Raises:
        DatabaseError: if the file is newer than this program, another program's, damaged, locked or cannot be
            written, or if the disk is full.
    """
    with _telling(path):
        _look_for_room(path)
        found = _version(path)
        if found is not None and found not in versions():
            raise DatabaseError(
                f"{path.as_posix()}: the database is of version {found}, newer than this program ({newest()}); "
                "install the newer program, or put back the backup from before"
            )
        if found is not None:
            _try_to_write(path)
    return found


def migrate(path: Path, now: datetime) -> list[str]:
    """Bring a database file to the newest version and return the versions applied.

    Before an existing file is touched, a copy is put beside it. Killed at any line, the next start finds the
    file at some whole version and goes on from there.

    Raises:
        DatabaseError: as `examine`.
    """
    with _telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        found = examine(path)
        if found == newest():
            return []
        if found is None:
            return _upgrade(path)
        copy = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%SZ}.v{found}.backup")
        back_up(path, copy)
        try:
            return _upgrade(path)
        except Exception:
            # Started again and again, the bot would fill the disk with copies of a file it never changed.
            with contextlib.suppress(sqlite3.Error, OSError):
                if _version(path) == found:
                    copy.unlink()
            raise


def back_up(path: Path, target: Path) -> None:
    """Copy a live database into one whole file, through SQLite's own backup; half a copy never has that name.

    Raises:
        DatabaseError: if the database cannot be read, or the copy not be written.
    """
    staged = target.with_name(f"{path.name}.backup.new")
    try:
        with telling(path), closing(_open(path)) as source:
            source.execute("SELECT count(*) FROM sqlite_master")
            with telling(staged):
                staged.unlink(missing_ok=True)
                with closing(sqlite3.connect(staged)) as copy:
                    source.backup(copy)
        with staged.open("rb+") as file:
            os.fsync(file.fileno())
        staged.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            staged.unlink(missing_ok=True)
        raise


def _upgrade(path: Path) -> list[str]:
    # 12 MB, for as long as the bot runs, and nearly every start finds nothing to do.
    from alembic import command
    from alembic.config import Config

    applied: list[str] = []
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # DDL belongs to the transaction too: the driver's own habit would commit before it.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            config.attributes["applied"] = applied
            command.upgrade(config, "head")
    finally:
        engine.dispose()
    return applied


def _version(path: Path) -> str | None:
    """The version of a file; None where there is none yet. It is read without a byte being changed."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(_open(path)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "alembic_version" not in tables:
            raise DatabaseError(
                f"{path.as_posix()}: this is the database of another program; name a file of the bot's own"
            )
        found = database.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
    return str(found[0]) if found is not None else None


def _open(path: Path) -> sqlite3.Connection:
    """A connection to read with. One that may write would tidy up a killed program's log when it is closed."""
    log = path.with_name(f"{path.name}-wal")
    mode = "ro" if log.exists() and log.stat().st_size > 0 else "rw"
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )


def _look_for_room(path: Path) -> None:
    """Before anything is opened: on a full disk SQLite fails in a dozen ways, and it cannot even read."""
    folder = next(each for each in path.absolute().parents if each.exists())
    own = os.access in os.supports_effective_ids
    if not folder.is_dir() or not os.access(folder, os.W_OK, effective_ids=own):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    if not has_room(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _try_to_write(path: Path) -> None:
    """Take the lock that a writer needs, and give it back; read a file through that is not too large for it."""
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
        if path.stat().st_size <= CHECKED and database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise DatabaseError(damaged(path))
        # BEGIN alone does not fail on a file that cannot be written.
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE alembic_version SET version_num = version_num")
        database.execute("ROLLBACK")


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Every failure of a start as one sentence."""
    try:
        with telling(path):
            yield
    except OSError as error:
        raise DatabaseError(explain(path, error)) from error
