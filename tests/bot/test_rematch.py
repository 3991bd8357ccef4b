"""The Friday rematch over a real database: what was missed most comes back once a week."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from bot.fakes import GROUP, OWNER, FakeMessenger, World, all_posts, fresh, little_library, live_through
from deckwright_bot.services.groups import Switch
from deckwright_bot.services.ports import Rematch
from deckwright_bot.services.snapshots import snapshot_of
from deckwright_bot.store.records import Post

FRIDAY = 4
MEMBERS = (1, 2, 3)


def run(folder: Path, story: Callable[[World], Awaitable[None]]) -> None:
    live_through(lambda: fresh(folder, little_library(60), FakeMessenger()), story, set_up=True)


async def days(world: World, count: int, *, wrong_on: int | None = None) -> Post:
    """Let days pass; everybody answers right, but on the ``wrong_on``-th day two of three miss: that day's post."""
    missed = (await all_posts(world))[-1]
    for number in range(count):
        post = (await all_posts(world))[-1]
        missed = post if number == wrong_on else missed
        snapshot = snapshot_of(post)
        for member in MEMBERS:
            right = number != wrong_on or member == MEMBERS[0]
            letter = next(option.letter for option in snapshot.options if option.right == right)
            await world.answers.choose(post.id, GROUP, member, "m", letter, world.now)
        await world.live(timedelta(days=1), step=timedelta(hours=1))
    return missed


def test_the_question_missed_most_returns_on_a_friday_and_its_close_tells_then_and_now(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        missed = await days(world, 36, wrong_on=2)
        posts = await all_posts(world)
        again = [post for post in posts if post.rematch_of is not None]
        assert [(post.card, post.date.weekday()) for post in again] == [(missed.card, FRIDAY)]
        gap = again[0].date - missed.date
        assert timedelta(days=14) <= gap <= timedelta(days=28)
        assert world.messenger.rematches[again[0].id] == Rematch(missed.date, 33)
        assert world.messenger.rematches[missed.id] is None

    run(tmp_path, story)


def test_without_misses_or_with_the_switch_off_nothing_returns(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.groups.switch(GROUP, Switch.REMATCH, OWNER, world.now, on=False)
        await days(world, 30, wrong_on=2)
        assert all(post.rematch_of is None for post in await all_posts(world))

    run(tmp_path, story)


def test_r10_a_rematch_does_not_use_the_pool_up(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await days(world, 36, wrong_on=2)
        posts = [post for post in await all_posts(world) if post.card is not None]
        daily = await world.groups.daily(GROUP)
        assert daily is not None
        first_time = [post.card for post in posts if post.rematch_of is None]
        assert len(first_time) == len(set(first_time)) == len(posts) - 1
        assert await world.posts.left(daily) == 60 - len(first_time)

    run(tmp_path, story)
