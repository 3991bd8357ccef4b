"""Requests keep to Discord's limit by themselves, and answers to interactions wait for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.server import Server, story as sandbox_story
from deckwright_bot.pacing import AT_ONCE, RATE, Pacer, paced


@dataclass
class Time:
    """A monotonic clock that passes only while somebody sleeps."""

    now: float = 100.0
    late: float = 0.0
    """By how much every sleep is longer than was asked for."""
    turns: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late


def run(story: Callable[[Time], Coroutine[None, None, None]]) -> Time:
    time = Time()
    asyncio.run(story(time))
    return time


def busiest(turns: list[float]) -> int:
    """The most turns within any one second."""
    return max(sum(first <= each < first + 1 for each in turns) for first in turns)


async def many(pacer: Pacer, time: Time, count: int) -> None:
    for _ in range(count):
        await pacer.turn()
        time.turns.append(time.now)


def test_no_second_has_more_than_fifty_requests_and_hardly_less() -> None:
    async def story(time: Time) -> None:
        await many(Pacer(clock=time, sleep=time.sleep), time, 500)

    time = run(story)

    assert busiest(time.turns) <= RATE + AT_ONCE <= 50
    assert 499 / (time.turns[-1] - time.turns[0]) >= 45


def test_sleeping_a_little_too_long_costs_no_turns() -> None:
    async def story(time: Time) -> None:
        time.late = 0.005
        await many(Pacer(clock=time, sleep=time.sleep), time, 500)

    time = run(story)

    assert 499 / (time.turns[-1] - time.turns[0]) >= 45
    assert busiest(time.turns) <= 50


def test_turns_lost_while_the_program_stood_still_are_not_made_up_for() -> None:
    async def story(time: Time) -> None:
        pacer = Pacer(clock=time, sleep=time.sleep)
        await many(pacer, time, 30)
        time.now += 0.4
        await many(pacer, time, 100)

    assert busiest(run(story).turns) <= 50


def test_after_a_quiet_hour_not_all_go_at_once() -> None:
    async def story(time: Time) -> None:
        pacer = Pacer(clock=time, sleep=time.sleep)
        time.now += 3600
        await many(pacer, time, 100)

    assert busiest(run(story).turns) <= 50


def test_turns_come_in_the_order_of_asking() -> None:
    order: list[int] = []

    async def story(time: Time) -> None:
        pacer = Pacer(clock=time, sleep=time.sleep)

        async def ask(number: int) -> None:
            await pacer.turn()
            order.append(number)

        await asyncio.gather(*(ask(number) for number in range(20)))

    run(story)

    assert order == list(range(20))


@asynccontextmanager
async def listening() -> AsyncIterator[str]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    finally:
        await runner.cleanup()


def test_answers_to_interactions_wait_for_nobody() -> None:
    class Counting(Pacer):
        waited = 0

        async def turn(self) -> None:
            self.waited += 1

    async def story() -> int:
        pacer = Counting()
        async with listening() as base, aiohttp.ClientSession(trace_configs=[paced(pacer)]) as session:
            for path in ("/interactions/1/token/callback", "/webhooks/1/token/messages/@original"):
                await session.post(base + path)
            assert pacer.waited == 0
            await session.post(base + "/channels/1/messages")
            await session.patch(base + "/channels/1/messages/2")
        return pacer.waited

    assert asyncio.run(story()) == 2


def test_more_than_a_second_s_requests_at_once_break_no_limit(tmp_path: Path) -> None:
    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            server.owner.invite_bot()
            places = [server.owner.create_channel(f"place-{number}") for number in range(60)]
            channels = [bot.get_partial_messageable(place.id) for place in places]
            await asyncio.gather(*(channel.send("Hello") for channel in channels))
            assert all(len(server.owner.sees(place)) == 1 for place in places)
            assert server.sandbox.core.rate_limits.hits == []

    sandbox_story(tmp_path, tell)


def test_nothing_of_a_private_answer_stays_in_memory(tmp_path: Path) -> None:
    """discord.py would keep its view, with a task, for a quarter of an hour."""

    async def tell(server: Server) -> None:
        async with server.bot() as bot:
            post = await server.set_up()
            for member in (server.ada, server.bob):
                answer = await member.click(post, "A")
                assert answer.message.components, "there is something that could be kept"
            waiting = [task for task in asyncio.all_tasks() if "View" in repr(task.get_coro())]
            assert waiting == []
            assert list(bot.persistent_views) == []

    sandbox_story(tmp_path, tell)
