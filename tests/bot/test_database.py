"""What can happen to the one file of data: full, read-only, locked, damaged, too new, killed while it changes."""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import logging
import os
import pkgutil
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, MetaData, String, create_engine
from sqlalchemy.dialects.sqlite import insert
from typer.testing import CliRunner

from bot.fakes import GROUP, LITTLE, START, FakeMessenger, fresh, little_library
from bot.server import Server, button_of, story, title_of
from deckwright_bot import store
from deckwright_bot.app import app
from deckwright_bot.sandbox import Options, Sandbox
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store import database as databases, migrate as migrations
from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.migrate import examine, migrate, newest
from deckwright_bot.store.records import DAILY
from deckwright_bot.store.tables import metadata
from deckwright_bot.ui.texts import ENGLISH

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KILLS = 10
REVISIONS = [
    script.revision for script in reversed([*ScriptDirectory(str(migrations.FOLDER)).walk_revisions()])
]
OLDER = REVISIONS[:-1]
WORDS = "'; DROP TABLE answers; -- \u202e\u200b\x00 🜁"
MEMBERS = 150
"""Members of a full file, so that every table has pages of its own."""

Rows = dict[str, list[tuple[Any, ...]]]
Columns = dict[str, list[str]]


# files as they were at each version, and as they are


def at_revision(path: Path, revision: str) -> None:
    """A new file, brought to a version as an older program would have."""
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    config.attributes["applied"] = []
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection_:
        connection_.execute("PRAGMA journal_mode = WAL")


def fill(path: Path, count: int = 3) -> None:
    """Rows in every table that the file has, whatever tables those are: the first full, the others with nulls."""
    found = MetaData()
    engine = create_engine(f"sqlite:///{path}")
    found.reflect(engine)
    with engine.begin() as connection:
        for table in found.sorted_tables:
            if table.name == "alembic_version":
                continue
            for row in range(count):
                values = {
                    column.name: value_of(column, row)
                    for column in table.columns
                    if row == 0 or not column.nullable
                }
                # A trigger may have made the row already.
                connection.execute(insert(table).on_conflict_do_nothing().values(values))
    engine.dispose()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert all(rows(path, columns(path)).values()), "a table has no row"


def used(path: Path, count: int = MEMBERS) -> tuple[Columns, Rows]:
    """A file of the newest version that a bot has worked with; what is in it."""
    migrate(path, NOW)
    fill(path, count)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    wanted = columns(path)
    return wanted, rows(path, wanted)


def value_of(column: Any, row: int) -> object:
    """A value that fits a column; rows differ in it, and what refers to something has the same there."""
    while column.foreign_keys:
        column = next(iter(column.foreign_keys)).column
    match column.type:
        case Boolean():
            return row % 2 == 0
        case Date():
            return date(2026, 1, 1) + DAY * row
        case DateTime():
            return datetime(2026, 1, 1, row % 24, 30, 1, 5)  # noqa: DTZ001  as SQLite keeps it
        case JSON():
            return [row, WORDS]
        case Integer():
            return 1_000_000_000_000 + row if column.name in ("id", "group_id") else 10 + row
        case String(length=length):
            return f"{column.name}-{row} {WORDS}"[: length or 10_000]
    raise AssertionError(f"{column.table.name}.{column.name}: what is a value of {column.type!r}?")


def columns(path: Path) -> Columns:
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        ).fetchall()
        return {
            name: [each[1] for each in database.execute(f'PRAGMA table_info("{name}")')] for (name,) in tables
        }


def rows(path: Path, wanted: Columns) -> Rows:
    """What these columns hold."""
    with closing(sqlite3.connect(path)) as database:
        found = {}
        for table, names in wanted.items():
            listed = ", ".join(f'"{name}"' for name in names)
            found[table] = sorted(database.execute(f"SELECT {listed} FROM {table}"), key=repr)
        return found


def version(path: Path) -> str | None:
    with closing(sqlite3.connect(path)) as database:
        there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        found = database.execute("SELECT version_num FROM alembic_version").fetchone() if there else None
    return found[0] if found else None


def shape(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(
            "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2"
        ).fetchall()


def whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def content(path: Path) -> dict[str, bytes]:
    """The file and its log; what only helps programs to share them is left out."""
    return {
        each.name: each.read_bytes()
        for each in path.parent.iterdir()
        if each.is_file() and not each.name.endswith("-shm") and each.stat().st_size
    }


# migrations


@pytest.mark.parametrize("revision", OLDER)
def test_every_row_of_every_older_version_is_whole_at_the_newest(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "bot.sqlite"
    at_revision(path, revision)
    fill(path)
    wanted = columns(path)
    before = rows(path, wanted)

    applied = migrate(path, NOW)

    assert applied == REVISIONS[REVISIONS.index(revision) + 1 :]
    assert rows(path, wanted) == before
    whole(path)
    (copy,) = tmp_path.glob("*.backup")
    assert (version(copy), rows(copy, columns(copy))) == (revision, before)


@pytest.mark.parametrize("revision", OLDER)
def test_a_file_that_grew_up_is_like_a_new_one_and_like_the_tables_of_the_store(
    tmp_path: Path, revision: str
) -> None:
    for module in pkgutil.walk_packages(store.__path__, "deckwright_bot.store."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    path, new = tmp_path / "bot.sqlite", tmp_path / "new.sqlite"
    at_revision(path, revision)
    fill(path)
    migrate(path, NOW)
    migrate(new, NOW)

    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert shape(path) == shape(new)


MIGRATING = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import Engine, event
from deckwright_bot.store.migrate import migrate

left = 0

@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "commit")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

for line in sys.stdin:
    path, statement = line.rstrip().split("|")
    child = os.fork()
    if child == 0:
        left = int(statement)
        migrate(Path(path), datetime.now(UTC))
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@contextmanager
def migrator() -> Iterator[subprocess.Popen[str]]:
    """A program that migrates files in children of its own, ready to be killed."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", MIGRATING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def migrate_and_die(
    program: subprocess.Popen[str], path: Path, *, at: int = 0, after: float | None = None
) -> bool:
    """Begin a migration and kill it at a statement or after a time; whether it was killed before its end."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(f"{path}|{at}\n")
    program.stdin.flush()
    child = int(program.stdout.readline())
    if after is not None:
        time.sleep(after)
        # It may have ended by itself.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return int(program.stdout.readline()) == signal.SIGKILL


def survived(path: Path, revision: str | None, wanted: Columns, before: Rows) -> None:
    """After a kill: some whole version, every row, no half backup; then the next start does the rest."""
    if revision is not None:
        assert version(path) in REVISIONS[REVISIONS.index(revision) :]
        whole(path)
        assert rows(path, wanted) == before
    for copy in path.parent.glob("*.backup"):
        assert (version(copy), rows(copy, wanted)) == (revision, before)
        whole(copy)

    migrate(path, NOW)

    assert version(path) == newest()
    assert rows(path, wanted) == before
    whole(path)


def older_file(folder: Path, revision: str | None) -> tuple[bytes, Columns, Rows]:
    """The bytes of a filled file of that version, and what is in it; no file at all for None."""
    if revision is None:
        return b"", {}, {}
    path = folder / f"{revision}.sqlite"
    at_revision(path, revision)
    fill(path)
    wanted = columns(path)
    return path.read_bytes(), wanted, rows(path, wanted)


def test_killed_at_any_statement_of_a_migration_the_next_start_goes_on(tmp_path: Path) -> None:
    start, wanted, before = older_file(tmp_path, OLDER[0])
    like_new = tmp_path / "new.sqlite"
    migrate(like_new, NOW)
    with migrator() as program:
        for statement in range(1, 500):
            folder = tmp_path / str(statement)
            folder.mkdir()
            path = folder / "bot.sqlite"
            path.write_bytes(start)

            killed = migrate_and_die(program, path, at=statement)

            survived(path, OLDER[0], wanted, before)
            assert shape(path) == shape(like_new)
            if not killed:
                break
        else:
            raise AssertionError("a migration of five hundred statements?")
    assert statement > 10


@pytest.mark.parametrize("revision", [None, *OLDER])
def test_killed_at_any_moment_of_a_migration_the_next_start_goes_on(
    tmp_path: Path, revision: str | None
) -> None:
    rng = random.Random(f"kill {revision}")
    start, wanted, before = older_file(tmp_path, revision)
    with migrator() as program:
        lasting = 0.0
        for number in range(KILLS):
            folder = tmp_path / f"kill-{number}"
            folder.mkdir()
            path = folder / "bot.sqlite"
            if start:
                path.write_bytes(start)
            if number == 0:
                began = time.monotonic()
                migrate_and_die(program, path)
                lasting = time.monotonic() - began
            else:
                # On a busy machine a moment may come too late; every statement is killed at in the test above.
                migrate_and_die(program, path, after=rng.uniform(0, lasting))
            survived(path, revision, wanted, before)


def test_a_backup_is_whole_before_it_is_named_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bot.sqlite"
    at_revision(path, OLDER[0])
    fill(path)

    named: list[Path] = []

    def died(*_: object) -> None:
        # A kill at this moment would leave just what is there now.
        named.extend(tmp_path.glob("*.backup"))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", died)
    with pytest.raises(KeyboardInterrupt):
        migrate(path, NOW)

    assert named == []
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == []
    monkeypatch.undo()
    assert migrate(path, NOW) == REVISIONS[1:]
    assert len(list(tmp_path.glob("*.backup*"))) == 1


def test_a_start_that_fails_again_and_again_leaves_no_pile_of_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bot.sqlite"
    at_revision(path, OLDER[0])
    fill(path)
    wanted = columns(path)
    before = rows(path, wanted)
    pragmas = migrations.PRAGMAS
    with closing(sqlite3.connect(path)) as database:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
    monkeypatch.setattr(migrations, "PRAGMAS", (*pragmas, f"max_page_count = {pages}"))

    for hour in range(3):
        with pytest.raises(DatabaseError, match=r"bot\.sqlite: the disk is full; make room"):
            migrate(path, NOW + timedelta(hours=hour))
        assert (version(path), rows(path, wanted)) == (OLDER[0], before)

    assert list(tmp_path.glob("*.backup*")) == []
    monkeypatch.setattr(migrations, "PRAGMAS", pragmas)
    assert migrate(path, NOW) == REVISIONS[1:]
    assert rows(path, wanted) == before


# starting


@contextmanager
def powerless() -> Iterator[None]:
    """Root, whom no file's mode stops, like anybody else; others are so already."""
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root's powers cannot be laid down here")
    # Version 3 of the kernel's call: this thread, and two words each of effective, permitted, inheritable.
    libc = ctypes.CDLL(None, use_errno=True)
    head, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(head, held) == 0
    none = (ctypes.c_uint32 * 6)(*held)
    none[0] = none[3] = 0
    assert libc.capset(head, none) == 0
    try:
        yield
    finally:
        assert libc.capset(head, held) == 0


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A disk of its own; only root can have one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small disk; the other tests of a full one run")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def changed(path: Path, made: bytes) -> Iterator[None]:
    kept = path.read_bytes()
    path.write_bytes(made)
    yield
    assert path.read_bytes() == made, "a file that is refused is not touched"
    path.write_bytes(kept)


@contextmanager
def damaged_page(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    made = bytearray(path.read_bytes())
    middle = len(made) // 2 // 4096 * 4096
    made[middle : middle + 4096] = random.Random(1).randbytes(4096)
    with changed(path, bytes(made)):
        yield


@contextmanager
def no_database(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    with changed(path, b"Dear diary, " * 1000):
        yield


@contextmanager
def another_program_s(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    other = path.with_name("other.sqlite")
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE groups (id)")
    made = other.read_bytes()
    other.unlink()
    with changed(path, made):
        yield


@contextmanager
def too_new(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    """What a newer program left that was killed: its last changes are in the log alone."""
    with closing(sqlite3.connect(path, isolation_level=None)) as newer:
        newer.execute("PRAGMA wal_autocheckpoint = 0")
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.execute("CREATE TABLE inventions (id)")
        left = {name: path.with_name(name).read_bytes() for name in (path.name, f"{path.name}-wal")}
    for name, each in left.items():
        path.with_name(name).write_bytes(each)
    before = content(path)
    assert len(before[f"{path.name}-wal"]) > 0
    yield
    assert content(path) == before, "a newer file is not touched, nor its log"
    with closing(sqlite3.connect(path, isolation_level=None)) as newer:
        newer.execute("DROP TABLE inventions")
        newer.execute("UPDATE alembic_version SET version_num = ?", [newest()])


@contextmanager
def locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other, monkeypatch.context() as patch:
        patch.setattr(migrations, "BUSY_SECONDS", 0.1)
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def read_only(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    path.chmod(0o444)
    with powerless():
        yield
    path.chmod(0o644)


@contextmanager
def shut_folder(path: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    path.parent.chmod(0o555)
    with powerless():
        yield
    path.parent.chmod(0o755)


@contextmanager
def no_room(_: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(databases, "ROOM", 1 << 62)
        yield


Fault = Callable[[Path, pytest.MonkeyPatch], Any]
FAULTS: dict[str, tuple[Fault, str]] = {
    "damaged": (damaged_page, "the file is damaged; stop the bot, keep the file, put the newest backup"),
    "not a database": (no_database, "the file is damaged"),
    "another program's": (another_program_s, "the database of another program"),
    "too new": (too_new, f"version 9999, newer than this program ({newest()}); install the newer program"),
    "locked": (locked, "another program holds the database; close it"),
    "read-only": (read_only, "the file or its folder is read-only; make both writable"),
    "shut folder": (shut_folder, "does its folder exist, and may the bot write there?"),
    "full": (no_room, "the disk is full; make room"),
}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that are right; the database's path."""
    cards = tmp_path / "cards"
    (cards / "deck").mkdir(parents=True)
    (cards / "library.yaml").write_text("title: Little\nnamespace: little\ndecks: [deck]\n")
    (cards / "deck" / "deck.yaml").write_text("title: Deck\n")
    (cards / "deck" / "topic.yaml").write_text(f"topic: topic\ntitle: Topic\ncards:{LITTLE.format(n=1)}")
    path = tmp_path / "data" / "bot.sqlite"
    for name, value in {
        "DISCORD_TOKEN": "sandbox.token",
        "DECKWRIGHT_API_BASE": "http://127.0.0.1:9/api/v10",
        "DECKWRIGHT_LIBRARY": str(cards),
        "DECKWRIGHT_DATABASE": str(path),
        "DECKWRIGHT_CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DECKWRIGHT_CLOCK", raising=False)
    return path


@pytest.mark.parametrize("given", ["check", "migrate", "run"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_command_tells_a_fault_in_a_sentence_and_works_once_it_is_gone(
    fault: str,
    given: str,
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make, sentence = FAULTS[fault]
    wanted, before = used(program)

    with make(program, monkeypatch), caplog.at_level(logging.INFO):
        done = CliRunner().invoke(app, [given])
        files = {each.name for each in program.parent.iterdir()}

    told = done.output + caplog.text
    assert done.exit_code == 1, told
    assert isinstance(done.exception, SystemExit), done.exception
    assert f"{program.as_posix()}: " in told
    assert sentence in told
    assert "Traceback" not in told
    assert files <= {"bot.sqlite", "bot.sqlite-wal", "bot.sqlite-shm"}
    assert rows(program, wanted) == before
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    assert migrate(program, NOW) == []


@pytest.mark.parametrize("given", ["check", "migrate", "run"])
def test_a_place_where_no_file_can_be_made_is_told_in_a_sentence(
    given: str, program: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program.parent.mkdir()
    place = program.parent / "bot.txt"
    place.touch()
    for path in (place / "bot.sqlite", program.parent / "new" / "bot.sqlite"):
        monkeypatch.setenv("DECKWRIGHT_DATABASE", str(path))
        with shut_folder(program, monkeypatch), caplog.at_level(logging.INFO):
            done = CliRunner().invoke(app, [given])
        assert done.exit_code == 1, done.output
        assert f"{path.as_posix()}: the file cannot be opened" in done.output + caplog.text


def test_check_makes_no_file(program: Path) -> None:
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    assert not program.parent.exists()


def test_no_damaged_page_gets_past_the_start(tmp_path: Path) -> None:
    """Every page in its turn; one that holds nothing may be broken."""
    path = tmp_path / "bot.sqlite"
    wanted, before = used(path)
    good, rng = path.read_bytes(), random.Random(7)
    passed = 0
    for page in range(len(good) // 4096):
        bad = bytearray(good)
        bad[page * 4096 : page * 4096 + 4096] = rng.randbytes(4096)
        path.write_bytes(bad)
        told = ""
        try:
            examine(path)
        except DatabaseError as error:
            told = str(error)
        if not told:
            passed += 1
            assert rows(path, wanted) == before, f"page {page}"
        assert not told or "is damaged" in told
    assert passed <= 2
    path.write_bytes(good)
    assert examine(path) == newest()


def test_a_file_too_large_to_be_read_through_starts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bot.sqlite"
    used(path)
    with damaged_page(path, monkeypatch):
        monkeypatch.setattr(migrations, "CHECKED", path.stat().st_size - 1)
        assert examine(path) == newest()
        monkeypatch.setattr(migrations, "CHECKED", path.stat().st_size)
        with pytest.raises(DatabaseError, match="damaged"):
            examine(path)


def test_a_really_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 4096):
        path, stuff = folder / "bot.sqlite", folder / "stuff"
        at_revision(path, OLDER[0])
        fill(path)
        wanted = columns(path)
        before = rows(path, wanted)
        # Less and less room, to the last byte: too little to begin, to copy, to migrate.
        told = set()
        for room in (1500, 1200, 1100, 900, 40, 0):
            stuff.write_bytes(b"x" * (os.statvfs(folder).f_bavail * 4096 - room * 1024))
            try:
                migrate(path, NOW)
            except DatabaseError as error:
                told.add(str(error))
            stuff.unlink()
            assert rows(path, wanted) == before
            for copy in folder.glob("*.backup"):
                assert rows(copy, wanted) == before
                copy.unlink()
            if version(path) != OLDER[0]:
                path.unlink()
                at_revision(path, OLDER[0])
                fill(path)
        assert told == {f"{path.as_posix()}: the disk is full; make room, nothing was lost"}
        assert migrate(path, NOW) == REVISIONS[1:]
        assert rows(path, wanted) == before


def test_run_serves_again_once_the_cause_is_gone(program: Path) -> None:
    async def whole_story() -> None:
        async with asyncio.timeout(60), Sandbox(Options()) as sandbox:
            environment = os.environ | {
                "DISCORD_TOKEN": sandbox.token,
                "DECKWRIGHT_API_BASE": sandbox.api_base,
            }
            used(program, 1)

            async def start() -> asyncio.subprocess.Process:
                return await asyncio.create_subprocess_exec(
                    sys.executable, "-W", "ignore", "-m", "deckwright_bot", "run", env=environment, stderr=-1
                )

            with closing(sqlite3.connect(program, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                failed = await start()
                _, said = await failed.communicate()
                assert failed.returncode == 1
                assert b"another program holds the database" in said
                assert b"Traceback" not in said
            served = await start()
            try:
                await sandbox.ready(30)
            finally:
                served.send_signal(signal.SIGTERM)
                _, said = await served.communicate()
            assert (served.returncode, b"Traceback" in said) == (0, False), said

    asyncio.run(whole_story())


# running

Release = Callable[[], Awaitable[None]]


def answers_of(path: Path) -> set[tuple[int, int, str]]:
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute("SELECT post, member, choice FROM answers"))


def test_a_disk_that_fills_up_loses_no_answer_and_says_who_was_not_heard(tmp_path: Path) -> None:
    async def whole_story() -> None:
        world = fresh(tmp_path, little_library(5), FakeMessenger())
        await world.set_up()
        post = await world.posts.today(GROUP, DAILY)
        assert post is not None
        assert snapshot_of(post).options
        await limit(world.database, 1)
        kept = set()

        async def until_full() -> None:
            for member in range(5000):
                await world.answers.choose(post.id, GROUP, member, "m" * 100, "A", world.now)
                kept.add((post.id, member, "A"))

        with pytest.raises(
            DatabaseError, match=r"bot\.sqlite: the disk is full; make room, nothing was lost"
        ):
            await until_full()
        member = len(kept)
        assert answers_of(world.database.path) == kept
        with pytest.raises(DatabaseError):
            await world.answers.choose(post.id, GROUP, member, "m" * 5000, "A", world.now)

        await limit(world.database, 1 << 30)
        await world.answers.choose(post.id, GROUP, member, "m", "A", world.now)

        assert answers_of(world.database.path) == kept | {(post.id, member, "A")}
        await world.database.close()
        whole(world.database.path)

    asyncio.run(whole_story())


async def limit(database: Database, pages: int) -> None:
    """Let the file grow to so many pages; never fewer than it has."""
    async with database.writing() as connection:
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_everybody_who_waits_for_a_lock_hears_of_it_in_time(tmp_path: Path) -> None:
    """Not only the first of the queue: each one's patience runs from their own asking."""

    async def whole_story() -> None:
        world = fresh(tmp_path, little_library(5), FakeMessenger())
        await world.set_up()
        database, clock = world.database, asyncio.get_running_loop().time

        async def wait() -> float:
            began = clock()
            with pytest.raises(DatabaseError, match="another program holds the database"):
                async with database.writing():
                    raise AssertionError("it is locked")
            return clock() - began

        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waited = await asyncio.gather(*(wait() for _ in range(40)))
            other.execute("ROLLBACK")
        assert 2 * databases.BUSY_SECONDS < 3, "Discord's three seconds"
        assert max(waited) < 10 * databases.BUSY_SECONDS, "they did not wait one after the other"
        assert min(waited) >= databases.BUSY_SECONDS * 0.9
        async with database.writing() as connection:
            await connection.exec_driver_sql("SELECT 1")
        await database.close()

    asyncio.run(whole_story())


def test_a_lock_that_is_soon_released_is_waited_for(tmp_path: Path) -> None:
    async def whole_story() -> None:
        world = fresh(tmp_path, little_library(5), FakeMessenger())
        await world.set_up()
        with closing(sqlite3.connect(world.database.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            asyncio.get_running_loop().call_later(
                databases.ATTEMPT_SECONDS * 1.5, lambda: other.execute("ROLLBACK")
            )
            async with world.database.writing() as connection:
                await connection.exec_driver_sql("SELECT 1")
        await world.database.close()

    asyncio.run(whole_story())


def test_our_own_mistakes_are_not_blamed_on_the_disk(tmp_path: Path) -> None:
    async def whole_story() -> None:
        world = fresh(tmp_path, little_library(5), FakeMessenger())
        for work in (world.database.writing, world.database.reading):
            with pytest.raises(Exception, match=r"NOT NULL") as raised:
                async with work() as connection:
                    await connection.exec_driver_sql("INSERT INTO facts (name) VALUES ('x')")
            assert not isinstance(raised.value, DatabaseError)
        await world.database.close()

    asyncio.run(whole_story())


async def hold(server: Server, _: Database) -> Release:
    """Another program takes the lock; call the result to let go."""
    other = sqlite3.connect(server.folder / "bot.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    async def release() -> None:
        other.close()

    return release


async def forbid(_: Server, database: Database) -> Release:
    """The bot's connection may read only, until it is a new one."""
    async with database.writing() as connection:
        await connection.exec_driver_sql("PRAGMA query_only = ON")

    return database._dispose


async def damage(server: Server, database: Database) -> Release:
    """Every page but the first is overwritten while the bot runs; what SQLite remembers of them is gone."""
    path = server.folder / "bot.sqlite"
    assert await database.truncate_log()
    await database._dispose()
    kept = path.read_bytes()
    path.write_bytes(kept[:4096] + random.Random(3).randbytes(len(kept) - 4096))

    async def release() -> None:
        await database._dispose()
        for end in ("-wal", "-shm"):
            (server.folder / f"bot.sqlite{end}").unlink(missing_ok=True)
        path.write_bytes(kept)

    return release


RUNNING = {
    "locked": (hold, "another program holds the database"),
    "read-only": (forbid, "is read-only"),
    "damaged": (damage, "the file is damaged"),
}


@pytest.mark.parametrize("fault", RUNNING)
def test_members_are_told_in_private_and_in_time_and_it_works_again_once_it_is_over(
    tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    make, sentence = RUNNING[fault]

    async def tell(server: Server) -> None:
        people = [server.ada, server.bob, *(server.owner.add_member(f"Member {n}") for n in range(10))]
        async with server.bot() as bot:
            post = await server.set_up()
            await server.ada.click(post, "A")
            caplog.clear()
            release = await make(server, bot.context.services.members._database)
            try:
                answers = await asyncio.gather(*(each.click(post, "B") for each in people[1:]))
                command = await server.bob.slash("privacy hide")
                other = server.sandbox.owner("Otto", "Another group")
                other.invite_bot()
                server.clock.advance(26 * 3600)
                await bot.tick()
            finally:
                await release()
            for answer in (*answers, command):
                assert not answer.failed, "an answer comes within Discord's three seconds"
                assert answer.ephemeral
                assert answer.text == ENGLISH["error.database"]
            told = [each for each in caplog.records if each.levelno >= logging.WARNING]
            assert any(sentence in each.getMessage() for each in told)
            assert [each.getMessage() for each in told if each.exc_info] == []
            # Over: a late answer counts, the next day's question comes once, and the new group is greeted.
            server.clock.advance(-26 * 3600)
            late = await server.bob.click(post, "B")
            assert title_of(late.message) in ("Right", "Not quite")
            server.clock.advance(26 * 3600)
            await bot.tick()
            await bot.tick()
            posts = [each for each in server.ada.sees() if button_of(each, "mine") and not each.visible_to]
            assert len(posts) == 2
            assert any(button_of(each, "begin") for each in other.sees())
            board = await server.ada.slash("leaderboard", period="all")
            assert "Ada" in board.text
            assert "Bob" in board.text

    with caplog.at_level(logging.INFO):
        story(tmp_path, tell)
    whole(tmp_path / "bot.sqlite")


def test_a_really_full_disk_under_a_running_bot_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()

    async def tell(server: Server) -> None:
        server.folder = folder
        async with server.bot() as bot:
            post = await server.set_up()
            await server.ada.click(post, "A")
            stuff = folder / "stuff"
            stuff.write_bytes(b"x" * (os.statvfs(folder).f_bavail * 4096))
            people = [server.owner.add_member(f"Member {n}") for n in range(12)]
            said = {(await each.click(post, "B")).text for each in people}
            assert ENGLISH["error.database"] in said
            await bot.tick()
            stuff.unlink()
            for each in people:
                assert title_of((await each.click(post, "B")).message) in ("Right", "Not quite")
            assert len(answers_of(folder / "bot.sqlite")) == 13

    with small_disk(folder, 8192):
        story(tmp_path, tell)
        whole(folder / "bot.sqlite")


def test_nothing_is_opened_after_the_end_and_nothing_stays_open(tmp_path: Path) -> None:
    async def story() -> None:
        migrate(tmp_path / "bot.sqlite", START)
        database = Database(tmp_path / "bot.sqlite")
        async with database.reading() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await database.close()
        with pytest.raises(ValueError, match="no active connection"):
            await raw.execute("SELECT 1")
        for opened in (database.reading(), database.writing()):
            with pytest.raises(DatabaseError, match="the bot is stopping"):
                async with opened:
                    raise AssertionError("it was opened")

    asyncio.run(story())
