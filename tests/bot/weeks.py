"""Simulated weeks of several groups: what people do, what goes wrong, when, all of it from one seed.

The plan is drawn before anything begins, and every step draws from a source of its own, so the same seed asks for
the same things at the same simulated moments. What the steps met is in the journal.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time as clock_time, timedelta
from pathlib import Path
from typing import Any

from bot.mischief import Mischief, Trick
from bot.observer import Observer
from bot.people import People
from bot.recount import Books, Timetable, instant_of
from bot.sweep import Sweep
from bot.troubles import MACHINE, Group, Ongoing, Span, Time, overloaded
from bot.wording import titles_of
from deckwright_bot.sandbox import DriverError, Sandbox
from deckwright_bot.ui.texts import ENGLISH

OPENAPI = Path(__file__).parents[1] / "data" / "discord" / "openapi.json"
MEMBERS = 4
CALM = 8.0
"""Real seconds of calm before the clocks change, for what went wrong has an end."""
STANDSTILL, SWEEP_EVERY = 0.35, 0.4
BACK_WITHIN = 30.0
"""Real seconds in which a bot that was started must tick; a hanging one fails instead of waiting for ever."""
EVE = "**Eve** @everyone ||<@&1>|| \u202e"


@dataclass(frozen=True)
class Season:
    """A stretch of the year in which a zone changes its clocks while some group posts inside the change."""

    start: datetime
    zone: str
    at: clock_time

    @property
    def change(self) -> datetime | None:
        """When the question is due on the day on which the clocks change; None where they do not change soon."""
        for day in (self.start.date() + timedelta(days=number) for number in range(7)):
            if instant_of(day + timedelta(days=1), self.at, self.zone) - instant_of(
                day, self.at, self.zone
            ) != timedelta(days=1):
                return instant_of(day, self.at, self.zone)
        return None


SEASONS = (
    Season(datetime(2026, 3, 26, 4, tzinfo=UTC), "Europe/Berlin", clock_time(2, 30)),
    Season(datetime(2026, 10, 22, 4, tzinfo=UTC), "Europe/Berlin", clock_time(2, 30)),
    Season(datetime(2026, 3, 5, 4, tzinfo=UTC), "America/New_York", clock_time(2, 15)),
    Season(datetime(2026, 10, 1, 4, tzinfo=UTC), "Australia/Lord_Howe", clock_time(2, 10)),
    Season(datetime(2027, 12, 29, 4, tzinfo=UTC), "Pacific/Chatham", clock_time(0, 0)),
)


@dataclass(frozen=True)
class Step:
    """Something to happen, so many simulated days after the beginning."""

    after: float
    number: int
    kind: str
    group: int = 0
    member: int = 0


@dataclass(frozen=True)
class Weeks:
    """What a run is: everything follows from these."""

    seed: int
    weeks: float
    speed: float

    @property
    def season(self) -> Season:
        return SEASONS[self.seed % len(SEASONS)]

    @property
    def again(self) -> str:
        """How to run the same once more."""
        return (
            f"run it again with DECKWRIGHT_SEED={self.seed} DECKWRIGHT_WEEKS={self.weeks:g} "
            f"DECKWRIGHT_SPEED={self.speed:g}"
        )

    def plan(self) -> list[Step]:
        """Every step there is, in order."""
        rng = random.Random(f"plan/{self.seed}")
        days, groups = 7 * self.weeks, range(len(plans(self.season)))
        steps = [
            (day + rng.random(), kind, group, member)
            for day in range(int(days))
            for group in groups
            for member in range(MEMBERS)
            for kind, chance in PEOPLE.items()
            if rng.random() < chance
        ]
        at, left = rng.uniform(0.1, 0.3), list[str]()
        while at < days - 0.5:
            left = left or rng.sample(sorted(MISCHIEF), len(MISCHIEF))
            steps.append((at, left.pop(), rng.choice(groups), rng.randrange(MEMBERS)))
            # However fast the clock, mischief comes as thick in real time.
            at += rng.uniform(0.6, 1.4) * GAP * self.speed / 86400
        return [
            Step(after, number, kind, group, member)
            for number, (after, kind, group, member) in enumerate(sorted(steps))
        ]


GAP = 1.8
"""Real seconds between one mischief and the next."""
PEOPLE = {
    "answer": 0.95,
    "again": 0.5,
    "grade": 0.4,
    "share": 0.2,
    "mine": 0.2,
    "daily": 0.2,
    "streak": 0.4,
    "board": 0.4,
    "export": 0.04,
    "remind": 0.05,
    "report": 0.08,
    "anki": 0.05,
    "pause": 0.03,
    "help": 0.03,
    "card": 0.15,
    "solo": 0.1,
}
MISCHIEF = frozenset({
    "drop", "reconnect", "invalid_resumable", "invalid", "duplicate", "delay", "late", "lost", "done_but_5xx", "refused_5xx",
    "answer_lost", "limit_route", "limit_global", "forbidden_once", "permission_taken", "channel_deleted",
    "role_deleted", "outage", "slow", "kill", "terminate", "two_bots", "flood", "forged", "replayed", "bad_forms",
    "acknowledgement_5xx", "new_time",
})  # fmt: skip


def plans(season: Season) -> list[Timetable]:
    """The groups' settings as their owners choose them."""
    start = season.start
    return [
        Timetable(start, season.zone, season.at),
        Timetable(start, "Asia/Kathmandu", clock_time(9, 15)),
        Timetable(start, "UTC", clock_time(18, 0)),
        Timetable(
            start,
            "America/St_Johns",
            clock_time(21, 45),
            frozenset({0, 1, 2, 4, 5, 6}),
            frozenset({start.date() + timedelta(days=2)}),
        ),
    ]


class Process:
    """The bot as a process of its own, on a simulated clock that restarts agree on."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = os.environ | environment
        self._log = log
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "deckwright_bot", "run"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    async def end(self, number: signal.Signals) -> int | None:
        """Send a signal and wait for the end; the exit code, None if it did not end by itself."""
        running = self.running
        if running is None:
            return None
        if running.poll() is None:
            running.send_signal(number)
        try:
            return await asyncio.to_thread(running.wait, BACK_WITHIN)
        except subprocess.TimeoutExpired:
            running.kill()
            return None


@dataclass
class Story:
    """One run: the sandbox, the groups, the bot, the observer and the journal."""

    weeks: Weeks
    folder: Path
    sandbox: Sandbox
    clock: Time = field(init=False)
    observer: Observer = field(init=False)
    journal: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Time(self.weeks.season.start, self.weeks.speed, time.time())
        self.database = self.folder / "bot.sqlite"
        self.books = Books(self.database)
        self.observer = Observer(self.sandbox, self.books, self.clock)
        self.sweep = Sweep(self.observer)
        self.troubles = self.observer.troubles
        self.bot = self._process("bot.log")
        self._down: Span | None = None
        self._restarting = asyncio.Lock()
        self._doing: set[asyncio.Task[None]] = set()
        self.people = People(self.observer)
        mischief = Mischief(self.sandbox, self.observer, self.people, self)
        self._do: dict[str, Trick] = {kind: getattr(self.people, kind) for kind in PEOPLE}
        self._do |= {kind: getattr(mischief, kind) for kind in MISCHIEF}

    def _process(self, log: str) -> Process:
        environment = {
            "DISCORD_TOKEN": self.sandbox.token,
            "DECKWRIGHT_API_BASE": self.sandbox.api_base,
            "DECKWRIGHT_LIBRARY": "cards",
            "DECKWRIGHT_DATABASE": str(self.database),
            "DECKWRIGHT_CLOCK": self.clock.setting,
            "DECKWRIGHT_CACHE": str(self.folder / "cache"),
        }
        return Process(environment, self.folder / log)

    # --- the course of it ------------------------------------------------------------------------

    async def tell(self) -> None:
        """All of it; whatever broke is in ``observer.broken``."""
        self._gather()
        # The very first message meets a fault, too: its work is done and its answer lost.
        self.sandbox.faults.server_error("POST /channels/[0-9]+/messages$", done=True)
        self._begin("start")
        watching = asyncio.create_task(self._watch())
        try:
            await self._back()
            await asyncio.gather(*(self._set_up(group) for group in self.groups))
            begun = self.clock.now()
            for step in self.weeks.plan():
                await self._sleep_until(begun + timedelta(days=step.after))
                if self.observer.broken:
                    break
                task = asyncio.create_task(self._perform(step))
                self._doing.add(task)
                task.add_done_callback(self._doing.discard)
            await asyncio.gather(*self._doing)
            if not self.observer.broken:
                await self._settle()
        finally:
            watching.cancel()
            await self.bot.end(signal.SIGKILL)
            await asyncio.gather(watching, *self._doing, return_exceptions=True)

    def _gather(self) -> None:
        for number, plan in enumerate(plans(self.weeks.season)):
            owner = self.sandbox.owner(f"Owner {number}", f"Group {number} {plan.zone}")
            group = Group(owner, plan, owner.home)
            names = ["Ada", "Bob", "Cy", EVE, "Mallory"]
            self.people.join(group, [owner.add_member(f"{name} {number}") for name in names])
            owner.create_channel("log")
            owner.invite_bot()
            self.groups.append(group)
            self.observer.groups[group.id] = group

    async def _set_up(self, group: Group) -> None:
        owner = group.owner
        hello = await owner.wait_for(lambda m: ENGLISH["hello.title"] in titles_of(m))
        began = self.clock.now()
        form = await owner.click(hello, ENGLISH["hello.button"])
        plan = group.plan
        values: dict[str, Any] = {
            "channel": group.channel,
            "time": plan.at.strftime("%H:%M"),
            "zone": plan.zone,
            "level": "medium",
        }
        first = Timetable(began, plan.zone, plan.at)
        group.timetables = [first]
        await owner.submit(form, values)
        group.set_up = (began, self.clock.now())
        self._further(group)
        self.note(f"{owner.guild.name} is set up: {plan.at:%H:%M} {plan.zone}")

    def _further(self, group: Group) -> None:
        """The settings beyond the four, written where the bot keeps them; commands are another test's."""
        number = self.groups.index(group)
        plan = group.plan
        values: dict[str, object] = {}
        if number == 0:
            values = {"thread": 1, "pin": 1}
        if number == 1:
            log = next(one for one in group.owner.guild.channels.values() if one.name == "log")
            # Decks in which half of the questions are open ones.
            decks = '["behavioural", "questions-to-ask"]'
            values = {"open_questions": 1, "decks": decks, "level": "hard", "log_channel": log.id}
        if number == 2:
            role = group.owner.create_role("students", mentionable=True)
            group.owner.give_role(self.people.of(group)[0], role)
            group.ping = role.id
            values = {"ping_role": role.id}
        if number == 3:
            days = "[" + ", ".join(f'"{day.isoformat()}"' for day in sorted(plan.skipped)) + "]"
            values = {"weekdays": sum(1 << day for day in plan.weekdays), "skip_dates": days}
        self._write(group, values)
        group.timetables.append(replace(plan, since=self.clock.now()))

    def _write(self, group: Group, values: dict[str, object]) -> None:
        if not values:
            return
        names = ", ".join(f"{name} = ?" for name in values)
        with sqlite3.connect(self.database, timeout=10) as connection:
            connection.execute(
                f"UPDATE series SET {names} WHERE group_id = ?",
                [*values.values(), group.id],
            )
        connection.close()

    async def _sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, self.clock.real(moment) - time.time()))

    async def _settle(self) -> None:
        """Let no more go wrong, and see that the bot does all that is left to do."""
        self.sandbox.faults.clear()
        until = time.time() + 6.0
        while time.time() < until and not self.observer.broken:  # noqa: ASYNC110  no event tells of quiet
            await asyncio.sleep(0.1)
        self.sweep.look()
        self.sweep.at_rest()
        code = await self.bot.end(signal.SIGTERM)
        if code != 0:
            self.observer.fail(f"SIGTERM ended the bot with {code}")
        if not self.books.sound():
            self.observer.fail("the database is damaged")

    async def _watch(self) -> None:
        """Follow the bot's comings and goings, and sweep over the database now and then."""
        away = Ongoing(self.troubles, "no session", posts=False, grace=1.0)
        busy = Ongoing(self.troubles, MACHINE, posts=True, grace=3.0)
        swept = last = time.time()
        while True:
            await asyncio.sleep(0.02)
            now = time.time()
            if now - last > STANDSTILL:
                self.troubles.begin(MACHINE, since=last).end = now + STANDSTILL
            last = now
            away.follow(now=not self.sandbox.gateway.open_sessions())
            busy.follow(now=overloaded())
            if now - swept > SWEEP_EVERY and self.groups[0].set_up is not None:
                try:
                    self.sweep.look()
                except Exception as error:  # noqa: BLE001  a fault of the test must be seen, not lost in a task
                    self.observer.fail(f"the sweep itself failed: {error!r}")
                swept = time.time()

    def note(self, text: str) -> None:
        self.journal.append(f"{self.clock.now():%m-%d %H:%M} {text}")

    async def _perform(self, step: Step) -> None:
        group = self.groups[step.group]
        member = self.people.of(group)[step.member]
        rng = random.Random(f"{self.weeks.seed}/{step.number}")
        told = f"#{step.number} {step.kind}, group {step.group}, {member.user.name[:8]}"
        if step.kind in MISCHIEF:
            await self._let_clocks_change()
        if group.owner.guild.unavailable:
            self.note(f"{told}: the guild is away")
            return
        try:
            self.note(f"{told}: {await self._do[step.kind](group, member, rng)}")
        except DriverError as error:
            self.note(f"{told}: could not, {error}")
        except AssertionError as error:
            self.observer.fail(f"{told}: {error}")
        except Exception as error:  # noqa: BLE001  a fault of the test must be seen, not lost in a task
            self.observer.fail(f"{told}: the test itself failed: {error!r}")

    async def _let_clocks_change(self) -> None:
        """Put mischief off that would keep the bot from the post that the whole season is about."""
        change = self.weeks.season.change
        if change is not None and -CALM < self.clock.real(change) - time.time() < CALM:
            await self._sleep_until(change + timedelta(seconds=self.clock.speed))

    # --- starting and ending ---------------------------------------------------------------------

    def _begin(self, why: str) -> None:
        self._down = self.troubles.begin("down")
        self.note(why)
        self._since = self.clock.now()
        self.bot.start()

    async def _back(self) -> None:
        """Wait until the bot that was started ticks."""
        until = time.time() + BACK_WITHIN
        while time.time() < until:
            beat = self.books.last_heartbeat()
            if beat is not None and beat > self._since:
                break
            await asyncio.sleep(0.02)
        else:
            self.observer.fail("the bot did not come back")
        if self._down is not None:
            # It posts what is due in the first tick or two.
            self.troubles.end(self._down, 0.5)
        self.note("the bot is back")

    async def restart(self, number: signal.Signals) -> str:
        async with self._restarting:
            down = self.troubles.begin("down")
            code = await self.bot.end(number)
            self.troubles.end(down)
            self._begin(f"{number.name}: ended with {code}, started again")
            if number is signal.SIGTERM and code != 0:
                self.observer.fail(f"SIGTERM ended the bot with {code}")
            await self._back()
        return "done"

    async def second_bot(self, seconds: float, number: signal.Signals) -> str:
        """Let another bot run on the same database for a while."""
        second = self._process("second.log")
        second.start()
        self.observer.two_bots = True
        try:
            await asyncio.sleep(seconds)
        finally:
            await second.end(number)
            self.observer.two_bots = False
        return f"the second one is gone, by {number.name}"

    # --- the end ---------------------------------------------------------------------------------

    def figures(self) -> str:
        """What was seen, in a line."""
        seen = self.observer.figures
        dates = sum(seen.dates.values(), Counter())
        return (
            f"seed {self.weeks.seed}, {self.weeks.weeks:g} weeks at x{self.weeks.speed:g}: {seen.shown['posts']} posts "
            f"({dates['out']} of {dates['all']} dates, {dates['free']} without trouble), "
            f"{seen.shown['reveals']} reveals, {seen.edits} edits, {seen.interactions} interactions "
            f"({seen.in_time} in time, {seen.excused} excused, slowest {seen.slowest:.2f} s), "
            f"{self.people.compared} standings recounted, {len(self.observer.shown)} answers shown{self._change()}"
        )

    def _change(self) -> str:
        due = self.weeks.season.change
        if due is None:
            return ""
        found = [
            post for post in self.books.rows(self.groups[0].id).posts if post.scheduled == due and post.out
        ]
        return f", the clocks changed at {due:%m-%d %H:%M} {'with' if found else 'without'} their post"

    def verdict(self) -> str:
        """What broke, how to run it again, and the whole journal."""
        return "\n".join(
            [
                self.figures(),
                *self.observer.broken,
                self.weeks.again,
                *self.journal,
            ]
        )
