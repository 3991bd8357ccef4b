"""Simulated weeks of several groups: what people do, what goes wrong, when, all of it from one seed.

The plan is drawn before anything begins, and every step draws from a source of its own, so the same seed asks for
the same things at the same simulated moments. What the steps met is in the journal.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.machine_clock import MachineClock
from bot.machinery import Machinery
from bot.mischief import VERY_LONG, Mischief, Trick
from bot.observer import Observer
from bot.people import People
from bot.players import Players
from bot.processes import Process
from bot.recount import Books, Timetable
from bot.seasons import FAULTS, MEMBERS, MISCHIEF, PEOPLE, Step, Weeks, plans
from bot.sweep import Sweep
from bot.troubles import DOWN, Group, Span, Time
from bot.watch import Watch
from bot.wording import titles_of
from deckwright_bot.sandbox import DriverError, Sandbox
from deckwright_bot.ui.texts import ENGLISH

OPENAPI = Path(__file__).parents[1] / "data" / "discord" / "openapi.json"
CALM = 8.0
"""Real seconds of calm before the clocks change, for what went wrong has an end."""
DIFFERENT = "the books differ from the answers"
ROOMY = (
    ("POST /channels/{channel}/messages", 50, 5.0),
    ("PATCH /channels/{channel}/messages/{message}", 50, 5.0),
)
"""Discord counts requests by real seconds, of which a simulated day has few; being limited is a fault of its own."""
EVE = "**Eve** @everyone ||<@&1>|| \u202e"
ONCE_MORE = 3
"""So often a fault is tried in the end that did not strike before."""


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
        self.sandbox.core.rate_limits.rules = ROOMY
        self.database = self.folder / "bot.sqlite"
        self.books = Books(self.database)
        self.machine = MachineClock(self.clock, self.folder / "ahead")
        self.machine.set(timedelta())
        self.observer = Observer(self.sandbox, self.books, self.clock, self.machine)
        self.sweep = Sweep(self.observer)
        self.troubles = self.observer.troubles
        self.bot, self._second = self._process("bot.log"), self._process("second.log")
        self._down: Span | None = None
        self._restarting = asyncio.Lock()
        self._doing: set[asyncio.Task[None]] = set()
        self.people = People(self.observer)
        actors = (
            self.people,
            Players(self.people),
            Mischief(self.sandbox, self.observer, self.people, self),
            Machinery(self.observer, self, self.database),
        )
        self._do: dict[str, Trick] = {
            kind: next(getattr(actor, kind) for actor in actors if hasattr(actor, kind))
            for kind in [*PEOPLE, *MISCHIEF]
        }

    def _process(self, log: str) -> Process:
        environment = {
            "DISCORD_TOKEN": self.sandbox.token,
            "DECKWRIGHT_API_BASE": self.sandbox.api_base,
            "DECKWRIGHT_LIBRARY": "cards",
            "DECKWRIGHT_DATABASE": str(self.database),
            "DECKWRIGHT_CLOCK": self.clock.setting,
            "DECKWRIGHT_CACHE": str(self.folder / "cache"),
            "DECKWRIGHT_AHEAD": str(self.folder / "ahead"),
        }
        return Process(environment, self.folder / log)

    # --- the course of it ------------------------------------------------------------------------

    async def tell(self) -> None:
        """All of it; whatever broke is in ``observer.broken``."""
        self._gather()
        # The very first message meets a fault, too: its work is done and its answer lost.
        self.sandbox.faults.server_error("POST /channels/[0-9]+/messages$", done=True)
        await self._begin("start")
        watch = Watch(self.sandbox, self.sweep, self.folder, lambda: self.bot.pid)
        watching = asyncio.create_task(watch.follow())
        try:
            await self._back()
            self.books.keep_pauses()
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
            await self._make_up()
            if not self.observer.broken:
                await self._settle()
        finally:
            watching.cancel()
            await asyncio.gather(self.bot.leave(), self._second.leave())
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
            group.ping, group.pinged_since = role.id, time.time()
            values = {"ping_role": role.id}
        if number == 3:
            days = "[" + ", ".join(f'"{day.isoformat()}"' for day in sorted(plan.skipped)) + "]"
            values = {"weekdays": sum(1 << day for day in plan.weekdays), "skip_dates": days}
        self.write(group, values)
        group.timetables.append(replace(plan, since=self.clock.now()))

    def write(self, group: Group, values: dict[str, object]) -> None:
        """Write settings of a group where the bot keeps them."""
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

    async def _make_up(self) -> None:
        """What met nothing that it could have struck is tried once more, so that no run goes without."""
        rng = random.Random(f"{self.weeks.seed}/once more")
        for number in range(ONCE_MORE * len(FAULTS)):
            missing = self.missing
            if not missing or self.observer.broken:
                break
            kind = missing[number % len(missing)]
            step = Step(0.0, 10**6 + number, kind, rng.randrange(len(self.groups)), rng.randrange(MEMBERS))
            await self._perform(step)

    @property
    def missing(self) -> list[str]:
        """Faults that have not struck yet."""
        return [kind for kind, name in FAULTS.items() if not self.observer.figures.faults[name]]

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
        if DIFFERENT in (self.folder / "bot.log").read_text("utf-8", "replace"):
            self.observer.fail("the night's check found that the books differ from the answers (R24)")

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

    async def _begin(self, why: str) -> None:
        self._down = self.troubles.begin(DOWN)
        self.note(why)
        self._beats = self.books.heartbeats()
        await self.bot.start()

    async def _back(self) -> None:
        """Wait until the bot that was started ticks."""
        until = time.time() + VERY_LONG
        while self.books.heartbeats() == self._beats:
            if time.time() > until:
                self.observer.fail("the bot did not come back")
                break
            await asyncio.sleep(0.02)
        if self._down is not None:
            # It posts what is due in the first tick or two.
            self.troubles.end(self._down, 0.5)
        self.note("the bot is back")

    async def there(self) -> None:
        """Wait until a bot is at work."""
        async with self._restarting:
            for _ in range(VERY_LONG * 20):
                if self.sandbox.gateway.open_sessions():
                    break
                await asyncio.sleep(0.05)

    async def restart(self, number: signal.Signals) -> str:
        async with self._restarting:
            down = self.troubles.begin(DOWN)
            code = await self.bot.end(number)
            self.troubles.end(down)
            await self._begin(f"{number.name}: ended with {code}, started again")
            if number is signal.SIGTERM and code != 0:
                self.observer.fail(f"SIGTERM ended the bot with {code}")
            await self._back()
        return "done"

    async def second_bot(self, seconds: float, number: signal.Signals) -> str:
        """Let another bot run on the same database for a while."""
        second = self._second
        await second.start()
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
            f"{self.people.compared} standings recounted, {len(self.observer.shown)} answers shown, "
            f"{self.people.alone} results alone, {seen.shown['questions over']} questions of quizzes{self._change()}\n"
            + ", ".join(f"{name} {count}" for name, count in sorted(seen.faults.items()))
            + f"\nin trouble: {self.troubles.seconds()}"
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
