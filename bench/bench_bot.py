"""How the bot holds up: answers a second beside a bare discord.py bot, boards, ticks, posting, memory.

``python bench/bench_bot.py [PART …] [--runs 3] [--seconds 20]`` runs the parts named, or all of them:

- *load*: 50 clicks a second on a sandbox, by turns for a bot that only acknowledges and for ours;
- *growth*: the same for ours alone, in a database of no answers and in one of a million;
- *burst*: 500 members answer one question within a minute;
- *boards*: week, month and all time in a group with a million answers;
- *tick*: a tick over 10,000 groups when nothing is due;
- *posting*: 500 groups due in the same minute, judged by the sandbox's 50 requests a second;
- *month*: a simulated month of answers and quizzes, and what stays in memory; it begins without any cache.

Sandbox and driver are this process, each bot is one of its own; everything is on 127.0.0.1. Nothing is
asserted: the figures are for people.
"""

# ruff: noqa: INP001  a script that prints and runs processes

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rows import fill

from deckwright.study.ranking import Period
from deckwright_bot.client import REST_SECONDS
from deckwright_bot.sandbox import Options, Owner, Sandbox
from deckwright_bot.sandbox.driver import Member
from deckwright_bot.sandbox.events import MessageCreated
from deckwright_bot.sandbox.interaction import Interaction, InteractionAnswered, InteractionType
from deckwright_bot.sandbox.model import Message
from deckwright_bot.sandbox.outcome import DriverError
from deckwright_bot.services.care import Stage, night_of
from deckwright_bot.services.library import load
from deckwright_bot.services.standings import StandingsService
from deckwright_bot.store import groups as group_store, nights
from deckwright_bot.store.database import Database
from deckwright_bot.store.migrate import migrate
from deckwright_bot.store.nights import Night
from deckwright_bot.store.records import DAILY, Daily, Group
from deckwright_bot.wiring import Chat, services_over

ROOT = Path(__file__).resolve().parent.parent
BOTS = Path(__file__).with_name("bots.py")
CARDS = ROOT / "cards"
RATE = 50
"""Clicks a second."""
GUILDS = 20
HISTORY = 365
"""Posts that each group has behind it in a database that was used."""
WARM_UP = 100
"""Clicks before the measuring begins."""


class Used(NamedTuple):
    """CPU seconds so far, and resident MB now and at the peak."""

    cpu: float
    resident: float
    peak: float


class Load(NamedTuple):
    """Milliseconds until the acknowledgement, CPU milliseconds an answer, and clicks that none came for."""

    p50: float
    p99: float
    cpu: float
    lost: int


# --- a bot as a process ---------------------------------------------------------------------------


class Bot:
    """A running bot that can be asked what it used."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def used(self) -> Used:
        """What it used so far."""
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the process has pipes")
        self._process.stdin.write(b"\n")
        found = json.loads(await self._process.stdout.readline())
        return Used(found["cpu"], found["resident"], found["peak"])


@asynccontextmanager
async def bot(kind: str, sandbox: Sandbox, database: Path, clock: str = "") -> AsyncIterator[Bot]:
    """Run one of the two bots until the end of the block."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT / "bot"))),
        "DISCORD_TOKEN": sandbox.token,
        "DECKWRIGHT_API_BASE": sandbox.api_base,
        "DECKWRIGHT_DATABASE": str(database),
        "DECKWRIGHT_LIBRARY": str(CARDS),
        "DECKWRIGHT_CLOCK": clock,
        "DECKWRIGHT_CACHE": str(database.with_name(f"{database.stem}-cache")),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOTS),
        kind,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        await sandbox.ready(60)
        yield Bot(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


# --- groups in the sandbox ------------------------------------------------------------------------


@dataclass
class Place:
    """A guild with its members."""

    owner: Owner
    members: list[Member]

    @property
    def question(self) -> Message:
        """The newest post that can be answered."""
        return next(one for one in reversed(self.owner.sees()) if letters(one) and one.visible_to is None)


def found(sandbox: Sandbox, guilds: int, members: int) -> list[Place]:
    """Guilds with the bot in them."""
    places = []
    for number in range(guilds):
        owner = sandbox.owner(f"Owner {number}", f"Group {number}")
        owner.invite_bot()
        places.append(Place(owner, [owner.add_member(f"Member {number}-{n}") for n in range(members)]))
    return places


async def set_up(database: Path, places: Sequence[Place], now: datetime) -> None:
    """Groups as their owners would have set them up, all due at the minute of ``now``."""
    migrate(database, now)
    opened = Database(database)
    async with opened.writing() as connection:
        for place in places:
            guild = place.owner.guild
            await group_store.join(connection, Group(guild.id, guild.name, 1, "en", now, now, None))
            await group_store.greeted(connection, guild.id, now)
            await group_store.save(connection, daily(guild.id, place.owner.home.id, now))
    await opened.close()


def daily(group: int, channel: int, now: datetime) -> Daily:
    """A series due at that minute of UTC."""
    return Daily(
        group=group,
        series=DAILY,
        channel=channel,
        at=now.time().replace(second=0, microsecond=0),
        zone="UTC",
        weekdays=frozenset(range(7)),
        skip_dates=frozenset(),
        level="medium",
        decks=None,
        ping_role=None,
        thread=False,
        pin=False,
        log_channel=None,
        open_questions=False,
        rematch=True,
        seed=group % 1000,
        started=now.date(),
        paused=None,
        failures=0,
        told=None,
        warned_left=None,
    )


def letters(message: Message) -> list[str]:
    """The custom ids of the options of a post."""
    ids = [str(one.get("custom_id")) for row in message.components for one in row.get("components", [])]
    return [each for each in ids if each.startswith("dw:pick:")]


async def posted(sandbox: Sandbox, places: Sequence[Place]) -> None:
    """Wait until every group has its question."""
    await sandbox.until(lambda: all(any(letters(m) for m in place.owner.sees()) for place in places), 120)


def press(member: Member, message: Message, custom_id: str) -> Interaction:
    """A click, without waiting for what comes of it."""
    data = {"custom_id": custom_id, "component_type": 2, "id": 1}
    channel = member.core.world.channels[message.channel_id]
    return member.core.interactions.send(InteractionType.COMPONENT, member.user, channel, data, message)


# --- clicks ---------------------------------------------------------------------------------------


async def click_away(
    sandbox: Sandbox, clicks: Sequence[tuple[Member, Message, str]], rate: float
) -> list[float | None]:
    """Click at a steady rate, whatever comes back; milliseconds until each acknowledgement."""
    answered: dict[int, float] = {}

    def hear(event: object) -> None:
        if isinstance(event, InteractionAnswered):
            answered[event.interaction.id] = time.perf_counter()

    unsubscribe = sandbox.core.hub.subscribe(hear)
    sent: list[tuple[Interaction, float]] = []
    began = time.perf_counter()
    for number, (member, message, custom_id) in enumerate(clicks):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        at = time.perf_counter()
        sent.append((press(member, message, custom_id), at))
    last = sent[-1][0]
    await last.until(lambda: all(each.acknowledged for each, _ in sent[-200:]), 5.0)
    await asyncio.sleep(0.5)
    unsubscribe()
    return [1000 * (answered[each.id] - at) if each.id in answered else None for each, at in sent]


async def loaded(sandbox: Sandbox, running: Bot, clicks: Sequence[tuple[Member, Message, str]]) -> Load:
    """Warm up, then measure."""
    await click_away(sandbox, clicks[:WARM_UP], RATE)
    before = await running.used()
    waits = await click_away(sandbox, clicks[WARM_UP:], RATE)
    after = await running.used()
    came = sorted(each for each in waits if each is not None)
    return Load(
        percentile(came, 50),
        percentile(came, 99),
        1000 * (after.cpu - before.cpu) / len(waits),
        len(waits) - len(came),
    )


def percentile(values: Sequence[float], share: int) -> float:
    """The value that so many percent stay under; of sorted values."""
    return values[min(len(values) - 1, len(values) * share // 100)] if values else float("nan")


def clicks_of(places: Sequence[Place], first: int, count: int) -> list[tuple[Member, Message, str]]:
    """A click of each member from the ``first`` on, guild by guild in turn, spread over the options."""
    found = []
    questions = [place.question for place in places]
    for number in range(first, first + count):
        place, question = places[number % len(places)], questions[number % len(places)]
        options = letters(question)
        member = place.members[number // len(places)]
        found.append((member, question, options[number // len(places) % len(options)]))
    return found


# --- the parts ------------------------------------------------------------------------------------


async def load_part(folder: Path, runs: int, seconds: int) -> None:
    """Ours beside the bare bot, by turns."""
    count = RATE * seconds + WARM_UP
    async with Sandbox(Options(heartbeat_seconds=41)) as sandbox:
        places = found(sandbox, GUILDS, -(-count * runs // GUILDS))
        database = folder / "load.sqlite"
        await set_up(database, places, datetime.now(UTC) - timedelta(minutes=1))
        taken: dict[str, list[Load]] = {"bare": [], "ours": []}
        async with bot("ours", sandbox, database):
            await posted(sandbox, places)
        for run in range(runs):
            clicks = clicks_of(places, run * count, count)
            for kind, loads in taken.items():
                async with bot(kind, sandbox, database) as running:
                    await asyncio.sleep(2)
                    loads.append(await loaded(sandbox, running, clicks))
        with sqlite3.connect(database) as found_rows:
            kept = found_rows.execute("SELECT count(*) FROM answers").fetchone()[0]
    print(f"\n{RATE} clicks a second for {seconds} s, {runs} times each, medians")
    print(f"{'bot':<8}{'ack p50 ms':>12}{'ack p99 ms':>12}{'CPU ms an answer':>18}{'unanswered':>12}")
    middle = {kind: median(loads) for kind, loads in taken.items()}
    for kind, each in middle.items():
        print(f"{kind:<8}{each.p50:>12.1f}{each.p99:>12.1f}{each.cpu:>18.2f}{each.lost:>12}")
    ours, bare = middle["ours"], middle["bare"]
    print(
        f"{'ratio':<8}{ours.p50 / bare.p50:>11.1f}x{ours.p99 / bare.p99:>11.1f}x{ours.cpu / bare.cpu:>17.1f}x"
    )
    for kind, loads in taken.items():
        print(f"  each run, {kind}: " + "; ".join(f"p99 {e.p99:.1f}, CPU {e.cpu:.2f}" for e in loads))
    print(f"  answers kept: {kept} of {count * runs}")


def median(loads: Sequence[Load]) -> Load:
    """The median of each figure by itself; the worst of what was lost."""
    return Load(
        statistics.median(each.p50 for each in loads),
        statistics.median(each.p99 for each in loads),
        statistics.median(each.cpu for each in loads),
        max(each.lost for each in loads),
    )


async def growth_part(folder: Path, runs: int, seconds: int) -> None:
    """What an answer costs in a database of nothing and in one of a million answers."""
    print(f"\nan answer in a database of so many, {RATE} a second for {seconds} s, medians of {runs}")
    print(f"{'answers':>10}{'posts a group':>15}{'ack p50 ms':>12}{'ack p99 ms':>12}{'CPU ms an answer':>18}")
    count = RATE * seconds + WARM_UP
    library = load(CARDS)
    for answers, posts in ((0, 0), (1_000_000, HISTORY)):
        async with Sandbox(Options()) as sandbox:
            places = found(sandbox, GUILDS, -(-count * runs // GUILDS))
            database = folder / f"growth-{answers}.sqlite"
            now = datetime.now(UTC) - timedelta(minutes=1)
            if posts:
                members = -(-answers // posts // GUILDS)
                ids = [place.owner.guild.id for place in places]
                fill(
                    database, library, ids, posts=posts, members=members, last=now.date() - timedelta(days=1)
                )
            await set_up(database, places, now)
            loads = []
            async with bot("ours", sandbox, database) as running:
                await posted(sandbox, places)
                await asyncio.sleep(2)
                for run in range(runs):
                    loads.append(await loaded(sandbox, running, clicks_of(places, run * count, count)))
        middle = median(loads)
        print(f"{answers:>10}{posts:>15}{middle.p50:>12.1f}{middle.p99:>12.1f}{middle.cpu:>18.2f}")


async def burst_part(folder: Path, runs: int, _seconds: int) -> None:
    """500 members answer one question within a minute."""
    members, minute = 500, 60
    async with Sandbox(Options()) as sandbox:
        for run in range(runs):
            places = found(sandbox, 1, members)
            database = folder / f"burst-{run}.sqlite"
            await set_up(database, places, datetime.now(UTC) - timedelta(minutes=1))
            async with bot("ours", sandbox, database):
                await posted(sandbox, places)
                waits = await click_away(sandbox, clicks_of(places, 0, members), members / minute)
            with sqlite3.connect(database) as rows:
                kept = rows.execute("SELECT count(*) FROM answers").fetchone()[0]
            came = sorted(each for each in waits if each is not None)
            places[0].owner.kick_bot()
            print(
                f"{'' if run else chr(10)}{members} members, one question, one minute: {len(came)} acknowledged, {kept} kept,"
                f" p99 {percentile(came, 99):.1f} ms, longest {came[-1]:.1f} ms"
            )


async def boards_part(folder: Path, runs: int, _seconds: int) -> None:
    """Boards of a group with a million answers."""
    members = days = 1000
    path, now = folder / "boards.sqlite", datetime.now(UTC)
    fill(path, load(CARDS), [1], posts=days, members=members, last=now.date())
    database = Database(path)
    standings = StandingsService(database)
    print(
        f"\nboards of {members} members with {members * days} answers, medians of {3 * runs}, the slowest beside"
    )
    for period in Period:
        taken = []
        for _ in range(3 * runs):
            began = time.perf_counter()
            await standings.board(1, 1_000_000, period, now)
            taken.append(1000 * (time.perf_counter() - began))
        print(f"{period.value:<8}{statistics.median(taken):>8.1f} ms{max(taken):>8.1f} ms")
    await database.close()


async def tick_part(folder: Path, runs: int, _seconds: int) -> None:
    """A tick when nothing is due: 10,000 groups with 50 posts and four members each, the newest posts open."""
    path, now = folder / "tick.sqlite", datetime.now(UTC)
    library = load(CARDS)
    ids = range(1, 10_001)
    last = now.date() - timedelta(days=1)
    fill(
        path,
        library,
        ids,
        posts=50,
        members=4,
        last=last,
        wakes=now + timedelta(hours=12),
        open_until=now + timedelta(hours=12),
    )
    now = datetime.now(UTC)
    size = path.stat().st_size / 1e6
    database = Database(path)
    async with database.reading() as connection:
        counts = [
            (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("series", "posts", "members", "answers")
        ]
    print(
        "\na tick over {} groups, {} posts, {} members, {} answers ({:.0f} MB), nothing due".format(
            *counts, size
        )
    )
    services = services_over(database, library, Chat(Nobody(), Nobody()))  # type: ignore[arg-type]  # nothing is sent
    services.posts._looked_afresh = True  # noqa: SLF001  as after the first tick, which looks at everybody
    night = Night(night_of(now), Stage.DONE)
    async with database.writing() as connection:
        await nights.move(connection, None, night)
    for name, work in (
        ("posts", services.posts.tick),
        ("care", services.care.tick),
        ("greetings", services.greetings.tick),
        ("quizzes", services.quizzes.tick),
    ):
        taken = []
        for number in range(3 * runs):
            began = time.perf_counter()
            await work(now + timedelta(seconds=30 * number))
            taken.append(1000 * (time.perf_counter() - began))
        print(f"{name:<10}{statistics.median(taken):>8.1f} ms{max(taken):>8.1f} ms at most")
    await database.close()


class Nobody:
    """A chat to which nothing is to be sent; asked who is there, it says so."""

    async def is_member(self, _group: int, _member: int) -> bool:
        """Everybody stays."""
        return True


async def posting_part(folder: Path, runs: int, _seconds: int) -> None:
    """500 groups due in the same minute."""
    groups = 500
    for run in range(runs):
        async with Sandbox(Options()) as sandbox:
            places = found(sandbox, groups, 0)
            database = folder / f"posting-{run}.sqlite"
            await set_up(database, places, datetime.now(UTC) - timedelta(minutes=1))
            sent: list[float] = []

            def hear(event: object, sent: list[float] = sent) -> None:
                if isinstance(event, MessageCreated):
                    sent.append(time.perf_counter())

            sandbox.core.hub.subscribe(hear)
            async with bot("ours", sandbox, database):
                await posted(sandbox, places)
                await asyncio.sleep(1)
            requests = [each for each in sandbox.core.requests if each.path.startswith("/channels/")]
            rate = (len(sent) - 1) / (sent[-1] - sent[0])
            print(
                f"{'' if run else chr(10)}{groups} groups due at once: {len(sent)} posts by {len(requests)} requests"
                f" in {sent[-1] - sent[0]:.1f} s, {rate:.1f} a second ({100 * rate / 50:.0f} %),"
                f" {len(sandbox.core.rate_limits.hits)} times 429"
            )


async def month_part(folder: Path, _runs: int, _seconds: int) -> None:
    """A simulated month of questions, answers and quizzes, and what stays in memory."""
    speed, guilds, members = 10_000, 5, 10
    start = datetime(2026, 3, 2, 8, 59, tzinfo=UTC)
    print(
        f"\na month at {speed} times the speed: {guilds} groups of {members}, who answer every day;"
        f" {PLAYERS} of each take a quiz of {QUESTIONS} alone, and one looks at the board"
    )
    print(f"{'day':>5}{'answers':>10}{'in quizzes':>12}{'resident MB':>13}{'at most MB':>12}")
    async with Sandbox(Options(rate_limits=False)) as sandbox:
        places = found(sandbox, guilds, members)
        database = folder / "month.sqlite"
        await set_up(database, places, start - timedelta(minutes=1))
        anchor = datetime.now(UTC) + timedelta(seconds=4)
        setting = f"{start.isoformat()} x{speed} @{anchor.isoformat()}"
        async with bot("ours", sandbox, database, setting) as running:

            async def tell(day: str) -> None:
                with sqlite3.connect(database) as rows:
                    kept = [
                        rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                        for table in ("answers", "quiz_answers")
                    ]
                used = await running.used()
                print(f"{day:>5}{kept[0]:>10}{kept[1]:>12}{used.resident:>13.1f}{used.peak:>12.1f}")

            await tell("0")
            answered: set[int] = set()
            for day in range(1, 31):
                until = anchor + timedelta(days=day) / speed
                others = asyncio.gather(*(spend(place, day) for place in places))
                while datetime.now(UTC) < until or not others.done():
                    answer_all(places, answered)
                    await asyncio.sleep(0.1)
                if day in (1, 2, 5, 10, 15, 20, 25, 30):
                    await tell(str(day))
            for place in places:
                place.owner.kick_bot()
            await asyncio.sleep(2.2 * REST_SECONDS)
            await tell("rest")


PLAYERS, QUESTIONS = 2, 5


def answer_all(places: Sequence[Place], answered: set[int]) -> None:
    """Everybody presses an option of every question that was not ``answered`` yet."""
    for place in places:
        for message in place.owner.sees():
            if message.visible_to is None and letters(message) and message.id not in answered:
                answered.add(message.id)
                options = letters(message)
                for number, member in enumerate(place.members):
                    press(member, message, options[number % len(options)])


async def spend(place: Place, day: int) -> None:
    """A day of a group beyond its question."""
    first = day * PLAYERS
    players = [place.members[(first + number) % len(place.members)] for number in range(PLAYERS)]
    await asyncio.gather(*(alone(member, day) for member in players))
    await place.members[0].slash("leaderboard")


async def alone(member: Member, day: int) -> None:
    """A quiz taken alone. On a starved machine an answer can come too late for Discord; the quiz goes on from there."""
    for _ in range(3):
        # Where a quiz of theirs is under way, the command goes on with it.
        with contextlib.suppress(DriverError, IndexError):
            message = (await member.slash("quiz solo", questions=QUESTIONS)).message
            while buttons := own_buttons(message):
                message = (await member.click(message, buttons[day % 2 if len(buttons) > 2 else 0])).message
            return


def own_buttons(message: Message) -> list[str]:
    """The custom ids of a quiz taken alone, in their order."""
    ids = [str(one.get("custom_id")) for row in message.components for one in row.get("components", [])]
    return [each for each in ids if each.startswith("dw:solo:")]


PARTS: dict[str, Callable[[Path, int, int], Awaitable[None]]] = {
    "load": load_part,
    "growth": growth_part,
    "burst": burst_part,
    "boards": boards_part,
    "tick": tick_part,
    "posting": posting_part,
    "month": month_part,
}


def main() -> None:
    """Run the parts that were named."""
    parser = argparse.ArgumentParser(description="The bot under load, on this machine alone.")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all where none is named")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20, help="of clicking in each run")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # figures as they come
    for name in options.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="deckwright-bench-") as temporary:
            asyncio.run(PARTS[name](Path(temporary), options.runs, options.seconds))  # type: ignore[arg-type]  # a coroutine


if __name__ == "__main__":
    main()
