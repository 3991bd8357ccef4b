"""Who leaves is hidden and forgotten in time (R30); the books equal the answers (R24); once a night."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from bot.fakes import GROUP, OWNER, START, FakeMessenger, World, fresh, little_library, live_through
from bot.server import Server, button_of, story as sandbox_story
from deckwright.study.grading import SelfGrade
from deckwright.study.ranking import Period
from deckwright_bot.sandbox.model import ChannelType
from deckwright_bot.services import leaving
from deckwright_bot.services.care import Stage, beginning, night_of
from deckwright_bot.services.corrections import Rescoring
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store import groups as group_store, members as member_store, nights
from deckwright_bot.store.nights import Books
from deckwright_bot.store.records import DAILY, Group
from deckwright_bot.store.tables import (
    answers,
    groups,
    members,
    metadata,
    points,
    posts,
    reminders,
    reports,
)

DAY = timedelta(days=1)
NOON = START + timedelta(hours=5)
ADA, BOB, EVE = 700000000000000001, 700000000000000002, 700000000000000003
SECRET = "overfitting-is-when-zanzibar-forgets"


pytestmark = pytest.mark.usefixtures("quick_disk")


def run(tmp_path: Path, story: Callable[[World], Awaitable[None]], *, opens: bool = False) -> None:
    library = little_library(0, 9) if opens else little_library(40)
    live_through(lambda: fresh(tmp_path, library, FakeMessenger(), NOON), story)


async def choose(world: World, member: int, *, right: bool = True) -> int:
    """Answer today's choice; the post's id."""
    post = await world.posts.today(GROUP, DAILY)
    assert post is not None
    letter = next(option.letter for option in snapshot_of(post).options if option.right is right)
    await world.answers.choose(post.id, GROUP, member, f"name-{member}", letter, world.now)
    return post.id


async def rows(world: World, table: Any) -> list[Any]:
    async with world.database.reading() as connection:
        return list(await connection.execute(select(table)))


async def change(world: World, statement: Any) -> None:
    async with world.database.writing() as connection:
        await connection.execute(statement)


async def on_board(world: World, group: int = GROUP) -> list[int]:
    board = await world.standings.board(group, 0, Period.ALL, world.now)
    return [line.member for line in board.standings]


async def sleep_on_it(world: World, times: int = 1) -> None:
    """Let nights pass with ticks enough for all their work."""
    for _ in range(times):
        world.now = beginning(night_of(world.now) + DAY)
        for _ in range(200):
            await world.care.tick(world.now)
            world.now += timedelta(seconds=30)
            async with world.database.reading() as connection:
                night = await nights.tonight(connection)
            if night is not None and night.stage == Stage.DONE and night.date == night_of(world.now):
                break
        else:
            raise AssertionError("the night's work does not end")


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir() if path.is_file()]


async def checked(world: World) -> Books:
    await sleep_on_it(world)
    found = await world.care.books()
    assert found is not None
    return found


# leaving


def test_r30_who_left_is_hidden_once_discord_says_so(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for member in (ADA, BOB):
            await choose(world, member)
        world.messenger.gone.add((GROUP, ADA))
        assert sorted(await on_board(world)) == [ADA, BOB]

        await sleep_on_it(world, 3)

        assert await on_board(world) == [BOB]
        # Hidden, and nothing else: the answers are kept for a return.
        assert (await world.members.counts(ADA))["answers"] == 1

    run(tmp_path, story)


def test_r30_only_the_silent_are_asked_about_and_nobody_twice_a_night(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        await choose(world, BOB)
        for _ in range(4):
            await world.live(DAY)
            await choose(world, BOB)
            for _ in range(5):
                await world.care.tick(world.now)

        assert {member for _, member in world.messenger.asked} == {ADA}
        # Known to be there from the answer on, she is left alone for two days.
        assert 1 <= len(world.messenger.asked) <= 2

    run(tmp_path, story)


def test_r30_the_longest_silent_are_asked_about_first_one_a_tick_and_not_too_many_a_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "ASKED_A_NIGHT", 3)

    async def story(world: World) -> None:
        await world.set_up()
        for number in range(5):
            async with world.database.writing() as connection:
                await member_store.seen(connection, GROUP, 100 + number, "x", NOON - number * DAY)
        world.now = beginning(night_of(world.now) + 3 * DAY)
        for tick in range(1, 8):
            await world.care.tick(world.now)
            assert len(world.messenger.asked) == min(tick, 3)
        assert [member for _, member in world.messenger.asked] == [104, 103, 102]

        await sleep_on_it(world)

        assert [member for _, member in world.messenger.asked] == [104, 103, 102, 101, 100]

    run(tmp_path, story)


@pytest.mark.parametrize("fault", [Refused("403"), Unavailable("an outage")])
def test_r30_no_answer_is_not_an_absence(tmp_path: Path, fault: Exception) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        world.now += 5 * DAY
        world.messenger.fail = [fault] * 9

        for _ in range(3):
            await world.care.tick(world.now)

        assert await on_board(world) == [ADA]
        assert len(world.messenger.fail) == 8, "asked once, and again on another night"

    run(tmp_path, story)


def test_r30_a_failed_dm_brings_the_question_forward(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for member in (ADA, BOB):
            await choose(world, member)
        await world.care.tick(world.now)
        assert world.messenger.asked == []
        world.messenger.gone.add((GROUP, BOB))

        await world.leaving.doubt(GROUP, BOB)
        await world.care.tick(world.now)

        assert world.messenger.asked == [(GROUP, BOB)]
        assert await on_board(world) == [ADA]

    run(tmp_path, story)


def test_r30_who_comes_back_is_shown_again_with_everything(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        world.messenger.gone.add((GROUP, ADA))
        for _ in range(2):
            await sleep_on_it(world, 3)
            assert await on_board(world) == []
            world.now += timedelta(days=20)
            await world.leaving.back(GROUP, ADA, world.now)
            assert await on_board(world) == [ADA]

        world.messenger.gone.clear()
        for _ in range(4):
            world.now += timedelta(days=10)
            await sleep_on_it(world)
        assert await on_board(world) == [ADA]

    run(tmp_path, story)


def test_r30_after_thirty_days_rows_stay_for_the_counts_under_nobody_s_name(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        for _ in range(3):
            for member in (ADA, BOB):
                post = await world.posts.today(GROUP, DAILY)
                assert post is not None
                words = f"{SECRET} {member}"
                await world.answers.write(post.id, GROUP, member, f"name-{member}", words, world.now)
                await world.answers.grade(post.id, GROUP, member, SelfGrade.GOT)
            await world.live(DAY)
        await world.answers.share(1, ADA, 2001, 51)
        await world.members.remind(GROUP, ADA, world.now, wanted=True)
        await world.members.report(GROUP, ADA, "open-1", SECRET, world.now)
        await world.standings.pause(GROUP, ADA, f"name-{ADA}", 3, world.now)
        world.messenger.gone.add((GROUP, ADA))
        await sleep_on_it(world, 5)
        async with world.database.reading() as connection:
            left = await member_store.find(connection, GROUP, ADA)
        assert left is not None
        assert left.left is not None
        world.now = left.left + timedelta(days=28)
        await sleep_on_it(world)
        assert (await world.members.counts(ADA))["answers"] == 3

        world.now = left.left + timedelta(days=30)
        await sleep_on_it(world)

        assert await world.members.counts(ADA) == {}
        for table in metadata.sorted_tables:
            assert str(ADA) not in str(await rows(world, table)), table.name
        kept = [row for row in await rows(world, answers) if row.member != BOB]
        assert len(kept) == 3
        assert len({row.member for row in kept}) == 3, "her answers cannot be joined again"
        assert all(row.member < 0 and row.text is None and row.found is None for row in kept)
        assert all(row.shared is None and row.at.time() == datetime.min.time() for row in kept)
        assert {row.grade for row in kept} == {"got"}
        assert world.messenger.unshared == [51]
        assert (await rows(world, reminders), await rows(world, reports)) == ([], [])
        assert await on_board(world) == [BOB]
        # The numbers of their posts stay, and the books still agree.
        found = await checked(world)
        assert found.wrong == {}
        assert not any(f"{SECRET} {ADA}".encode() in each for each in contents(tmp_path))
        assert any(f"{SECRET} {BOB}".encode() in each for each in contents(tmp_path))

    run(tmp_path, story, opens=True)


def test_r30_leaving_one_group_changes_nothing_in_another(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        async with world.database.writing() as connection:
            await connection.execute(
                insert(groups), {"id": GROUP + 1, "name": "Other", "owner": BOB, "joined": START}
            )
            await member_store.seen(connection, GROUP + 1, ADA, "Ada", world.now)
        world.messenger.gone.add((GROUP, ADA))

        await sleep_on_it(world, 4)
        world.now += timedelta(days=31)
        await sleep_on_it(world)

        assert [(row.group_id, row.left) for row in await rows(world, members)] == [(GROUP + 1, None)]

    run(tmp_path, story)


def test_r30_who_left_is_not_reminded(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for member in (ADA, BOB):
            await world.members.remind(GROUP, member, world.now, wanted=True)
        async with world.database.writing() as connection:
            await member_store.left(connection, GROUP, ADA, world.now)

        await world.live(DAY)

        assert world.messenger.reminded == [BOB]

    run(tmp_path, story)


# groups


def test_r30_a_group_that_removed_the_bot_is_purged_after_thirty_days(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        await world.members.report(GROUP, ADA, "choice-1", "a typo", world.now)
        await world.standings.pause(GROUP, ADA, "Ada", 3, world.now)
        await world.groups.leave(GROUP, world.now)
        world.now += timedelta(days=28)
        await sleep_on_it(world)
        assert await rows(world, answers) != []

        await sleep_on_it(world, 2)

        left = {table.name for table in metadata.sorted_tables if await rows(world, table)}
        assert left <= {"facts", "uptime"}

    run(tmp_path, story)


def test_r30_a_group_that_comes_back_in_time_keeps_everything(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        await world.groups.leave(GROUP, world.now)
        world.now += timedelta(days=28)
        await sleep_on_it(world)
        await world.groups.join(Group(GROUP, "Group", OWNER, "en", world.now, None, None))
        world.now += timedelta(days=31)
        await sleep_on_it(world)

        assert len(await rows(world, answers)) == 1

    run(tmp_path, story)


def test_r30_a_removal_while_the_bot_was_away_is_noticed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await world.leaving.absent(lambda: {GROUP, 5}, world.now)
        assert [row.left for row in await rows(world, groups)] == [None]

        await world.leaving.absent(lambda: {5}, world.now)

        assert [row.left is None for row in await rows(world, groups)] == [False]

    run(tmp_path, story)


def test_r30_a_group_that_joins_while_the_absent_are_looked_for_stays(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        there: set[int] = set()
        async with world.database.writing() as connection:
            looking = asyncio.create_task(world.leaving.absent(lambda: there, world.now))
            await asyncio.sleep(0)
            there.add(GROUP)
            await group_store.join(connection, Group(GROUP, "Group", OWNER, "en", world.now, None, None))
        await looking

        assert [row.left for row in await rows(world, groups)] == [None]

    run(tmp_path, story)


# nights


def test_the_night_s_work_is_done_once_whoever_ticks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two bots on one database, ticking at once, and a restart: each difference is said once a night."""

    async def whole() -> None:
        library, messenger = little_library(40), FakeMessenger()
        one, two = (fresh(tmp_path, library, messenger, NOON) for _ in range(2))
        await one.set_up()
        await choose(one, ADA)
        await change(one, update(points).values(points=99))
        now = NOON
        for _ in range(40):
            await asyncio.gather(one.care.tick(now), two.care.tick(now))
            now += timedelta(seconds=30)
        await one.database.close()
        three = fresh(tmp_path, library, messenger, now)
        await three.care.tick(now)
        assert await three.care.books() == Books(NOON.date(), 1, {GROUP: 1})
        await two.database.close()
        await three.database.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(whole())

    assert len([each for each in caplog.records if "books" in each.message]) == 1


def test_after_days_of_silence_one_night_is_made_up(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        dates = []
        for step in (DAY, DAY, 9 * DAY):
            world.now += step
            for _ in range(10):
                await world.care.tick(world.now)
            found = await world.care.books()
            assert found is not None
            dates.append(found.date)

        assert dates == [date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 13)]

    run(tmp_path, story)


def test_nothing_begins_before_three_at_night(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await sleep_on_it(world)
        for moment, expected in (("02:59", 3), ("03:00", 4)):
            world.now = datetime.fromisoformat(f"2026-03-04T{moment}+00:00")
            for _ in range(9):
                await world.care.tick(world.now)
            found = await world.care.books()
            assert found is not None
            assert found.date.day == expected

    run(tmp_path, story)


def test_a_failing_piece_of_care_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        world.messenger.gone.add((GROUP, ADA))

        async def broken(*_: object) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(type(world.care._tidying), "tick", broken)
        await sleep_on_it(world, 3)

        assert await on_board(world) == []

    run(tmp_path, story)


# the books


def test_r24_the_books_of_random_histories_agree(tmp_path: Path) -> None:
    """Answers, self-grades, corrections, withdrawals, deletions, leaving: nothing makes a difference."""

    async def whole(seed: int, folder: Path) -> None:
        random = Random(seed)
        world = fresh(folder, little_library(12, 12), FakeMessenger(), NOON)
        await world.set_up(opens=True)
        people = list(range(900, 908))
        for _ in range(10):
            post = await world.posts.today(GROUP, DAILY)
            assert post is not None
            for member in people:
                choice = random.randrange(5)
                letters = [option.letter for option in snapshot_of(post).options]
                if choice == 0:
                    await world.answers.dont_know(post.id, GROUP, member, "m", world.now)
                elif choice < 4 and letters:
                    letter = random.choice(letters)
                    await world.answers.choose(post.id, GROUP, member, "m", letter, world.now)
                elif choice < 4:
                    await world.answers.write(post.id, GROUP, member, "m", "some words", world.now)
                if random.random() < 0.6:
                    grade = random.choice(list(SelfGrade))
                    await world.answers.grade(post.id, GROUP, member, grade)
            await world.live(DAY, timedelta(hours=4))
            day = random.choice([row.date for row in await rows(world, posts)])
            action = random.randrange(5)
            if action == 0:
                await world.corrections.void(GROUP, day, "wrong", OWNER, world.now)
            elif action in (1, 2):
                plan = await world.corrections.plan(GROUP, day, random.choice("ABCD"))
                if isinstance(plan, Rescoring):
                    await world.corrections.rescore(
                        GROUP, plan.post.id, plan.new, plan.mark, OWNER, world.now
                    )
            elif action == 3 and len(people) > 3:
                await world.members.forget(people.pop(), world.now)
            elif len(people) > 3:
                world.messenger.gone.add((GROUP, people.pop()))
        world.now += timedelta(days=5)
        found = await checked(world)
        await sleep_on_it(world)
        world.now += timedelta(days=31)
        later = await checked(world)
        await world.database.close()

        assert found.wrong == later.wrong == {}
        assert found.posts >= 10

    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        asyncio.run(whole(seed, folder))


FAULTS: dict[str, list[Any]] = {
    "sum": [update(points).where(points.c.member == ADA).values(points=3)],
    "sum (missing)": [delete(points).where(points.c.member == ADA)],
    "no-answer": [delete(answers).where(answers.c.member == ADA), update(posts).values(shown_count=1)],
    "right": [update(answers).where(answers.c.member == ADA).values(right=False)],
    "place": [update(answers).where(answers.c.member == ADA).values(date=date(2026, 3, 9))],
    "place (points)": [update(points).where(points.c.member == ADA).values(date=date(2026, 3, 9))],
    "count": [update(posts).where(posts.c.id == 1).values(shown_count=7)],
    "no-answer (no post)": [
        insert(points).values(
            group_id=GROUP, member=ADA, source=f"post/{GROUP}/daily/2020-01-01", reason="answer", points=10,
            date=date(2020, 1, 1),
        )
    ],
    "no-answer (no such source)": [
        insert(points).values(
            group_id=GROUP, member=ADA, source="post/x", reason="answer", points=1, date=date(2020, 1, 1)
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_r24_a_difference_is_said_and_counted_and_never_mended(
    tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        await choose(world, BOB, right=False)
        await world.live(timedelta(hours=30))
        assert (await checked(world)).wrong == {}
        assert caplog.records == []
        for statement in FAULTS[fault]:
            await change(world, statement)
        before = [await rows(world, table) for table in (answers, points, posts)]

        assert (await checked(world)).wrong == {GROUP: 1}
        assert (await checked(world)).wrong == {GROUP: 1}

        assert [await rows(world, table) for table in (answers, points, posts)] == before
        said = [each.message for each in caplog.records]
        assert len(said) == 2
        assert str(GROUP) in said[0]
        assert fault.split(" (", maxsplit=1)[0] in said[0]
        assert str(ADA) not in said[0]

    with caplog.at_level(logging.ERROR):
        run(tmp_path, story)


def test_r24_a_closed_post_counts_the_answers_of_its_last_seconds(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        (post,) = await rows(world, posts)
        for seconds, member in ((15, BOB), (5, ADA)):
            world.now = post.closes - timedelta(seconds=seconds)
            await choose(world, member)
            await world.posts.tick(world.now)
        assert [row.shown_count for row in await rows(world, posts)] == [1]
        world.now = post.closes
        await world.posts.tick(world.now)

        assert [row.shown_count for row in await rows(world, posts) if row.closed is not None] == [2]
        assert (await checked(world)).wrong == {}

    run(tmp_path, story)


def test_r24_an_open_post_may_show_an_old_count(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA)
        assert [row.shown_count for row in await rows(world, posts)] == [0]

        for _ in range(10):
            await world.care.tick(world.now)

        found = await world.care.books()
        assert found == Books(NOON.date(), 1, {})

    run(tmp_path, story)


def test_the_check_goes_through_everything_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deckwright_bot.store.books.ANSWERS_AT_ONCE", 2)
    monkeypatch.setattr("deckwright_bot.services.books.SOURCES_AT_ONCE", 2)

    async def story(world: World) -> None:
        await world.set_up()
        for _ in range(5):
            for member in (ADA, BOB, EVE):
                await choose(world, member)
            await world.live(DAY)
        await change(world, update(points).where(points.c.member == EVE).values(points=1))

        found = await checked(world)

        assert found.posts == len(await rows(world, posts))
        assert found.wrong == {GROUP: 5}

    run(tmp_path, story)


# on a Discord of our own


def test_leaving_is_learned_from_discord_and_a_click_undoes_it(tmp_path: Path) -> None:
    """Through the real client: no privileged intent, one question a tick, valid by Discord's schema."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            await server.ada.click(post, "A")
            await server.bob.click(post, "A")
            group = server.owner.guild.id
            server.ada.leave()
            await server.move(bot, hours=24 * 4, step=6)
            board = await bot.context.services.standings.board(group, 0, Period.ALL, server.clock.now())
            assert [line.member for line in board.standings] == [server.bob.user.id]

            back = server.owner.add_member(server.ada.user)
            await back.slash("help")
            board = await bot.context.services.standings.board(group, 0, Period.ALL, server.clock.now())
            assert sorted(line.member for line in board.standings) == sorted(
                [server.ada.user.id, server.bob.user.id]
            )

    sandbox_story(tmp_path, tell)


def test_an_outage_hides_nobody_and_removes_no_group(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            await server.ada.click(post, "A")
            group = server.owner.guild.id
            server.owner.set_outage(down=True)
            await server.move(bot, hours=24 * 4, step=6)
            server.owner.set_outage(down=False)
            found = await bot.context.services.groups.find(group)
            assert found is not None
            assert found.left is None
            board = await bot.context.services.standings.board(group, 0, Period.ALL, server.clock.now())
            assert [line.member for line in board.standings] == [server.ada.user.id]

    sandbox_story(tmp_path, tell)


def test_a_shared_answer_is_deleted_even_from_a_thread_that_fell_asleep(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            await server.set_up()
            assert bot.user is not None
            thread = server.sandbox.core.world.add_thread(
                server.owner.home, "Question", bot.user.id, ChannelType.PUBLIC_THREAD
            )
            assert thread.thread is not None
            words = server.sandbox.core.messages.post(thread, bot.user.id, {"content": SECRET})
            thread.thread.archived = True
            assert words in server.bob.sees(thread)

            await bot.messenger.unshare(server.owner.guild.id, thread.id, words.id)
            await bot.messenger.unshare(server.owner.guild.id, thread.id, words.id)

            assert words not in server.bob.sees(thread)
            assert thread.thread.archived

    sandbox_story(tmp_path, tell)


def test_a_member_takes_everything_back_by_one_button(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            await server.ada.click(post, "A")
            asked = await server.ada.slash("privacy delete")
            await server.ada.click(asked.message, "Delete everything about me")
            assert await bot.context.services.members.counts(server.ada.user.id) == {}
            assert (tmp_path / "bot.sqlite.forgotten").exists()

    sandbox_story(tmp_path, tell)


def test_the_bot_removed_while_it_was_away_is_noticed_at_start(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            await server.set_up()
        server.owner.kick_bot()
        async with server.bot() as bot:

            async def gone() -> bool:
                group = await bot.context.services.groups.find(server.owner.guild.id)
                return group is not None and group.left is not None

            # The client is ready a moment before it is told that it is.
            for _ in range(200):
                if await gone():
                    break
                await asyncio.sleep(0.02)
            assert await gone()

    sandbox_story(tmp_path, tell)


def test_a_group_that_joins_while_another_is_greeted_waits_for_no_tick(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        other = server.sandbox.owner("Otto", "Another group")
        async with server.bot() as bot:
            for ticker in bot._tickers:
                await ticker.stop()
            server.sandbox.faults.before("POST .*/messages", other.invite_bot)
            server.sandbox.faults.slow("POST .*/messages", 1.0)
            server.owner.invite_bot()
            for owner in (server.owner, other):
                await owner.wait_for(lambda m: button_of(m, "begin") is not None)

    sandbox_story(tmp_path, tell)


def test_what_is_at_work_ends_before_the_database_is_closed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            server.sandbox.faults.slow("POST .*/messages", 1.0)
            server.owner.invite_bot()
            await server.sandbox.until(lambda: bool(server.sandbox.faults.happened))

    with caplog.at_level(logging.ERROR):
        sandbox_story(tmp_path, tell)

    assert [record.getMessage() for record in caplog.records] == []


def test_r31_a_backup_put_back_is_cleaned_before_the_bot_serves(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot():
            post = await server.set_up()
            await server.ada.click(post, "A")
            await server.bob.click(post, "A")
        kept = (tmp_path / "bot.sqlite").read_bytes()
        async with server.bot():
            asked = await server.ada.slash("privacy delete")
            await server.ada.click(asked.message, "Delete everything about me")
        put_back(tmp_path, kept)
        async with server.bot() as bot:
            assert await bot.context.services.members.counts(server.ada.user.id) == {}
            assert await bot.context.services.members.counts(server.bob.user.id) != {}

    sandbox_story(tmp_path, tell)


def put_back(folder: Path, backup: bytes) -> None:
    for end in ("-wal", "-shm"):
        (folder / f"bot.sqlite{end}").unlink(missing_ok=True)
    (folder / "bot.sqlite").write_bytes(backup)


def test_r31_a_report_in_the_log_channel_goes_with_its_member(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            log_channel = server.owner.create_channel("log")
            group = server.owner.guild.id
            daily = await bot.context.services.groups.daily(group)
            assert daily is not None
            async with bot.context.services.members._database.writing() as connection:
                await group_store.save(connection, replace(daily, log_channel=log_channel.id))
            result = await server.ada.click(post, "A")
            form = await server.ada.click(result.message, "Report")
            await server.ada.submit(form, {"What is wrong?": SECRET})
            shown = await server.owner.wait_for(lambda m: "zanzibar" in (m.content or ""), log_channel)
            asked = await server.ada.slash("privacy delete")
            await server.ada.click(asked.message, "Delete everything about me")

            assert shown not in server.owner.sees(log_channel)

    sandbox_story(tmp_path, tell)
