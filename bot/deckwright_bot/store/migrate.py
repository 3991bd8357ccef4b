"""Migrations, run from code at start: a backup first, one transaction each, a newer file refused."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from deckwright_bot.store.database import DatabaseError, explain

FOLDER = Path(__file__).with_name("migrations")


def newest() -> str:
    """The version this program knows as the last."""
    found = ScriptDirectory(str(FOLDER)).get_current_head()
    if found is None:
        raise AssertionError("there are no migrations")
    return found


def current(path: Path) -> str | None:
    """The version of a database file; None where there is none yet."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise DatabaseError(explain(path, error.orig)) from error
    finally:
        engine.dispose()


def migrate(path: Path, now: datetime) -> list[str]:
    """Bring a database file to the newest version and return the versions applied.

    Before an existing file is touched, a copy is put beside it. Killed at any line, the next start finds the
    file at some whole version and goes on from there.

    Raises:
        DatabaseError: if the file is newer than this program, damaged, locked or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    found, wanted = current(path), newest()
    if found == wanted:
        return []
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseError(
            f"{path.as_posix()}: the database is of version {found}, newer than this program ({wanted}); "
            "install the newer program, or put back the backup from before"
        )
    if found is not None:
        back_up(path, path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%SZ}.v{found}.backup"))
    applied: list[str] = []
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # DDL belongs to the transaction too: the driver's own habit would commit before it.
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 5000")
        # A row that a migration moves must not leave its words behind.
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            config.attributes["applied"] = applied
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise DatabaseError(explain(path, error.orig)) from error
    finally:
        engine.dispose()
    return applied


def back_up(path: Path, target: Path) -> None:
    """Copy a live database into one whole file, through SQLite's own backup."""
    source = sqlite3.connect(path)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    except sqlite3.Error as error:
        raise DatabaseError(explain(path, error)) from error
    finally:
        copy.close()
        source.close()
