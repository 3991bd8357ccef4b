"""The group's days, on the real database, with a chat that remembers: what the services promise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.fakes import (
    GROUP,
    OWNER,
    START,
    FakeMessenger,
    World,
    all_posts,
    fresh,
    little_library,
    live_through,
    make,
)
from deckwright.study.grading import SelfGrade
from deckwright.study.posting import State
from deckwright.study.ranking import Period
from deckwright_bot.services.answers import Verdict
from deckwright_bot.services.groups import Further, Wish
from deckwright_bot.services.library import load
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.services.posts import Pace
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store.records import DAILY, Group, Post

DAY = timedelta(days=1)


def run(tmp_path: Path, story: Callable[[World], Awaitable[None]]) -> None:
    live_through(lambda: make(tmp_path), story)


async def answer(world: World, member: int, *, right: bool, post: Post | None = None) -> Verdict:
    post = post or await world.posts.today(GROUP, DAILY)
    assert post is not None
    options = snapshot_of(post).options
    letter = next(option.letter for option in options if option.right is right)
    result = await world.answers.choose(post.id, GROUP, member, f"m{member}", letter, world.now)
    return result.verdict


def test_r12_the_first_post_goes_out_at_set_up_and_the_next_by_schedule(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        assert len(world.messenger.sent) == 1
        await world.live(3 * DAY)
        posts = [post for post in await all_posts(world) if post.message is not None]
        assert [post.date.isoformat() for post in posts] == ["2026-03-02", "2026-03-03", "2026-03-04"]
        assert len(world.messenger.sent) == 3

    run(tmp_path, story)


def test_r13_the_first_answer_stands_and_a_second_click_shows_it_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        assert await answer(world, 1, right=True) is Verdict.NEW
        assert await answer(world, 1, right=False) is Verdict.AGAIN
        board = await world.standings.board(GROUP, 1, Period.ALL, world.now)
        assert [(s.member, s.tally.points, s.tally.right, s.tally.answers) for s in board.standings] == [
            (1, 10, 1, 1)
        ]

    run(tmp_path, story)


def test_r13_two_clicks_at_once_count_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        verdicts = await asyncio.gather(*(answer(world, 1, right=True) for _ in range(20)))
        assert sorted(verdicts) == [Verdict.AGAIN] * 19 + [Verdict.NEW]

    run(tmp_path, story)


def test_a_click_before_the_close_counts_even_if_it_is_heard_late(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        post = (await all_posts(world))[0]
        assert post.closes is not None
        letter = snapshot_of(post).options[0].letter
        late = await world.answers.choose(post.id, GROUP, 1, "m", letter, post.closes)
        assert late.verdict is Verdict.TOO_LATE
        in_time = await world.answers.choose(
            post.id, GROUP, 1, "m", letter, post.closes - timedelta(seconds=1)
        )
        assert in_time.verdict is Verdict.NEW

    run(tmp_path, story)


def test_r14_forged_letters_posts_and_groups_change_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        post = (await all_posts(world))[0]
        for number, group, letter in ((post.id, GROUP, "Z"), (post.id, GROUP + 1, "A"), (999, GROUP, "A")):
            result = await world.answers.choose(number, group, 1, "m", letter, world.now)
            assert result.verdict is Verdict.UNKNOWN
        assert await world.members.counts(1) == {}

    run(tmp_path, story)


def test_r15_the_close_reveals_and_the_next_post_tells_of_yesterday(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await answer(world, 1, right=True)
        await answer(world, 2, right=False)
        await world.live(3 * DAY)
        posts = await all_posts(world)
        tally = world.messenger.revealed[posts[0].id]
        assert (tally.answers, tally.right) == (2, 1)
        lines = [yesterday for _, yesterday in world.messenger.sent.values()]
        assert lines[0] is None
        assert any(line is not None and (line.answers, line.right) == (2, 1) for line in lines)

    run(tmp_path, story)


def test_r18_a_streak_counts_posts_and_an_outage_costs_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await world.live(timedelta(hours=2))
        for _ in range(3):
            await answer(world, 1, right=True)
            await world.live(DAY)
        before = await world.standings.streak(GROUP, 1)
        # Two days of silence: nothing ticks, nobody can answer.
        world.now += 2 * DAY
        await world.live(2 * DAY)
        after = await world.standings.streak(GROUP, 1)
        assert before.current == 3
        assert after.current >= 3

    run(tmp_path, story)


def test_r6_a_lost_answer_is_sent_again_with_the_nonce_and_never_doubles(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.lose_answer = True
        with pytest.raises(Unavailable):
            await world.set_up()
        assert (await all_posts(world))[0].state is State.CLAIMED
        await world.live(timedelta(minutes=10))
        assert len(world.messenger.sent) == 1
        assert (await all_posts(world))[0].state is State.SENT

    run(tmp_path, story)


def test_r7_an_old_claim_is_looked_for_and_only_then_sent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.lose_answer = True
        world.messenger.nonces_hold = False
        with pytest.raises(Unavailable):
            await world.set_up()
        world.now += timedelta(minutes=30)
        await world.live(timedelta(minutes=10))
        assert len(world.messenger.sent) == 1
        assert (await all_posts(world))[0].message == next(iter(world.messenger.sent))

    run(tmp_path, story)


def test_r7_a_click_proves_that_a_post_stands_where_nobody_may_look(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.lose_answer = True
        world.messenger.nonces_hold = False
        world.messenger.may_search = False
        with pytest.raises(Unavailable):
            await world.set_up()
        post = (await all_posts(world))[0]
        message = next(iter(world.messenger.sent))
        for kept in (post.group + 1, post.group):
            await world.answers.stands(post.id, kept, message, world.now)
            state = (await all_posts(world))[0].state
            assert state is (State.SENT if kept == post.group else State.CLAIMED), (
                "another group proves nothing"
            )
        await world.live(timedelta(hours=8))
        assert len(world.messenger.sent) == 1
        assert (await all_posts(world))[0].message == message

    run(tmp_path, story)


def test_r7_an_answer_proves_that_a_post_stands(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.lose_answer = True
        with pytest.raises(Unavailable):
            await world.set_up()
        post = (await all_posts(world))[0]
        message = next(iter(world.messenger.sent))
        result = await world.answers.dont_know(post.id, post.group, 1, "Ada", world.now, message=message)
        assert result.verdict is Verdict.NEW
        assert (await all_posts(world))[0].state is State.SENT
        assert (await all_posts(world))[0].message == message

    run(tmp_path, story)


def test_r7_without_the_permission_to_look_nothing_is_sent_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.lose_answer = True
        world.messenger.nonces_hold = False
        world.messenger.may_search = False
        with pytest.raises(Unavailable):
            await world.set_up()
        world.now += timedelta(minutes=30)
        await world.live(timedelta(hours=8))
        assert len([post for post, _ in world.messenger.sent.values() if post.date == START.date()]) == 1

    run(tmp_path, story)


def test_r9_three_refusals_pause_the_group_and_its_owner_is_told_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.fail = [Refused("403", ["Send Messages"])] * 9
        with pytest.raises(Refused):
            await world.set_up()
        await world.live(timedelta(hours=9))
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        assert daily.paused == "failures"
        assert world.messenger.told == [("Send Messages",)]
        # Setting it up anew ends the pause.
        world.messenger.fail = []
        await world.groups.set_up(GROUP, Wish(channel=1), OWNER, world.now)
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        assert daily.paused is None

    run(tmp_path, story)


def test_r9_what_heals_by_itself_never_pauses(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.fail = [Unavailable("500")] * 6
        with pytest.raises(Unavailable):
            await world.set_up()
        await world.live(timedelta(hours=5))
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        assert daily.paused is None
        assert len(world.messenger.sent) == 1

    run(tmp_path, story)


def test_two_bots_on_one_database_by_mistake_post_once(tmp_path: Path) -> None:
    async def whole() -> None:
        one = make(tmp_path)
        two = make(tmp_path, messenger=one.messenger)
        await one.set_up()
        for _ in range(200):
            one.now = two.now = one.now + timedelta(minutes=17)
            await asyncio.gather(one.posts.tick(one.now), two.posts.tick(two.now))
        dates = [post.date for post, _ in one.messenger.sent.values()]
        await one.database.close()
        await two.database.close()

        assert len(dates) == len(set(dates))
        assert len(dates) >= 2

    asyncio.run(whole())


def test_r17_an_open_answer_earns_points_once_self_graded(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up(opens=True)
        post = (await all_posts(world))[0]

        async def points() -> list[int]:
            board = await world.standings.board(GROUP, 1, Period.ALL, world.now)
            return [line.tally.points for line in board.standings]

        early = await world.answers.grade(post.id, GROUP, 1, SelfGrade.GOT)
        assert early.verdict is Verdict.UNKNOWN
        await world.answers.write(post.id, GROUP, 1, "m1", "some words", world.now)
        assert await points() == [0]
        graded = [
            await world.answers.grade(post.id, GROUP, 1, each) for each in (SelfGrade.PARTLY, SelfGrade.GOT)
        ]
        assert [each.verdict for each in graded] == [Verdict.NEW, Verdict.AGAIN]
        assert await points() == [7]

    live_through(lambda: fresh(tmp_path, little_library(0, 9), FakeMessenger()), story)


def test_r31_deleting_leaves_nothing_of_a_member(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await answer(world, 1, right=True)
        await answer(world, 2, right=True)
        await world.members.remind(GROUP, 1, world.now, wanted=True)
        assert await world.members.counts(1)
        await world.members.forget(1, world.now)
        assert await world.members.counts(1) == {}
        assert await world.members.counts(2)

    run(tmp_path, story)


def test_r32_one_reminder_three_hours_before_the_close_to_those_who_have_not_answered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        for member in (1, 2):
            await world.members.remind(GROUP, member, world.now, wanted=True)
        await answer(world, 1, right=True)
        post = (await all_posts(world))[0]
        assert post.closes is not None
        await world.live(post.closes - world.now - timedelta(minutes=1))
        assert world.messenger.reminded == [2]

    run(tmp_path, story)


def test_r28_a_void_post_takes_its_points_back_and_keeps_streaks(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        await answer(world, 1, right=True)
        post = (await all_posts(world))[0]
        assert isinstance(
            await world.services.corrections.void(GROUP, post.date, "wrong key", OWNER, world.now), Post
        )
        board = await world.standings.board(GROUP, 1, Period.ALL, world.now)
        assert board.standings == ()
        assert (await world.standings.streak(GROUP, 1)).current == 1

    run(tmp_path, story)


def test_a_restart_in_the_middle_of_a_week_changes_nothing(tmp_path: Path) -> None:
    async def whole() -> list[str]:
        messenger = FakeMessenger()
        now: datetime = START
        for number in range(5):
            world = make(tmp_path, messenger=messenger)
            world.now = now
            if number == 0:
                await world.set_up()
            await world.live(timedelta(hours=31))
            now = world.now
            await world.database.close()
        return [post.date.isoformat() for post, _ in messenger.sent.values()]

    dates = asyncio.run(whole())

    assert dates == sorted(set(dates))
    assert len(dates) == 7


def test_r8_a_post_that_nobody_saw_yet_is_open_for_a_whole_window_when_it_goes_out(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.fail = [Unavailable("500")] * 40
        with pytest.raises(Unavailable):
            await world.set_up()
        await world.live(timedelta(hours=4))
        world.messenger.fail = []
        await world.live(timedelta(minutes=40))
        post = (await all_posts(world))[0]
        assert post.state is State.SENT
        assert post.closes is not None
        assert post.sent is not None
        assert post.closes - post.sent >= timedelta(hours=20)
        shown, _ = next(iter(world.messenger.sent.values()))
        assert shown.closes == post.closes

    run(tmp_path, story)


def test_a_card_too_long_for_a_message_is_known_but_never_asked(tmp_path: Path) -> None:
    library = tmp_path / "library"
    (library / "deck").mkdir(parents=True)
    (library / "library.yaml").write_text("title: L\nnamespace: test\ndecks: [deck]\n")
    (library / "deck" / "deck.yaml").write_text("title: Deck\n")
    wrong = "".join(f"      - {{text: no {n}, why: no}}\n" for n in range(3))
    cards = "".join(
        f"  - id: {name}\n    front: {front}\n    back: b\n    right: yes it is\n    wrong:\n{wrong}"
        for name, front in (("short", "Is it?"), ("endless", "Is it? " * 900))
    )
    (library / "deck" / "topic.yaml").write_text(f"topic: topic\ntitle: Topic\ncards:\n{cards}")

    found = load(library)

    assert found.card("endless") is not None
    assert {each.key.card for each in found.askables} == {"short"}


def test_r13_a_click_of_the_last_second_counts_though_it_is_heard_after_the_close(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        post = (await all_posts(world))[0]
        assert post.closes is not None
        letter = snapshot_of(post).options[0].letter
        world.now = post.closes + timedelta(seconds=1)
        await world.posts.tick(world.now)
        assert (await all_posts(world))[0].state is State.CLOSED
        assert world.messenger.revealed[post.id].answers == 0
        in_time = post.closes - timedelta(seconds=1)
        heard = await world.answers.choose(post.id, GROUP, 1, "m", letter, in_time)
        too_late = await world.answers.choose(post.id, GROUP, 2, "n", letter, post.closes)
        assert (heard.verdict, too_late.verdict) == (Verdict.NEW, Verdict.TOO_LATE)
        await world.posts.tick(world.now + timedelta(seconds=30))
        assert world.messenger.revealed[post.id].answers == 1

    run(tmp_path, story)


def test_r12_settings_that_no_card_fits_cost_no_date(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.groups.join(Group(GROUP, "Group", OWNER, "en", world.now, None, None))
        wish = Wish(channel=1, at="09:00", zone="Europe/Berlin")
        daily, _ = await world.groups.set_up(GROUP, wish, OWNER, world.now)
        assert daily is not None
        further = Further(daily.weekdays, daily.skip_dates, None, None, None)
        none = replace(further, decks=frozenset({"no-such-deck"}))
        nothing = await world.groups.change(GROUP, none, OWNER, world.now)
        assert nothing is not None
        assert (await world.posts.post_now(nothing, world.now)).empty
        assert await world.groups.change(GROUP, further, OWNER, world.now) == daily
        assert (await world.posts.post_now(daily, world.now)).post is not None

    run(tmp_path, story)


def test_a_time_changed_while_a_tick_is_at_work_counts(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        begin = world.now.replace(hour=8, minute=0)
        await world.groups.join(Group(GROUP, "Group", OWNER, "en", begin, None, None))
        await world.groups.set_up(GROUP, Wish(channel=1, at="20:00", zone="UTC"), OWNER, begin)
        await world.posts.tick(begin)
        await world.groups.resume(GROUP, OWNER, begin)
        looked = await world.posts._due(begin)
        await world.groups.set_up(GROUP, Wish(at="09:00"), OWNER, begin)
        await world.posts._serve(looked[GROUP], GROUP, begin)
        await world.posts.tick(begin + timedelta(hours=1))
        assert [post.date for post in await all_posts(world)] == [begin.date()]

    run(tmp_path, story)


def test_r30_a_post_on_its_way_waits_for_a_group_that_removed_the_bot_to_return(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.messenger.fail = [Unavailable("lost")]
        with pytest.raises(Unavailable):
            await world.set_up()
        (post,) = await all_posts(world)
        await world.groups.leave(GROUP, world.now)
        for _ in range(5):
            world.now += timedelta(minutes=5)
            await world.posts.tick(world.now)
        assert world.messenger.sent == {}
        await world.groups.join(Group(GROUP, "Group", OWNER, "en", world.now, None, None))
        await world.posts.tick(world.now + timedelta(minutes=5))
        assert [(each.id, each.state) for each in await all_posts(world)] == [(post.id, State.SENT)]

    run(tmp_path, story)


def test_a_button_of_a_post_that_was_lost_with_a_restored_backup_answers_no_other_post(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        await world.set_up()
        post = (await all_posts(world))[0]
        assert post.message is not None
        replies = (
            await world.answers.choose(post.id, GROUP, 1, "m", "A", world.now, message=post.message - 1),
            await world.answers.dont_know(post.id, GROUP, 1, "m", world.now, message=post.message - 1),
        )
        assert {each.verdict for each in replies} == {Verdict.UNKNOWN}
        own = await world.answers.choose(post.id, GROUP, 1, "m", "A", world.now, message=post.message)
        assert own.verdict is Verdict.NEW

    run(tmp_path, story)


def test_r9_a_group_whose_post_hangs_holds_up_no_other(tmp_path: Path) -> None:
    other = GROUP + 1

    async def whole() -> None:
        messenger = FakeMessenger()
        world = fresh(tmp_path, little_library(20), messenger, pace=Pace(patience=0.05))
        await world.set_up()
        await world.groups.join(Group(other, "Other", OWNER, "en", world.now, None, None))
        wish = Wish(channel=2, at="09:00", zone="Europe/Berlin")
        await world.groups.set_up(other, wish, OWNER, world.now)
        send, go_on = messenger.send_post, asyncio.Event()

        async def slow(post: Post, *args: Any) -> int:
            if post.group == GROUP:
                await go_on.wait()
            return await send(post, *args)

        def posts_of(group: int) -> int:
            return sum(post.group == group for post, _ in messenger.sent.values())

        messenger.send_post = slow  # type: ignore[method-assign, assignment]
        async with asyncio.timeout(20):
            for day in (1, 2):
                world.now = START + day * DAY + timedelta(hours=2)
                await world.posts.tick(world.now)
                while posts_of(other) < day:  # noqa: ASYNC110  a fake has no event for it
                    await asyncio.sleep(0.01)
        assert posts_of(GROUP) == 1
        go_on.set()
        await world.posts.finish()
        assert posts_of(GROUP) == 2
        await world.database.close()

    asyncio.run(whole())


def test_r12_a_group_that_cannot_be_greeted_holds_up_no_other(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        greeted, last = [], asyncio.Event()

        async def greet(group: Group) -> None:
            if group.id == 1:
                raise KeyError("a fault of ours")
            if group.id == 2:
                await asyncio.Event().wait()
            greeted.append(group.id)
            last.set()

        world.messenger.greet = greet  # type: ignore[method-assign]
        for number in (1, 2, 3):
            await world.groups.join(Group(number, "Group", OWNER, "en", world.now, None, None))
        greeting = asyncio.create_task(world.services.greetings.tick(world.now))
        async with asyncio.timeout(10):
            await last.wait()
        assert greeted == [3]
        greeting.cancel()
        await asyncio.wait({greeting})

    run(tmp_path, story)
