"""R31: everything about a member can be seen, taken along, and is really gone when they ask."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import shutil
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, BigInteger, Text, create_engine, insert, select

from bot.fakes import GROUP, START, FakeMessenger, World, fresh, little_library, live_through
from deckwright.study.grading import SelfGrade
from deckwright.study.ranking import Period
from deckwright_bot import store
from deckwright_bot.services.answers import Verdict
from deckwright_bot.services.corrections import Refusal
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store import (
    answers as answer_store,
    forgetting,
    members as member_store,
    traces,
)
from deckwright_bot.store.database import DatabaseError
from deckwright_bot.store.forgotten import Forgotten
from deckwright_bot.store.migrate import back_up
from deckwright_bot.store.records import DAILY
from deckwright_bot.store.tables import audit, credited, groups, metadata, points, posts, withdrawals
from deckwright_bot.ui.texts import ENGLISH

# Whichever module of the store has tables, they are all there.
for found in pkgutil.iter_modules(store.__path__, f"{store.__name__}."):
    importlib.import_module(found.name)

DAY = timedelta(days=1)
NOON = START + timedelta(hours=5)
"""After the day's post, so that a day later the next one is out."""
ADA, BOB, EVE = 700000000000000001, 700000000000000002, 700000000000000003
SECRET = "overfitting-is-when-zanzibar-forgets"


pytestmark = pytest.mark.usefixtures("quick_disk")


def run(tmp_path: Path, story: Callable[[World], Awaitable[None]], *, opens: bool = False) -> None:
    library = little_library(0, 9) if opens else little_library(9)
    live_through(lambda: fresh(tmp_path, library, FakeMessenger(), NOON), story)


async def write(world: World, member: int, words: str) -> int:
    """Answer today's open question; the post's id."""
    post = await world.posts.today(GROUP, DAILY)
    assert post is not None
    result = await world.answers.write(post.id, GROUP, member, f"name-{member}", words, world.now)
    assert result is not None
    assert result.verdict is Verdict.NEW
    await world.answers.grade(post.id, GROUP, member, SelfGrade.GOT)
    return post.id


async def choose(world: World, member: int, *, right: bool = True) -> int:
    """Answer today's choice; the post's id."""
    post = await world.posts.today(GROUP, DAILY)
    assert post is not None
    letter = next(option.letter for option in snapshot_of(post).options if option.right is right)
    result = await world.answers.choose(post.id, GROUP, member, f"name-{member}", letter, world.now)
    assert result.verdict is Verdict.NEW
    return post.id


async def rows(world: World, table: Any) -> list[Any]:
    async with world.database.reading() as connection:
        return list(await connection.execute(select(table)))


def files_hold(folder: Path, words: str) -> list[str]:
    """The files of the database that hold these words anywhere."""
    return [
        path.name
        for path in sorted(folder.iterdir())
        if path.name.startswith("bot.sqlite") and words.encode() in path.read_bytes()
    ]


# deleted


def test_r31_no_byte_of_a_deleted_answer_stays_in_the_files(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        for day in range(5):
            for member in range(30):
                await write(world, EVE + member, f"words of somebody else, {day} {member} " * 7)
            await write(world, ADA, f"{SECRET} {day} " * (1 + 40 * day))
            await world.live(DAY)
        found = files_hold(tmp_path, SECRET)
        assert found, "the test looks in the wrong place"

        await world.members.forget(ADA, world.now)

        assert files_hold(tmp_path, SECRET) == []
        assert files_hold(tmp_path, f"name-{ADA}") == []
        assert files_hold(tmp_path, "words of somebody else") != []

    run(tmp_path, story, opens=True)


def test_r31_words_stay_out_of_the_log_even_if_somebody_was_reading(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        await write(world, ADA, SECRET)
        async with world.database.reading() as connection:
            await connection.execute(select(posts))
            await world.members.forget(ADA, world.now)
        assert "bot.sqlite-wal" in files_hold(tmp_path, SECRET)

        await world.care.tick(world.now)

        assert files_hold(tmp_path, SECRET) == []

    run(tmp_path, story, opens=True)


def test_r31_who_is_deleted_while_the_log_is_emptied_is_not_forgotten(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        await write(world, ADA, "words of the first")
        await write(world, EVE, SECRET)
        empty = world.database.truncate_log

        async def meanwhile() -> bool:
            world.database.truncate_log = empty  # type: ignore[method-assign]
            done = await empty()
            async with world.database.reading() as connection:
                await connection.execute(select(posts))
                await world.members.forget(EVE, world.now)
            assert files_hold(tmp_path, SECRET) != []
            return done

        world.database.truncate_log = meanwhile  # type: ignore[method-assign]
        await world.members.forget(ADA, world.now)
        await world.care.tick(world.now)
        assert files_hold(tmp_path, SECRET) == []

    run(tmp_path, story, opens=True)


def test_r31_deleting_touches_nobody_else(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for _ in range(3):
            for member in (ADA, BOB, EVE):
                await choose(world, member, right=member != EVE)
            await world.live(DAY)
        before = {
            table.name: [row for row in await rows(world, table) if getattr(row, "member", BOB) != ADA]
            for table in metadata.sorted_tables
            if table.name not in ("facts", "forgets", "posts")
        }
        streak = await world.standings.streak(GROUP, BOB)

        await world.members.forget(ADA, world.now)

        after = {
            table.name: await rows(world, table)
            for table in metadata.sorted_tables
            if table.name not in ("facts", "forgets", "posts")
        }
        assert after == before
        assert await world.standings.streak(GROUP, BOB) == streak
        board = await world.standings.board(GROUP, BOB, Period.ALL, world.now)
        assert [line.member for line in board.standings] == [BOB, EVE]
        closed = [post.shown_count for post in await rows(world, posts) if post.closed is not None]
        assert closed == [2, 2, 2]

    run(tmp_path, story)


def test_r31_a_member_is_deleted_in_every_group(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        async with world.database.writing() as connection:
            await connection.execute(
                insert(groups), {"id": GROUP + 1, "name": "Other", "owner": BOB, "joined": START}
            )
            await member_store.seen(connection, GROUP + 1, ADA, "Ada", world.now)
        await choose(world, ADA)

        await world.members.forget(ADA, world.now)

        assert await world.members.counts(ADA) == {}

    run(tmp_path, story)


def test_r31_an_admin_s_log_keeps_what_happened_but_not_who(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, BOB)
        day = date(2026, 3, 2)
        await world.live(DAY)
        done = await world.corrections.credit(GROUP, ADA, day, "our fault", BOB, world.now)
        assert not isinstance(done, Refusal)

        await world.members.forget(ADA, world.now)
        kept = [(row.what, row.by, row.detail) for row in await rows(world, audit) if row.what == "credit"]
        assert kept == [("credit", BOB, {})]
        assert await rows(world, credited) == []

        await world.corrections.credit(GROUP, EVE, day, "our fault", BOB, world.now)
        await world.members.forget(BOB, world.now)
        assert {row.by for row in await rows(world, audit) if row.what == "credit"} == {forgetting.NOBODY}
        # What was given to somebody else stays theirs.
        assert [(row.member, row.by) for row in await rows(world, credited)] == [(EVE, forgetting.NOBODY)]

    run(tmp_path, story)


# messages on Discord


async def shared(world: World, member: int, message: int) -> int:
    post = await write(world, member, SECRET)
    assert await world.answers.share(post, member, 2001, message)
    return post


def test_r31_shared_words_are_deleted_on_discord(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        await shared(world, ADA, 51)
        await shared(world, BOB, 52)
        number = await world.members.report(GROUP, ADA, "open-0", SECRET, world.now)
        await world.members.logged(number, 2002, 53)

        await world.members.forget(ADA, world.now)

        assert sorted(world.messenger.unshared) == [51, 53]
        assert await rows(world, withdrawals) == []

    run(tmp_path, story, opens=True)


@pytest.mark.parametrize("fault", [Unavailable("500"), Refused("403"), RuntimeError("a bug")])
def test_r31_a_message_that_could_not_be_deleted_is_tried_again(tmp_path: Path, fault: Exception) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        await shared(world, ADA, 51)
        world.messenger.fail = [fault, fault]

        await world.members.forget(ADA, world.now)
        assert world.messenger.unshared == []
        await world.care.tick(world.now)
        assert len(world.messenger.fail) == 1, "it waits before it tries again"
        for _ in range(2):
            world.now += timedelta(minutes=5)
            await world.care.tick(world.now)

        assert world.messenger.unshared == [51]
        assert ADA not in {value for row in await rows(world, withdrawals) for value in row}

    run(tmp_path, story, opens=True)


def test_r31_what_nobody_can_delete_is_dropped_after_a_month(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        await shared(world, ADA, 51)
        await world.groups.leave(GROUP, world.now)
        world.messenger.fail = [Refused("403")] * 999
        await world.members.forget(ADA, world.now)
        for _ in range(29):
            world.now += DAY
            await world.care.tick(world.now)
        assert [row.message for row in await rows(world, withdrawals)] == [51]

        for _ in range(3):
            world.now += DAY
            await world.care.tick(world.now)

        assert await rows(world, withdrawals) == []

    run(tmp_path, story, opens=True)


def test_r31_many_shared_messages_are_deleted_a_few_at_a_time(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        for number in range(8):
            await shared(world, ADA, 50 + number)
            await world.live(DAY)
        await world.members.forget(ADA, world.now)
        assert len(world.messenger.unshared) < 8

        await world.care.tick(world.now)

        assert sorted(world.messenger.unshared) == list(range(50, 58))

    run(tmp_path, story, opens=True)


# backups


def put_back(world: World, backup: Path) -> None:
    """Put a backup in the database's place, as an operator does."""
    for end in ("-wal", "-shm"):
        world.database.path.with_name(world.database.path.name + end).unlink(missing_ok=True)
    shutil.copy(backup, world.database.path)


def test_r31_a_restored_backup_brings_nobody_back(tmp_path: Path) -> None:
    async def whole() -> None:
        library, messenger = little_library(0, 9), FakeMessenger()
        world = fresh(tmp_path, library, messenger, NOON)
        await world.set_up(opens=True)
        await shared(world, ADA, 51)
        await write(world, BOB, "words of Bob")
        backup = tmp_path / "kept.backup"
        back_up(world.database.path, backup)
        await world.live(DAY)
        await world.members.forget(ADA, world.now)
        await world.database.close()

        put_back(world, backup)
        again = fresh(tmp_path, library, messenger, world.now)
        assert await again.members.counts(ADA) != {}
        assert await again.members.forget_again() == 1
        await again.care.tick(again.now)

        assert await again.members.counts(ADA) == {}
        assert await again.members.counts(BOB) != {}
        assert files_hold(tmp_path, SECRET) == []
        assert messenger.unshared == [51, 51]
        assert await again.members.forget_again() == 0
        await again.database.close()

    asyncio.run(whole())


def test_r31_who_answers_again_after_deleting_is_kept(tmp_path: Path) -> None:
    """Also with the clock set back, for what counts is whether this very file saw the request."""

    async def whole() -> None:
        library = little_library(9)
        world = fresh(tmp_path, library, FakeMessenger(), NOON)
        await world.set_up()
        await choose(world, ADA)
        await world.members.forget(ADA, world.now)
        world.now -= timedelta(hours=2)
        await choose(world, ADA)
        world.now += timedelta(hours=2)
        await world.database.close()

        again = fresh(tmp_path, library, FakeMessenger(), world.now)
        assert await again.members.forget_again() == 0
        counts = await again.members.counts(ADA)
        await again.database.close()

        assert counts == {"answers": 1, "points": 1, "sums": 1, "members": 1}

    asyncio.run(whole())


def test_r31_killed_between_request_and_deletion_the_next_start_deletes(tmp_path: Path) -> None:
    async def whole() -> None:
        library = little_library(9)
        world = fresh(tmp_path, library, FakeMessenger(), NOON)
        await world.set_up()
        await choose(world, ADA)
        await choose(world, BOB)
        Forgotten(world.database.path).add(ADA, world.now)
        await world.live(DAY)
        await choose(world, ADA)
        await world.database.close()

        again = fresh(tmp_path, library, FakeMessenger(), world.now)
        await again.members.forget_again()
        counts = await again.members.counts(ADA)
        board = await again.standings.board(GROUP, BOB, Period.ALL, again.now)
        await again.database.close()

        # What came after the request is the member's new life.
        assert counts == {"answers": 1, "points": 1, "sums": 1, "members": 1}
        assert [line.tally.answers for line in board.standings] == [1, 1]

    asyncio.run(whole())


def test_r31_the_request_is_written_before_the_deletion_is_committed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        # A folder in the file's place: the request cannot be written down.
        Forgotten(world.database.path).path.mkdir()
        with pytest.raises(DatabaseError):
            await world.members.forget(ADA, world.now)

        assert await world.members.counts(ADA) != {}

    run(tmp_path, story)


# the file of requests


def test_the_requests_name_nobody_and_survive_a_torn_line(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "bot.sqlite")
    assert file.requests() == ()
    file.add(ADA, START)
    kept = file.path.read_bytes()
    assert str(ADA).encode() not in kept
    file.add(BOB, START + DAY)
    file.path.write_bytes(file.path.read_bytes()[:-20])

    torn = file.requests()
    file.add(EVE, START + 2 * DAY)
    marks = [each.mark for each in file.requests()]

    assert [each.mark for each in torn] == [file.mark(ADA)]
    assert marks == [file.mark(ADA), file.mark(EVE)]
    assert file.marks({ADA, BOB, EVE})[marks[0]] == ADA
    assert [each.at for each in file.requests()] == [START, START + 2 * DAY]


def test_a_line_that_was_damaged_means_nobody(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "bot.sqlite")
    file.add(ADA, START)
    file.add(BOB, START)
    file.path.write_text(file.path.read_text().replace(file.mark(ADA), file.mark(EVE)))

    assert [each.mark for each in file.requests()] == [file.mark(BOB)]


def test_the_same_member_has_another_mark_in_another_file(tmp_path: Path) -> None:
    one, two = Forgotten(tmp_path / "one"), Forgotten(tmp_path / "two")
    one.add(ADA, START)
    two.add(ADA, START)

    assert one.mark(ADA) != two.mark(ADA)


def test_a_damaged_head_is_said_rather_than_forgotten(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "bot.sqlite")
    file.add(ADA, START)
    file.path.write_bytes(b"x" + file.path.read_bytes())

    with pytest.raises(DatabaseError, match="forgotten"):
        file.requests()
    with pytest.raises(DatabaseError, match="forgotten"):
        file.add(BOB, START)


def test_only_the_bot_s_user_can_read_the_requests(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "bot.sqlite")
    file.add(ADA, START)

    assert file.path.stat().st_mode & 0o077 == 0


# everything, everywhere

# Columns that hold a number of Discord's or free text, and never a member.
ABOUT_NOBODY = {
    "answers": {"group_id", "shared", "shared_in"},
    "audit": {"group_id"},
    "facts": {"value"},
    "package_builds": {"notes"},
    "groups": {"id", "name"},
    "members": {"group_id"},
    "pauses": {"group_id"},
    "points": {"group_id"},
    "posts": {
        "group_id", "snapshot", "key", "channel", "message", "thread", "void_reason",
    },
    "quiz_answers": {"group_id"},
    "quiz_questions": {"snapshot", "message"},
    "quizzes": {"group_id", "channel", "prompts", "message"},
    "reminders": {"group_id"},
    "reports": {"group_id", "logged_in", "logged"},
    "series": {"group_id", "channel", "skip_dates", "decks", "ping_role", "log_channel", "seed"},
    "sums": {"group_id"},
    "withdrawals": {"message", "channel", "group_id"},
}  # fmt: skip
# What is deleted with the row of the member it belongs to.
THEIR_WORDS = {
    "answers": {"text", "found"},
    "credits": {"reason"},
    "members": {"name"},
    "reports": {"text"},
}


def test_r31_no_column_that_can_name_a_member_is_unknown_to_us() -> None:
    """A new table or column is entered in `traces`, or here as one that names nobody."""
    known = {(own.table.name, "member") for own in traces.OWN}
    known |= {(column.table.name, column.name) for column in traces.NAMED} | {("audit", "detail")}
    known |= {(table, name) for table, names in ABOUT_NOBODY.items() for name in names}
    known |= {(table, name) for table, names in THEIR_WORDS.items() for name in names}
    found = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, BigInteger | Text | JSON) or column.name in ("member", "by", "user")
    }

    assert sorted(found - known) == []
    assert sorted(known - found) == []


def test_r31_whatever_a_group_has_goes_with_the_group() -> None:
    loose = [
        table.name
        for table in metadata.sorted_tables
        if "group_id" in table.columns
        and table.name != "withdrawals"
        and not any(key.ondelete == "CASCADE" for key in table.foreign_keys)
    ]

    assert loose == []


def test_the_tables_and_the_migrations_say_the_same(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        engine = create_engine(f"sqlite:///{world.database.path}")
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        engine.dispose()

    run(tmp_path, story)


async def fill(world: World, member: int) -> None:
    """A row about a member in every table that can have one."""
    daily = await world.set_up(opens=True)
    post = await shared(world, member, 51)
    await world.live(DAY)
    async with world.database.writing() as connection:
        assert await member_store.credit(connection, post, member, "a fault", member, world.now)
        await member_store.note(connection, GROUP, BOB, "credit", {"member": str(member)}, world.now)
    await world.standings.pause(GROUP, member, "Ada", 3, world.now)
    await world.members.remind(GROUP, member, world.now, wanted=True)
    await world.members.report(GROUP, member, "open-0", SECRET, world.now)
    async with world.database.writing() as connection:
        await connection.execute(insert(groups), {"id": 77, "name": "Hers", "owner": member, "joined": START})
        tables = metadata.tables
        build = {"file": "deck.apkg", "digest": "d"}
        await connection.execute(insert(tables["package_builds"]), build | {"notes": {}})
        await connection.execute(insert(tables["package_takes"]), build | {"member": member, "at": START})
        quiz = {
            "group_id": GROUP, "host": member, "phase": "ended", "begun": START, "date": daily.started,
            "prompts": [], "position": 1, "seconds": 0,
        }  # fmt: skip
        question = {"number": 1, "card": "open-0", "ordinal": 0, "snapshot": "{}", "asked": START}
        answer = {
            "number": 1, "group_id": GROUP, "card": "open-0", "ordinal": 0, "at": START,
            "date": daily.started, "right": True, "scored": True,
        }  # fmt: skip
        for number, kind in ((1, "group"), (2, "solo")):
            await connection.execute(insert(tables["quizzes"]), quiz | {"id": number, "kind": kind})
            await connection.execute(insert(tables["quiz_questions"]), question | {"quiz": number})
            for who in (member, BOB):
                await connection.execute(
                    insert(tables["quiz_answers"]), answer | {"quiz": number, "member": who}
                )
                await connection.execute(
                    insert(tables["quiz_players"]), {"quiz": number, "member": who, "joined": START}
                )
        await connection.execute(
            insert(points),
            [
                {
                    "group_id": GROUP, "member": who, "source": f"quiz/{GROUP}/1/1", "reason": "answer",
                    "points": 10, "date": daily.started,
                }
                for who in (member, BOB)
            ],
        )  # fmt: skip


def named(found: Any, member: int) -> bool:
    return str(member) in json.dumps([list(row) for row in found], default=str)


def test_r31_the_export_has_every_table_and_the_deletion_leaves_none(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await fill(world, ADA)
        with_her = {table.name for table in metadata.sorted_tables if named(await rows(world, table), ADA)}
        expected = {own.table.name for own in traces.OWN} | {column.table.name for column in traces.NAMED}
        assert with_her == expected, "the test fills every table that can name a member"

        counts = await world.members.counts(ADA)
        assert [name for name in counts if f"privacy.kept.{name}.many" not in ENGLISH] == []
        export = json.loads(await world.members.export(ADA))
        assert {name for name, found in export.items() if found} >= with_her
        assert SECRET in json.dumps(export)
        assert str(BOB) not in json.dumps(export["answers"])

        await world.members.forget(ADA, world.now)

        left = [table.name for table in metadata.sorted_tables if named(await rows(world, table), ADA)]
        assert left == []
        assert await world.members.counts(ADA) == {}
        theirs = {table.name for table in metadata.sorted_tables if named(await rows(world, table), BOB)}
        assert theirs >= {"quiz_answers", "quiz_players", "points", "audit"}

    run(tmp_path, story, opens=True)


def test_r31_an_unasked_share_has_no_message_to_delete(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        post = await write(world, ADA, SECRET)
        assert await world.answers.share(post, ADA, 2001, 51)
        assert not await world.answers.share(post, ADA, 2001, 52)
        async with world.database.reading() as connection:
            kept = await answer_store.find(connection, post, ADA)
        assert kept is not None
        assert kept.shared == 51

    run(tmp_path, story, opens=True)
