"""Boards and streaks from the database: sums of months always equal the rows (R24, R27), posts come as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from bot.fakes import GROUP, OWNER, START, FakeMessenger, World, fresh, little_library, live_through
from deckwright.study.grading import SelfGrade
from deckwright.study.posting import State
from deckwright.study.ranking import Period, Tally
from deckwright.study.rebuild import Difference
from deckwright.study.streak import PostLine
from deckwright_bot.services.books import BookService, Piece
from deckwright_bot.services.corrections import Rescoring
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store import (
    forgetting,
    members as member_store,
    posts as post_store,
    rollups,
    scores,
)
from deckwright_bot.store.migrate import migrate
from deckwright_bot.store.quiz_tables import quiz_answers, quiz_questions, quizzes
from deckwright_bot.store.rollups import Month, sums
from deckwright_bot.store.tables import answers, groups, points, posts
from deckwright_bot.ui.standings import board_message

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADA, BOB = 700000000000000001, 700000000000000002
MARCH = Month(GROUP, date(2026, 3, 1))


pytestmark = pytest.mark.usefixtures("quick_disk")


def run(tmp_path: Path, story: Callable[[World], Awaitable[None]], *, opens: bool = False) -> None:
    library = little_library(0, 9) if opens else little_library(40)
    live_through(lambda: fresh(tmp_path, library, FakeMessenger(), START), story)


async def choose(world: World, member: int, *, right: bool) -> int:
    post = await world.posts.today(GROUP, "daily")
    assert post is not None
    letter = next(one.letter for one in snapshot_of(post).options if one.right is right)
    await world.answers.choose(post.id, GROUP, member, f"name-{member}", letter, world.now)
    return post.id


async def tallies(world: World, month: Month = MARCH) -> dict[int, Tally]:
    """The sums of a month, which equal the rows."""
    async with world.database.reading() as connection:
        kept, rebuilt = await rollups.compared(connection, month)
    assert kept == rebuilt
    return kept


async def checked(world: World) -> list[Piece]:
    """The nightly check of the boards, piece by piece."""
    books, found = BookService(world.database), [await BookService(world.database).boards("")]
    while found[-1].after is not None:
        found.append(await books.boards(found[-1].after))
    return found


async def change(world: World, statement: Any) -> None:
    async with world.database.writing() as connection:
        await connection.execute(statement)


def test_answers_and_points_are_summed_up_a_month(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await world.live(2 * HOUR)
        for day in range(33):
            await choose(world, ADA, right=day % 2 == 0)
            await world.live(DAY, timedelta(hours=3))

        assert await tallies(world) == {ADA: Tally(15 * 10 + 15 * 2, 15, 30)}
        assert await tallies(world, Month(GROUP, date(2026, 4, 1))) == {ADA: Tally(2 * 10 + 2, 2, 3)}

    run(tmp_path, story)


def test_r27_a_board_of_whole_months_is_read_from_the_sums_and_any_other_from_the_rows(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA, right=True)
        await change(world, update(sums).values(points=77))

        found = {}
        for period in Period:
            board = await world.standings.board(GROUP, ADA, period, world.now)
            found[period] = [line.tally.points for line in board.standings]

        assert found == {Period.WEEK: [10], Period.MONTH: [77], Period.ALL: [77]}

    run(tmp_path, story)


def test_r26_who_is_hidden_sees_their_own_points_and_place_and_nobody_else_does(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA, right=False)
        await choose(world, BOB, right=True)
        await world.members.hide(GROUP, ADA, "Ada", world.now, hidden=True)

        for period in Period:
            mine = await world.standings.board(GROUP, ADA, period, world.now)
            others = await world.standings.board(GROUP, BOB, period, world.now)
            shown = str(board_message(mine, 1, "en")[0].description)
            assert mine.hidden
            assert (mine.mine.rank, mine.mine.tally.points) == (2, 2) if mine.mine else False
            assert "2 points, for rank 2" in shown
            assert [line.member for line in mine.standings] == [BOB]
            assert mine.standings == others.standings
            assert not others.hidden

    run(tmp_path, story)


def test_r22_a_question_that_a_pause_comes_too_late_for_is_at_stake(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        # Before a first answer there is nothing to lose.
        assert not await world.standings.at_stake(GROUP, ADA)
        await choose(world, ADA, right=True)
        assert not await world.standings.at_stake(GROUP, ADA)
        await world.live(DAY + 2 * HOUR, HOUR)
        assert await world.standings.at_stake(GROUP, ADA)
        await world.standings.pause(GROUP, ADA, "Ada", 3, world.now)
        assert await world.standings.at_stake(GROUP, ADA)
        await world.live(DAY, timedelta(hours=3))
        assert not await world.standings.at_stake(GROUP, ADA)

    run(tmp_path, story)


def test_r28_corrections_and_voids_change_the_sums(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA, right=True)
        number = await choose(world, BOB, right=False)
        post = await world.posts.find(number)
        assert post is not None
        wrong = next(one.letter for one in snapshot_of(post).options if not one.right)
        plan = await world.corrections.plan(GROUP, post.date, wrong)
        assert isinstance(plan, Rescoring)
        await world.corrections.rescore(GROUP, post.id, plan.new, plan.mark, OWNER, world.now)
        assert await tallies(world) == {ADA: Tally(2, 0, 1), BOB: Tally(10, 1, 1)}

        await world.corrections.void(GROUP, post.date, "it was wrong", OWNER, world.now)

        assert await tallies(world) == {}

    run(tmp_path, story)


def test_r17_a_self_grade_adds_its_points(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        post = await world.posts.today(GROUP, "daily")
        assert post is not None
        await world.answers.write(post.id, GROUP, ADA, "Ada", "some words", world.now)
        assert await tallies(world) == {ADA: Tally(0, 0, 1)}
        await world.answers.grade(post.id, GROUP, ADA, SelfGrade.PARTLY)

        assert await tallies(world) == {ADA: Tally(7, 0, 1)}

    run(tmp_path, story, opens=True)


def test_r31_nothing_is_summed_up_of_who_is_forgotten(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for member in (ADA, BOB):
            await choose(world, member, right=True)
        await world.members.forget(ADA, world.now)
        assert await tallies(world) == {BOB: Tally(10, 1, 1)}
        async with world.database.writing() as connection:
            surrogates = iter(range(-1, -9, -1))
            await forgetting.anonymise(connection, GROUP, BOB, world.now, lambda: next(surrogates))

        assert await tallies(world) == {}
        async with world.database.reading() as connection:
            assert (await connection.execute(select(sums))).all() == []

    run(tmp_path, story)


async def quiz_answer(world: World, member: int, number: int, *, right: bool, scored: bool) -> None:
    quiz = {
        "group_id": GROUP, "kind": "group", "host": OWNER, "phase": "ended", "begun": START,
        "date": START.date(), "prompts": [], "position": 1, "seconds": 30, "id": 1,
    }  # fmt: skip
    answer = {
        "quiz": 1, "number": number, "group_id": GROUP, "card": "choice-1", "ordinal": 0, "at": START,
        "date": START.date(), "choice": "A", "right": right, "scored": scored, "member": member,
    }  # fmt: skip
    question = {"quiz": 1, "number": number, "card": "c", "ordinal": 0, "snapshot": "{}", "asked": START}
    async with world.database.writing() as connection:
        await connection.execute(insert(quizzes).prefix_with("OR IGNORE"), quiz)
        await connection.execute(insert(quiz_questions).prefix_with("OR IGNORE"), question)
        await connection.execute(insert(quiz_answers), answer)
        await member_store.seen(connection, GROUP, member, f"name-{member}", START)


@pytest.mark.parametrize("period", list(Period))
def test_r17_answers_that_scored_in_group_quizzes_count_on_every_board(
    tmp_path: Path, period: Period
) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA, right=True)
        await quiz_answer(world, ADA, 1, right=True, scored=True)
        await quiz_answer(world, ADA, 2, right=False, scored=True)
        await quiz_answer(world, ADA, 3, right=True, scored=False)
        await quiz_answer(world, BOB, 1, right=False, scored=True)

        board = await world.standings.board(GROUP, ADA, period, world.now)

        assert [(line.member, line.tally.right, line.tally.answers) for line in board.standings] == [
            (ADA, 2, 3),
            (BOB, 0, 1),
        ]

    run(tmp_path, story)


def test_r27_whatever_happens_to_the_rows_the_sums_follow(tmp_path: Path) -> None:
    """By the rows alone, in an order that no service would think of."""

    async def story(world: World) -> None:
        random = Random(7)
        await world.set_up()
        await change(world, insert(groups).values(id=GROUP + 1, name="Other", owner=OWNER, joined=START))
        for _ in range(400):
            async with world.database.writing() as connection:
                for number in range(2, 14):
                    row = {"id": number, "date": START.date() - DAY * (number - 1), "state": State.CLOSED}
                    await connection.execute(
                        insert(posts).prefix_with("OR IGNORE"),
                        row | {"group_id": GROUP, "series": "daily", "snapshot": "{}"},
                    )
            await change(world, _something(random))
            if random.random() < 0.2:
                await quiz_answer(
                    world, random.choice((ADA, BOB)), random.randrange(10**9), right=True, scored=True
                )
            await everything_agrees(world)
        assert len(await tallies(world, Month(GROUP, date(2026, 2, 1)))) > 1, "something was left to compare"
        await change(world, delete(groups).where(groups.c.id == GROUP))
        async with world.database.reading() as connection:
            assert (await connection.execute(select(sums.c.group_id).distinct())).scalars().all() in (
                [],
                [GROUP + 1],
            )

    run(tmp_path, story)


def _something(random: Random) -> Any:
    post, member = random.randint(2, 13), random.choice((ADA, BOB, 3, 4, 5))
    one_answer = (answers.c.post == post) & (answers.c.member == member)
    day = START.date() - DAY * (post - 1)
    source = f"post/{GROUP}/daily/{day}"
    one_row = (points.c.source == source) & (points.c.member == member)
    return random.choice(
        (
            insert(answers)
            .prefix_with("OR IGNORE")
            .values(
                post=post,
                member=member,
                group_id=GROUP,
                at=START,
                date=day,
                right=random.choice((True, None)),
            ),
            insert(points)
            .prefix_with("OR IGNORE")
            .values(group_id=GROUP, member=member, source=source, reason="answer", points=10, date=day),
            update(answers).where(one_answer).values(right=random.choice((True, False, None))),
            update(answers).where(one_answer).values(member=-random.randint(1, 10**9)),
            update(points).where(one_row).values(points=points.c.points + 1),
            update(points).where(one_row).values(date=day - DAY * 9, group_id=GROUP + 1),
            delete(answers).where(one_answer),
            delete(points).where(one_row),
            update(quiz_answers).where(quiz_answers.c.member == member).values(right=False),
            update(quiz_answers).where(quiz_answers.c.member == member).values(scored=random.random() < 0.5),
            update(posts).where(posts.c.id == post, posts.c.id < 4).values(state=State.VOID),
            delete(posts).where(posts.c.id == post, posts.c.id > 8),
        )
    )


async def everything_agrees(world: World) -> None:
    async with world.database.reading() as connection:
        month = None
        while (month := await rollups.following(connection, month)) is not None:
            kept, rebuilt = await rollups.compared(connection, month)
            assert kept == rebuilt, month


def test_r24_the_nightly_check_finds_a_sum_that_is_not_that_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deckwright_bot.services.books.MONTHS_AT_ONCE", 1)

    async def story(world: World) -> None:
        await world.set_up()
        for _ in range(33):
            for member in (ADA, BOB):
                await choose(world, member, right=True)
            await world.live(DAY, timedelta(hours=6))
        whole = await checked(world)
        assert [piece.findings for piece in whole] == [()] * 3, "two months, and the end"
        await change(world, update(sums).where(sums.c.member == ADA).values(points=sums.c.points + 1))
        await change(world, delete(sums).where(sums.c.member == BOB, sums.c.month == date(2026, 4, 1)))

        found = [finding for piece in await checked(world) for finding in piece.findings]

        assert [(each.source, dict(each.differences)) for each in found] == [
            (f"board/{GROUP}/2026-03-01", {Difference.ROLLED_UP: 1}),
            (f"board/{GROUP}/2026-04-01", {Difference.ROLLED_UP: 2}),
        ]

    run(tmp_path, story)


def test_r24_a_month_without_any_sums_is_found_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await choose(world, ADA, right=True)
        await change(world, delete(sums))

        found = [finding for piece in await checked(world) for finding in piece.findings]

        assert [each.source for each in found] == [f"board/{GROUP}/2026-03-01"]

    run(tmp_path, story)


def test_a_database_from_before_the_sums_has_them_after_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"

    async def before(world: World) -> None:
        await world.set_up()
        await world.live(2 * HOUR)
        for _ in range(33):
            for member in (ADA, BOB):
                await choose(world, member, right=member == ADA)
            await world.live(DAY, timedelta(hours=6))
        await quiz_answer(world, BOB, 1, right=True, scored=True)
        await world.corrections.void(GROUP, date(2026, 3, 4), "wrong", OWNER, world.now)

    async def after(world: World) -> None:
        await everything_agrees(world)
        assert await tallies(world) == {ADA: Tally(290, 29, 29), BOB: Tally(58, 1, 30)}
        world.now = START + 33 * DAY
        await choose(world, ADA, right=True)
        await everything_agrees(world)

    run(tmp_path, before)
    with closing(sqlite3.connect(path)) as rows:
        triggers = rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        rows.executescript(
            ";".join(f"DROP TRIGGER {name}" for (name,) in triggers)
            + "; DROP TABLE sums; DROP INDEX posts_lines; UPDATE alembic_version SET version_num = '0002'"
        )
        rows.commit()
    assert migrate(path, START) == ["0003"]
    run(tmp_path, after)


def test_a_streak_reads_of_every_post_what_became_of_it(tmp_path: Path) -> None:
    """In each state that posts can have, with and without an outage, an answer, a credit."""

    async def story(world: World) -> None:
        await world.set_up()
        expected, day = {}, START.date() - DAY
        for state in State:
            for outage in (False, True):
                for by in ("answered", "credited", None):
                    day -= DAY
                    row = {
                        "group_id": GROUP,
                        "series": "daily",
                        "date": day,
                        "state": state,
                        "outage": outage,
                    }
                    async with world.database.writing() as connection:
                        made = await connection.execute(insert(posts).returning(posts.c.id), row)
                        post = made.scalar_one()
                        for member in (BOB, ADA) if by == "answered" else (BOB,):
                            kept = {"post": post, "member": member, "at": START, "date": day}
                            await connection.execute(insert(answers), kept | {"group_id": GROUP})
                        if by == "credited":
                            await member_store.credit(connection, post, ADA, "ours", OWNER, START)
                    expected[PostLine(day, state, outage)] = by
        out = {line: by for line, by in expected.items() if line.state in ("sent", "closed", "void")}

        async with world.database.reading() as connection:
            lines = await post_store.lines_of(connection, GROUP, "daily", ADA)

        today = PostLine(START.date(), State.SENT, outage=False)
        assert set(lines.posts) == {today, *out}
        assert lines.answered == {line.day for line, by in out.items() if by == "answered"}
        assert lines.credited == {line.day for line, by in out.items() if by == "credited"}

    run(tmp_path, story)


def test_months_are_whole_only_from_their_first_day_to_their_last() -> None:
    whole = scores._whole_months

    assert whole(date(2026, 2, 1), date(2026, 2, 28))
    assert whole(date(2026, 1, 1), date(2026, 3, 31))
    assert whole(date.min, date.max)
    assert not whole(date(2026, 2, 1), date(2026, 2, 27))
    assert not whole(date(2026, 2, 2), date(2026, 2, 28))
