"""What owners put right and set, on the real database with a chat that remembers (R10, R23, R28)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from bot.fakes import CHANNEL, GROUP, OWNER, World, live_through, make
from deckwright.study.keys import PromptKey
from deckwright.study.pool import pool
from deckwright.study.posting import State
from deckwright.study.question import Snapshot
from deckwright.study.ranking import Period
from deckwright_bot.services.answers import Verdict
from deckwright_bot.services.books import BookService
from deckwright_bot.services.corrections import Refusal, Rescoring, Trouble, read_letters, right_letters
from deckwright_bot.services.groups import Further, Switch, Wish
from deckwright_bot.services.snapshots import series_of, snapshot_of
from deckwright_bot.services.typed import read_dates, write_dates
from deckwright_bot.store import answers as answer_store, posts as post_store
from deckwright_bot.store.records import DAILY, Post, Step

DAY = timedelta(days=1)
ADA, BOB, CYD = 1, 2, 3


def run(tmp_path: Path, story: Callable[[World], Awaitable[None]]) -> None:
    live_through(lambda: make(tmp_path), story)


async def newest(world: World) -> Post:
    post = await world.posts.today(GROUP, DAILY)
    assert post is not None
    return post


async def choose(world: World, member: int, letter: str, post: Post) -> Verdict:
    result = await world.answers.choose(post.id, GROUP, member, f"m{member}", letter, world.now)
    return result.verdict


def letters_of(snapshot: Snapshot) -> tuple[str, str, str]:
    """The right letter and two wrong ones."""
    right = snapshot.key
    assert right is not None
    first, second, *_ = (option.letter for option in snapshot.options if not option.right)
    return right, first, second


async def asked(world: World) -> tuple[Post, str, str, str]:
    """A group with a post that Ada answered right, Bob wrong, and Cyd with another wrong option."""
    await world.set_up()
    post = await newest(world)
    right, wrong, other = letters_of(snapshot_of(post))
    for member, letter in ((ADA, right), (BOB, wrong), (CYD, other)):
        await choose(world, member, letter, post)
    return post, right, wrong, other


async def planned(world: World, day: date, letters: str) -> Rescoring:
    found = await world.services.corrections.plan(GROUP, day, letters)
    assert isinstance(found, Rescoring)
    return found


async def applied(world: World, plan: Rescoring) -> Rescoring | Refusal:
    return await world.services.corrections.rescore(
        GROUP, plan.post.id, plan.new, plan.mark, OWNER, world.now
    )


async def board(world: World) -> dict[int, tuple[int, int]]:
    """Everybody's points and right choices."""
    found = await world.standings.board(GROUP, ADA, Period.ALL, world.now)
    return {each.member: (each.tally.points, each.tally.right) for each in found.standings}


async def findings(world: World) -> list[object]:
    """What the nightly check finds wrong (R24)."""
    return list((await BookService(world.database).check("")).findings)


async def noted(world: World) -> list[str]:
    from sqlalchemy import select

    from deckwright_bot.store.tables import audit

    async with world.database.reading() as connection:
        rows = await connection.execute(select(audit.c.what).order_by(audit.c.id))
    return [row.what for row in rows]


def test_r28_a_dry_run_says_who_gains_and_loses_and_changes_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, right, wrong, _ = await asked(world)
        before = await board(world)
        plan = await planned(world, post.date, wrong)

        assert (plan.old, plan.new, plan.answers) == (right, wrong, 3)
        assert plan.changes == [(8, 1), (-8, 1)]
        assert await board(world) == before
        assert (await newest(world)).key is None

    run(tmp_path, story)


def test_r28_a_corrected_key_moves_points_and_right_choices_as_a_rebuild_would(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, _, wrong, _ = await asked(world)
        done = await applied(world, await planned(world, post.date, wrong))

        assert isinstance(done, Rescoring)
        assert done.applied
        assert await board(world) == {ADA: (2, 0), BOB: (10, 1), CYD: (2, 0)}
        assert await findings(world) == []
        assert "rescore" in await noted(world)

    run(tmp_path, story)


def test_r28_several_letters_can_be_right(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, right, wrong, _ = await asked(world)
        await applied(world, await planned(world, post.date, f"{wrong}, {right}"))

        assert await board(world) == {ADA: (10, 1), BOB: (10, 1), CYD: (2, 0)}
        assert right_letters(snapshot_of(await newest(world))) == "".join(sorted(right + wrong))
        assert await findings(world) == []

    run(tmp_path, story)


def test_r28_applying_twice_adds_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, _, wrong, _ = await asked(world)
        plan = await planned(world, post.date, wrong)
        await applied(world, plan)
        once = await board(world)
        again = await asyncio.gather(*(applied(world, plan) for _ in range(5)))

        assert again == [Refusal(Trouble.SAME)] * 5
        assert await board(world) == once

    run(tmp_path, story)


def test_r28_corrections_can_be_corrected_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, right, wrong, other = await asked(world)
        before = await board(world)
        for letters in (wrong, other, wrong, right):
            await applied(world, await planned(world, post.date, letters))

        assert await board(world) == before
        assert await findings(world) == []

    run(tmp_path, story)


def test_r28_what_is_applied_is_exactly_what_was_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, _, wrong, _ = await asked(world)
        plan = await planned(world, post.date, wrong)
        await choose(world, 4, wrong, post)
        moved = await applied(world, plan)

        assert isinstance(moved, Rescoring)
        assert not moved.applied
        assert moved.changes == [(8, 2), (-8, 1)]
        assert (await newest(world)).key is None
        shown = await applied(world, moved)
        assert isinstance(shown, Rescoring)
        assert shown.applied
        assert (await board(world))[4] == (10, 1)

    run(tmp_path, story)


def test_r28_an_answer_after_the_correction_is_graded_by_the_new_key(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, right, wrong, _ = await asked(world)
        await applied(world, await planned(world, post.date, wrong))
        await choose(world, 4, wrong, post)
        await choose(world, 5, right, post)

        found = await board(world)
        assert (found[4], found[5]) == ((10, 1), (2, 0))
        assert await findings(world) == []

    run(tmp_path, story)


def test_r28_a_closed_post_is_revealed_again_and_an_open_one_not(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, _, wrong, other = await asked(world)
        await applied(world, await planned(world, post.date, wrong))
        await world.posts.tick(world.now)
        assert world.messenger.revealed == {}

        await world.live(2 * DAY)
        assert world.messenger.revealed[post.id].right == 1
        world.messenger.revealed.clear()
        await applied(world, await planned(world, post.date, f"{wrong}{other}"))
        await world.posts.tick(world.now)
        assert world.messenger.revealed[post.id].right == 2

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("letters", "trouble"),
    [("Z", Trouble.LETTERS), ("", Trouble.LETTERS), ("the second", Trouble.LETTERS), ("B2", Trouble.LETTERS)],
)
def test_a_key_of_letters_that_were_not_shown_is_refused(
    tmp_path: Path, letters: str, trouble: Trouble
) -> None:
    async def story(world: World) -> None:
        post, *_ = await asked(world)
        found = await world.services.corrections.plan(GROUP, post.date, letters)
        assert found == Refusal(trouble, "ABCD")

    run(tmp_path, story)


def test_forged_corrections_change_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, _, wrong, _ = await asked(world)
        plan = await planned(world, post.date, wrong)
        before = await board(world)
        rescore = world.services.corrections.rescore

        assert await rescore(GROUP + 1, post.id, plan.new, plan.mark, OWNER, world.now) == Refusal(
            Trouble.NO_POST
        )
        assert await rescore(GROUP, 999, plan.new, plan.mark, OWNER, world.now) == Refusal(Trouble.NO_POST)
        forged = await rescore(GROUP, post.id, plan.new, "0" * 12, OWNER, world.now)
        assert isinstance(forged, Rescoring)
        assert not forged.applied
        assert await board(world) == before

    run(tmp_path, story)


def test_r28_a_void_of_an_open_post_closes_it_and_keeps_its_reason(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, right, *_ = await asked(world)
        corrections = world.services.corrections
        assert isinstance(await corrections.void(GROUP, post.date, "two are right", OWNER, world.now), Post)
        late = await choose(world, 4, right, post)
        await world.posts.tick(world.now)
        voided = await newest(world)

        assert late is Verdict.TOO_LATE
        assert (voided.state, voided.void_reason) == (State.VOID, "two are right")
        assert voided.reveal_step is Step.DONE
        assert await board(world) == {}
        assert "void" in await noted(world)
        assert await corrections.void(GROUP, post.date, "again", OWNER, world.now) == Refusal(Trouble.VOID)
        assert await corrections.plan(GROUP, post.date, "A") == Refusal(Trouble.VOID)

    run(tmp_path, story)


def test_r23_a_credit_counts_for_the_streak_and_is_told_with_its_reason(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, *_ = await asked(world)
        await world.live(2 * DAY)
        credit = world.services.corrections.credit
        assert await credit(GROUP, 9, post.date, "I was away", OWNER, world.now) is None

        told = await world.standings.credits(GROUP, 9)
        assert [(each.date, each.reason) for each in told] == [(post.date, "I was away")]
        assert (await world.standings.streak(GROUP, 9)).best == 1
        assert "credit" in await noted(world)
        assert await world.standings.credits(GROUP + 1, 9) == []
        assert await credit(GROUP, 9, post.date, "again", OWNER, world.now) == Refusal(Trouble.CREDITED)

    run(tmp_path, story)


def test_r23_nothing_is_credited_that_was_answered_is_open_or_was_never_asked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, *_ = await asked(world)
        credit = world.services.corrections.credit
        assert await credit(GROUP, 9, post.date, "r", OWNER, world.now) == Refusal(Trouble.OPEN)
        await world.live(2 * DAY)
        assert await credit(GROUP, ADA, post.date, "r", OWNER, world.now) == Refusal(Trouble.ANSWERED)
        for day in (post.date - DAY, post.date + 400 * DAY):
            assert await credit(GROUP, 9, day, "r", OWNER, world.now) == Refusal(Trouble.NO_POST)
        assert await credit(GROUP + 1, 9, post.date, "r", OWNER, world.now) == Refusal(Trouble.NO_POST)

    run(tmp_path, story)


def test_a_date_without_a_question_can_be_neither_void_nor_credited(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asked(world)
        day = world.now.date() + DAY
        async with world.database.writing() as connection:
            await post_store.skip(connection, GROUP, DAILY, [day])
        corrections = world.services.corrections
        nothing = Refusal(Trouble.NO_POST)
        assert await corrections.void(GROUP, day, "r", OWNER, world.now) == nothing
        assert await corrections.credit(GROUP, 9, day, "r", OWNER, world.now) == nothing
        assert await corrections.plan(GROUP, day, "A") == nothing

    run(tmp_path, story)


def test_the_sample_is_the_question_that_comes_last(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        daily = await world.set_up()
        async with world.database.reading() as connection:
            done = [PromptKey(*key) for key in await post_store.asked(connection, GROUP, DAILY)]
        order = pool(world.library.askables, series_of(daily), done).upcoming
        sample = await world.services.overview.sample(daily, world.now)

        assert sample is not None
        assert sample.snapshot.prompt == order[-1]

    run(tmp_path, story)


def test_the_overview_tells_the_last_posts_with_their_answers_and_the_last_heartbeat(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, *_ = await asked(world)
        await world.live(timedelta(days=2, hours=2))
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        found = await world.services.overview.of(daily, world.now)

        assert [(each.date, each.state) for each, _ in found.recent] == [
            (post.date + 2 * DAY, State.SENT),
            (post.date + DAY, State.CLOSED),
            (post.date, State.CLOSED),
        ]
        assert found.recent[-1][1] == 3
        assert found.heartbeat == world.now
        assert found.cards == len(list(world.library.library.cards))

    run(tmp_path, story)


def test_every_mistake_of_a_wish_is_named_at_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        found = world.groups.check(Wish(at="25:99", zone="Atlantis"), world.now)
        assert [each.key for each in found] == ["setup.bad-time", "setup.bad-zone"]
        assert world.groups.check(Wish(at="9", zone="Europe/Rome"), world.now) == []

    run(tmp_path, story)


def test_further_settings_are_written_whole_and_old_dates_go(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        soon, gone = world.now.date() + 3 * DAY, world.now.date() - 9 * DAY
        further = Further(frozenset({0, 4}), frozenset({soon, gone}), frozenset({"theory"}), 5, 6)
        await world.groups.change(GROUP, further, OWNER, world.now)
        daily = await world.groups.daily(GROUP)

        assert daily is not None
        assert (daily.weekdays, daily.skip_dates) == (frozenset({0, 4}), frozenset({soon}))
        assert (daily.decks, daily.ping_role, daily.log_channel) == (frozenset({"theory"}), 5, 6)
        await world.groups.change(
            GROUP, Further(frozenset({1}), frozenset(), None, None, None), OWNER, world.now
        )
        cleared = await world.groups.daily(GROUP)
        assert cleared is not None
        assert (cleared.decks, cleared.ping_role, cleared.log_channel) == (None, None, None)
        assert cleared.channel == CHANNEL

    run(tmp_path, story)


@pytest.mark.parametrize("what", list(Switch))
def test_a_switch_pressed_twice_stays_where_it_was_put(tmp_path: Path, what: Switch) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for on in (True, True, False):
            daily = await world.groups.switch(GROUP, what, OWNER, world.now, on=on)
            assert daily is not None
            assert getattr(daily, what.value) is on

    run(tmp_path, story)


def test_r10_open_questions_are_asked_only_where_the_owner_wants_them(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        daily = await world.set_up()
        choices = await world.posts.left(daily)
        wanted = await world.groups.switch(GROUP, Switch.OPEN_QUESTIONS, OWNER, world.now, on=True)
        assert wanted is not None
        forms = {each.form for each in world.library.askables if each.daily}

        assert series_of(daily).forms == {"choice"}
        assert series_of(wanted).forms == {"choice", "open"}
        assert (await world.posts.left(wanted) > choices) is ("open" in forms)

    run(tmp_path, story)


def test_the_stored_answers_say_what_was_chosen_whatever_the_key(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        post, right, wrong, other = await asked(world)
        await world.answers.dont_know(post.id, GROUP, 4, "m4", world.now)
        await applied(world, await planned(world, post.date, wrong))
        async with world.database.reading() as connection:
            found = await answer_store.of_post(connection, post.id)

        assert {each.member: (each.choice, each.right) for each in found} == {
            ADA: (right, False),
            BOB: (wrong, True),
            CYD: (other, False),
            4: ("dont-know", False),
        }

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("words", "letters"),
    [
        ("B", "B"),
        (" b ", "B"),
        ("D, b", "BD"),
        ("b/d", "BD"),
        ("BD", "BD"),
        ("B B", "B"),
        ("", None),
        ("ä", None),
    ],
)
def test_letters_are_read_as_people_write_them(words: str, letters: str | None) -> None:
    assert read_letters(words) == letters


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("2026-12-24", "2026-12-24"),
        ("2026-12-24..2026-12-26", "2026-12-24..2026-12-26"),
        ("2026-12-26; 2026-12-24\n2026-12-25", "2026-12-24..2026-12-26"),
        ("2026-12-31 .. 2027-01-01, 2027-04-01", "2026-12-31..2027-01-01, 2027-04-01"),
        ("2028-02-28…2028-03-01", "2028-02-28..2028-03-01"),
        ("", ""),
    ],
)
def test_dates_and_ranges_are_read_and_written_back(words: str, written: str) -> None:
    found = read_dates(words)

    assert found.unread == ()
    assert write_dates(found.days) == written


@pytest.mark.parametrize(
    "words", ["24.12.2026", "2026-02-30", "2026-12-26..2026-12-24", "2026-01-01..2029-01-01", "Christmas"]
)
def test_what_is_no_date_is_named_and_the_rest_is_read(words: str) -> None:
    found = read_dates(f"2026-12-24, {words}")

    assert found.unread == (words,)
    assert found.days == {date(2026, 12, 24)}


@given(st.frozensets(st.dates(date(2024, 1, 1), date(2027, 12, 31)), max_size=60))
def test_dates_survive_being_written_and_read(days: frozenset[date]) -> None:
    assert read_dates(write_dates(days)).days == days
