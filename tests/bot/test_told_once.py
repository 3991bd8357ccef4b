"""What is told in two steps: told, and noted. Neither is lost nor overwritten by what happens between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.fakes import CHANNEL, GROUP, FakeMessenger, World, fresh, little_library, live_through
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.services.steps import COUNT_EVERY

ADA = 5


def run(folder: Path, story: Callable[[World], Awaitable[None]]) -> None:
    live_through(lambda: fresh(folder, little_library(20), FakeMessenger()), story, set_up=True)


async def refused(world: World) -> None:
    """Days on which Discord refuses to post, until the group is paused."""

    async def refuses(*_args: object) -> int:
        raise Refused("403", ["Send Messages"])

    world.messenger.send_post = refuses  # type: ignore[method-assign, assignment]
    await world.live(timedelta(days=1, hours=3), step=timedelta(minutes=10))


def test_r9_the_owner_hears_of_a_pause_although_the_bot_was_killed_at_that_moment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        tell, silent = world.messenger.tell_paused, []

        async def dies(*args: object) -> None:
            silent.append(args)
            raise asyncio.CancelledError

        world.messenger.tell_paused = dies  # type: ignore[method-assign, assignment]
        await refused(world)
        assert silent
        world.messenger.tell_paused = tell  # type: ignore[method-assign]
        again = fresh(tmp_path, world.library, world.messenger, world.now)
        await again.live(timedelta(hours=2))
        assert len(world.messenger.told) == 1
        await again.database.close()

    run(tmp_path, story)


def test_r9_an_owner_who_cannot_be_told_is_not_tried_for_ever(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        tried = []

        async def closed(*args: object) -> None:
            tried.append(args)
            raise Refused("403")

        world.messenger.tell_paused = closed  # type: ignore[method-assign, assignment]
        await refused(world)
        await world.live(timedelta(hours=5))
        assert len(tried) == 1

    run(tmp_path, story)


def test_r9_what_discord_cannot_deliver_now_is_told_later_and_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        tell, tried = world.messenger.tell_paused, []

        async def down(*args: object) -> None:
            tried.append(args)
            raise Unavailable("500")

        world.messenger.tell_paused = down  # type: ignore[method-assign, assignment]
        await refused(world)
        assert len(tried) > 1
        world.messenger.tell_paused = tell  # type: ignore[method-assign]
        await world.live(timedelta(hours=5))
        assert len(world.messenger.told) == 1

    run(tmp_path, story)


def test_r15_a_live_count_that_was_found_due_before_the_close_does_not_overwrite_the_reveal(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        post = await world.posts.today(GROUP, "daily")
        assert post is not None
        assert post.channel == CHANNEL
        assert post.closes is not None
        await world.posts.tick(world.now + COUNT_EVERY)
        world.now = post.closes - timedelta(seconds=1)
        result = await world.answers.choose(post.id, GROUP, ADA, "Ada", "A", world.now)
        assert result.answer is not None
        # The close and the count are due in one and the same tick.
        world.now = post.closes + timedelta(seconds=1)
        await world.posts.tick(world.now)

        assert post.id in world.messenger.revealed
        assert post.id not in world.messenger.counts

    run(tmp_path, story)


def test_r6_what_an_owner_posts_now_is_not_sent_again_by_a_tick_meanwhile(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        send, sending, go_on = world.messenger.send_post, [], asyncio.Event()

        async def slow(*args: Any) -> int:
            sending.append(args)
            await go_on.wait()
            return await send(*args)

        world.messenger.send_post = slow  # type: ignore[method-assign, assignment]
        world.now += timedelta(days=1)
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        posting = asyncio.create_task(world.posts.post_now(daily, world.now))
        async with asyncio.timeout(10):
            while not sending:  # noqa: ASYNC110  a fake has no event for it
                await asyncio.sleep(0.01)
        # Also when the nonce of what is on its way holds no longer.
        for span in (timedelta(seconds=30), timedelta(minutes=5)):
            await world.posts.tick(world.now + span)
        assert len(sending) == 1
        go_on.set()
        made = await posting
        assert made.post is not None
        assert made.post.message is not None

    run(tmp_path, story)


async def until_few_are_left(world: World) -> None:
    """20 cards, a post a day: at the fourteenth post seven are left."""
    await world.live(timedelta(days=12, hours=3), step=timedelta(hours=2))
    assert world.messenger.running_out == []


def test_r10_the_owner_is_warned_once_that_cards_run_out_and_once_more_in_the_next_round(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        await until_few_are_left(world)
        await world.live(timedelta(days=6))
        assert world.messenger.running_out == [7]
        await world.live(timedelta(days=20))
        assert world.messenger.running_out == [7, 7]

    run(tmp_path, story)


def test_r10_a_warning_that_cannot_be_delivered_now_comes_with_the_next_post_and_spoils_none(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        await until_few_are_left(world)
        tell = world.messenger.tell_running_out

        async def down(*_args: object) -> None:
            raise Unavailable("500")

        world.messenger.tell_running_out = down  # type: ignore[method-assign, assignment]
        world.now += timedelta(hours=13)
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        made = await world.posts.post_now(daily, world.now)
        assert made.post is not None
        world.messenger.tell_running_out = tell  # type: ignore[method-assign]
        await world.live(timedelta(days=3))
        assert world.messenger.running_out == [6]

    run(tmp_path, story)
