"""What goes wrong in the simulated weeks: on the wire, on Discord, in the guilds, and by ill will."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import time as clock_time, timedelta
from typing import Any, Protocol

from bot.observer import ROLE_GONE, Observer
from bot.people import HOSTILE, People
from bot.troubles import Group
from bot.wording import custom_ids, said, tells_of_a_pause
from deckwright_bot.sandbox import DriverError, Kind, Member, Outcome, Permission, Sandbox, text_of
from deckwright_bot.sandbox.errors import ApiError
from deckwright_bot.sandbox.faults import Fault
from deckwright_bot.sandbox.interaction import InteractionType
from deckwright_bot.sandbox.model import Channel, Json, Message
from deckwright_bot.ui.texts import ENGLISH

CALLBACK = "POST /interactions/.*/callback"
BROKEN = (500, 502, 503, 504)
CLICKS = 50
LONGER = 10.0
"""Real seconds for which a fault waits for something to strike."""
VERY_LONG = 120
"""Real seconds after which a bot hangs, on the slowest machine."""


class Bots(Protocol):
    """Whoever runs the bot's processes and keeps its settings."""

    async def restart(self, number: signal.Signals) -> str:
        """End the bot with a signal and start it again."""
        ...

    async def second_bot(self, seconds: float, number: signal.Signals) -> str:
        """Let another bot run on the same database for a while."""
        ...

    async def there(self) -> None:
        """Wait until a bot is at work."""
        ...

    def write(self, group: Group, values: dict[str, object]) -> None:
        """Write settings of a group where the bot keeps them."""
        ...


Trick = Callable[[Group, Member, random.Random], Awaitable[str]]


class Mischief:
    """Everything that goes wrong. Every trick says what came of it; what must not be raises AssertionError."""

    def __init__(self, sandbox: Sandbox, observer: Observer, people: People, bots: Bots) -> None:
        self.sandbox = sandbox
        self.observer = observer
        self.troubles = observer.troubles
        self.books = observer.books
        self.people = people
        self.bots = bots
        self.faults = observer.figures.faults
        self._settling = asyncio.Lock()
        """One owner at a time, so that what the settings become follows from what was asked."""

    # --- the gateway -----------------------------------------------------------------------------

    async def drop(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        await self.bots.there()
        self.faults["sockets dropped"] += len(self.sandbox.gateway.open_sessions())
        self.sandbox.gateway.drop()
        return await self._resumed()

    async def reconnect(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        self.sandbox.gateway.ask_reconnect()
        return await self._resumed()

    async def invalid_resumable(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        self.sandbox.gateway.invalidate(resumable=True)
        return await self._resumed()

    async def invalid(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        await self.bots.there()
        identified = self.sandbox.gateway.identifies
        self.sandbox.gateway.invalidate()
        for _ in range(VERY_LONG * 20):
            if self.sandbox.gateway.identifies > identified:
                self.faults["sessions invalid"] += 1
                return "identified anew"
            await asyncio.sleep(0.05)
        raise AssertionError("after an invalid session the bot did not identify again")

    async def _resumed(self) -> str:
        # The observer's watch sees when a session is there again; the socket may first have to be found dead.
        resumed = self.sandbox.gateway.resumes
        with self.troubles.during("the socket is replaced", posts=False, grace=1.0):
            for _ in range(40):
                await asyncio.sleep(0.05)
                if self.sandbox.gateway.resumes > resumed:
                    break
        self.faults["sessions resumed"] += self.sandbox.gateway.resumes - resumed
        return f"{self.sandbox.gateway.resumes} resumed so far"

    async def duplicate(self, group: Group, member: Member, rng: random.Random) -> str:
        await self.bots.there()
        fault = self.sandbox.faults.duplicate_event("INTERACTION_CREATE", times=3)
        return await self._to_events(fault, "interactions duplicated", group, member, rng)

    async def delay(self, group: Group, member: Member, rng: random.Random) -> str:
        await self.bots.there()
        fault = self.sandbox.faults.delay_event("INTERACTION_CREATE", 0.8, times=3)
        return await self._to_events(fault, "interactions delayed", group, member, rng)

    async def late(self, group: Group, member: Member, rng: random.Random) -> str:
        """Events that come when Discord has given up: nothing can be shown, and nothing may break."""
        await self.bots.there()
        fault = self.sandbox.faults.delay_event("INTERACTION_CREATE", 3.4, times=3)
        with self.troubles.during(fault.kind.name, posts=False, grace=4.0):
            return await self._to_events(fault, "interactions too late", group, member, rng)

    async def lost(self, group: Group, member: Member, rng: random.Random) -> str:
        """Events that never come: the members read that it failed, and answer again some time."""
        await self.bots.there()
        fault = self.sandbox.faults.lose_event("INTERACTION_CREATE", times=3)
        with self.troubles.during(fault.kind.name, posts=False, grace=4.0):
            return await self._to_events(fault, "interactions lost", group, member, rng)

    async def _to_events(
        self, fault: Fault, name: str, group: Group, member: Member, rng: random.Random
    ) -> str:
        said = await self._three_answers(group, member, rng)
        if fault in self.sandbox.faults.rules:
            self.sandbox.faults.rules.remove(fault)
        self.faults[name] += fault.struck
        return f"struck {fault.struck} times: {said}"

    async def _three_answers(self, group: Group, member: Member, rng: random.Random) -> str:
        members = [member, *rng.sample(self.people.of(group)[:-1], 2)]
        return "; ".join(await _each(self.people.answer(group, one, rng) for one in members))

    # --- requests --------------------------------------------------------------------------------

    async def _fault(
        self,
        fault: Fault,
        name: str,
        seconds: float,
        group: Group | None = None,
        *,
        posts: bool = True,
        answers: bool = False,
        refusal: bool = False,
    ) -> str:
        """Keep a fault in force for some real seconds, longer if it has not struck by then.

        One that strikes a single group excuses that group alone: the others must not feel it (R9).
        """
        await self.bots.there()
        # discord.py waits 1, 3, 5 … s before it tries again.
        grace = 1.0 + 2.0 * fault.times + fault.seconds
        span = self.troubles.begin(
            f"{fault.kind.name} {fault.route}",
            group.id if group is not None else None,
            posts=posts,
            answers=answers,
            refusal=refusal,
        )
        rules = self.sandbox.faults.rules
        if fault not in rules:
            self.sandbox.faults.add(fault)
        begun = time.time()
        while time.time() < begun + seconds or (not fault.struck and time.time() < begun + seconds + LONGER):
            await asyncio.sleep(0.05)
            if fault not in rules:
                break
        if fault in rules:
            rules.remove(fault)
        self.troubles.end(span, grace)
        self.faults[name] += fault.struck
        return f"{name}, struck {fault.struck} times"

    def _of(self, group: Group, rng: random.Random, methods: str = "POST|PATCH") -> tuple[Group, str]:
        """The requests about a channel and what is in it; or the next group's sending of its post alone."""
        if rng.random() < 0.5:
            return group, f"^({methods}) /channels/{group.channel.id}/"
        group = self._next()
        return group, self._sending(group)

    @staticmethod
    def _sending(group: Group) -> str:
        return f"^POST /channels/{group.channel.id}/messages$"

    def _next(self) -> Group:
        """The group whose post is due next."""
        now = self.observer.clock.now()

        def waits(group: Group) -> timedelta:
            timetable = group.timetables[-1]
            days = (timetable.local(now) + timedelta(days=number) for number in range(3))
            return min(due - now for day in days if (due := timetable.instant(day)) > now)

        return min(self.observer.groups.values(), key=waits)

    async def done_but_5xx(self, group: Group, _member: Member, rng: random.Random) -> str:
        error = ApiError(rng.choice(BROKEN), 0, "5xx")
        group, route = self._of(group, rng)
        fault = Fault(Kind.DONE_BUT_REFUSED, route, 2, error=error)
        return await self._fault(fault, "5xx, work done", 3.0, group)

    async def refused_5xx(self, group: Group, _member: Member, rng: random.Random) -> str:
        error = ApiError(rng.choice(BROKEN), 0, "5xx")
        group, route = self._of(group, rng)
        return await self._fault(Fault(Kind.REFUSE, route, 2, error=error), "5xx", 3.0, group)

    async def answer_lost(self, _group: Group, _member: Member, rng: random.Random) -> str:
        """In any channel, those with owners and members too."""
        kind = rng.choice((Kind.DONE_BUT_CUT, Kind.CUT))
        return await self._fault(Fault(kind, "(POST|PATCH|GET) /channels", 2), "answers cut off", 3.0)

    async def acknowledgement_5xx(self, group: Group, member: Member, rng: random.Random) -> str:
        """The answer to an interaction meets an error: it is stored, or it is not, but never half."""
        kind = rng.choice((Kind.REFUSE, Kind.DONE_BUT_REFUSED, Kind.DONE_BUT_CUT, Kind.CUT))
        fault = Fault(kind, CALLBACK, 2, error=ApiError(rng.choice(BROKEN), 0, "5xx"))
        name = "acknowledgements broken"
        done, struck = await asyncio.gather(
            self._three_answers(group, member, rng), self._fault(fault, name, 1.5, posts=False, answers=True)
        )
        return f"{kind.name} {struck}: {done}"

    async def limit_route(self, group: Group, _member: Member, rng: random.Random) -> str:
        group, route = self._of(group, rng, "POST|PATCH|GET")
        rule = self.sandbox.faults.rate_limit(route, rng.uniform(0.3, 2.0))
        return await self._fault(rule, "429 of a route", 2.0, group)

    async def limit_global(self, _group: Group, _member: Member, rng: random.Random) -> str:
        rule = self.sandbox.faults.rate_limit("/channels/", rng.uniform(0.3, 1.0), everywhere=True)
        return await self._fault(rule, "429 global", 2.0)

    async def slow(self, _group: Group, _member: Member, rng: random.Random) -> str:
        """A post is on its way for so long that the other groups' posts come due meanwhile (R9)."""
        kind = rng.choice((Kind.SLOW, Kind.DONE_BUT_SLOW))
        group = self._next()
        seconds = max(rng.uniform(4.0, 6.0), 90 / self.observer.clock.speed)
        fault = Fault(kind, self._sending(group), seconds=seconds)
        return await self._fault(fault, "minutes in a request", 1.0, group)

    async def forbidden_once(self, _group: Group, _member: Member, rng: random.Random) -> str:
        error = ApiError(403, 50013, "Missing Permissions")
        group, route = self._of(self._next(), rng, "POST")
        fault = Fault(Kind.REFUSE, route, 1, error=error)
        return await self._fault(fault, "403 in a run", 3.0, group, refusal=True)

    # --- the guilds ------------------------------------------------------------------------------

    async def permission_taken(self, group: Group, _member: Member, rng: random.Random) -> str:
        channel = group.channel
        denied = rng.choice(
            (
                Permission.SEND_MESSAGES,
                Permission.VIEW_CHANNEL,
                Permission.EMBED_LINKS | Permission.ATTACH_FILES,
            )
        )
        await self.bots.there()
        self.faults["permissions taken"] += 1
        span = self.troubles.begin("permission taken", group.id, answers=False, refusal=True)
        group.owner.set_permissions(channel, deny=denied)
        await asyncio.sleep(rng.uniform(2, 7))
        group.owner.set_permissions(channel)
        said = await self._mended(group, None)
        self.troubles.end(span, 1.0)
        return f"{denied.name}: {said}"

    async def channel_deleted(self, group: Group, member: Member, rng: random.Random) -> str:
        await self.bots.there()
        old = group.channel
        self.faults["channels deleted"] += self.people.open_post(group, member) is not None
        span = self.troubles.begin("channel deleted", group.id, answers=False, refusal=True)
        # Whoever is about to click in it finds it gone.
        clicking = self.troubles.begin("channel deleted", group.id, posts=False)
        group.owner.delete_channel(old)
        group.channel = group.owner.create_channel(f"study {rng.randrange(100)}")
        self.troubles.end(clicking, 3.5)
        await asyncio.sleep(rng.uniform(2, 7))
        said = await self._mended(group, group.channel)
        self.troubles.end(span, 1.0)
        return said

    async def _mended(self, group: Group, channel: Channel | None) -> str:
        """What an owner does who mended what was wrong: ``/settings``, or ``/admin resume`` if it stopped."""
        owner = group.owner
        told = sum(tells_of_a_pause(message) for message in owner.sees(owner.dm))
        paused = self.books.rows(group.id).paused == "failures"
        if channel is None and not paused:
            return "it was mended before it stopped"
        for _ in range(5):
            async with self._settling:
                if channel is not None:
                    done = await owner.slash("settings", channel=channel)
                else:
                    done = await owner.slash("admin resume")
            if not done.failed:
                return f"paused: {paused}, told {told} times, {text_of(done.message)[:30]!r}"
            await asyncio.sleep(1.0)
        return "the bot could not be reached"

    async def role_deleted(self, _group: Group, _member: Member, _rng: random.Random) -> str:
        """The role to mention is gone: the post comes all the same, and the panel says so. Then there is a new one."""
        await self.bots.there()
        group = next(one for one in self.observer.groups.values() if one.ping is not None)
        role = group.owner.guild.roles.get(group.ping or 0)
        if role is None or group.owner.guild.unavailable:
            return "it is gone already"
        group.owner.delete_role(role)
        group.pinged_since, group.role_gone = None, time.time()
        text = self.people.private(await group.owner.slash("settings"))
        if text is not None and said("panel.title", text):
            assert ENGLISH["panel.gone.role"] in text, (
                f"the panel does not tell that the role is gone: {text}"
            )
        posts, until = self.faults[ROLE_GONE], time.time() + 2.5 * 86400 / self.observer.clock.speed
        while self.faults[ROLE_GONE] == posts and time.time() < until:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.05)
        new = group.owner.create_role("students", mentionable=True)
        group.owner.give_role(self.people.of(group)[0], new)
        group.ping, group.role_gone = new.id, None
        self.bots.write(group, {"ping_role": new.id})
        group.pinged_since = time.time()
        return f"{self.faults[ROLE_GONE] - posts} posts without it"

    async def outage(self, group: Group, _member: Member, rng: random.Random) -> str:
        await self.bots.there()
        with self.troubles.during("outage", group.id, grace=1.0):
            group.owner.set_outage(down=True)
            self.faults["guilds unavailable"] += 1
            await asyncio.sleep(rng.uniform(1, 5))
            group.owner.set_outage(down=False)
        return "over"

    async def new_time(self, group: Group, _member: Member, rng: random.Random) -> str:
        """R4: the owner moves the time of day by some hours."""
        async with self._settling:
            before = group.timetables[-1]
            at = clock_time((before.at.hour + rng.randint(1, 23)) % 24, before.at.minute)
            # From the click on either may hold, so both moments are kept.
            group.timetables.append(replace(before, since=self.observer.clock.now()))
            text = self.people.private(await group.owner.slash("settings", time=at.strftime("%H:%M")))
            kept = replace(before, at=clock_time.fromisoformat(self._settings(group)[0]))
            group.timetables.append(replace(kept, since=self.observer.clock.now()))
        # What nobody could confirm in time may be done a little later.
        group.wished = at if text is None and kept.at != at else None
        if text is not None and said("setup.changed", text):
            assert kept.at == at, f"{at} is confirmed, {kept.at} is stored"
        return f"{before.at} to {kept.at}"

    def _settings(self, group: Group) -> tuple[str, str, int]:
        """Time of day, zone and channel, as the bot keeps them."""
        with self.books.open() as found:
            row = found.execute(
                "SELECT at, zone, channel FROM series WHERE group_id = ?", (group.id,)
            ).fetchone()
        return row["at"], row["zone"], row["channel"]

    # --- ill will --------------------------------------------------------------------------------

    async def flood(self, group: Group, member: Member, rng: random.Random) -> str:
        """A member who clicks fifty times as fast as they can, while the others go on."""
        post = self.people.open_post(group, member)
        if post is None:
            return "no question"
        picks = [name for name in custom_ids(post) if name.startswith(("dw:pick", "dw:dont-know", "dw:mine"))]

        async def click() -> str:
            await asyncio.sleep(rng.uniform(0, 2))
            before = self.books.rows(group.id)
            name = rng.choice(picks)
            done = await member.click(post, name)
            return self.people.result(group, member, done, before, None if "mine" in name else name)

        found = await _each(click() for _ in range(CLICKS))
        return f"{len(set(found))} kinds of answers"

    async def forged(self, group: Group, _member: Member, rng: random.Random) -> str:
        """Ids that nobody gave out, under a message that is there: a private answer, and nothing changes."""
        member = self.people.of(group)[-1]  # who does nothing else, so whatever changes came of this
        post = self.people.open_post(group, member)
        if post is None:
            return "no question"
        self.people.private(await member.slash("quiz solo", questions=5))
        ids, foreign = self._forged_ids(group, member, rng)
        opener: Json = {}
        for name in rng.sample(ids, len(ids)):
            opener = await self._forge(member, post, InteractionType.COMPONENT, {"custom_id": name})
        for name, field, value in (
            (f"dw:written:{foreign}", "text", rng.choice(HOSTILE)),
            ("dw:setup", "time", "10:10"),
            (f"dw:reported:{foreign}", "text", rng.choice(HOSTILE)),
        ):
            form: Json = {"custom_id": name, "components": _row(field, value), "opener": opener}
            await self._forge(member, post, InteractionType.MODAL, form)
        return f"{len(ids)} buttons and three forms"

    def _forged_ids(self, group: Group, member: Member, rng: random.Random) -> tuple[list[str], int]:
        """Ids of buttons, and a post of another group."""
        rows = self.books.rows(group.id)
        own = max(one.id for one in rows.posts)
        closed = [one.id for one in rows.posts if one.state == "closed"]
        with self.books.open() as found:
            quiz = found.execute("SELECT max(id) FROM quizzes WHERE host = ?", (member.user.id,)).fetchone()[
                0
            ]
            others = found.execute("SELECT id FROM posts WHERE group_id <> ?", (group.id,)).fetchall()
        foreign = rng.choice(others)[0]
        return [
            f"dw:pick:{10**6 + rng.randrange(10**6)}:A",
            f"dw:pick:{10**19}:A",
            *(f"dw:{what}:{foreign}" for what in ("pick", "dont-know", "mine", "anki", "report", "share")),
            f"dw:pick:{foreign}:A",
            f"dw:pick:{own}:Z",
            f"dw:pick:{own}",
            *(f"dw:pick:{number}:A" for number in closed[:1]),
            f"dw:grade:{own}:got",
            f"dw:share:{own}",
            "dw:begin:1",
            "dw:board:999999999:week",
            *(f"dw:solo:{quiz}:1-{what}" for what in ("A", "next", "show", "stop")),
            "dw:nothing",
            "dw:",
            "somebody-else:1",
            "'; DROP TABLE answers; --",
            "\u202e" * 20,
            "x" * 100,
        ], foreign

    async def _forge(self, member: Member, post: Message, kind: InteractionType, data: Json) -> Json:
        buttons = kind is InteractionType.COMPONENT
        extra: Json = {"component_type": 2, "id": 1} if buttons else {}
        before = self._all()
        done: Outcome = await member._do(kind, _channel(self.sandbox, post), data | extra, post)
        made = done.interaction.metadata
        if done.failed or done.interaction.modal is not None:
            return made
        assert done.interaction.original is not post, f"{data} changed the public post"
        self.people.private(done)
        after = self._all()
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        mine = {key for key in changed if key[1] == member.user.id}
        assert not mine, f"{data} changed {mine}"
        return made

    def _all(self) -> dict[tuple[int, int], str]:
        return {
            key: row.reply
            for group in self.observer.groups.values()
            for key, row in self.books.rows(group.id).answers.items()
        }

    async def replayed(self, group: Group, member: Member, rng: random.Random) -> str:
        """The buttons of a post that is long closed, as it once was: too late, or the first result again."""
        rows = self.books.rows(group.id)
        closed = [one for one in rows.posts if one.state == "closed" and one.id in self.observer.messages]
        if not closed:
            return "none is closed"
        old = rng.choice(closed)
        message = self.observer.messages[old.id]
        if message.channel_id not in self.sandbox.core.world.channels:
            return "its channel is gone"
        name = rng.choice(
            [f"dw:dont-know:{old.id}", *(f"dw:pick:{old.id}:{o['letter']}" for o in old.options)]
        )
        data = {"custom_id": name, "component_type": 2, "id": 1}
        before = self.books.rows(group.id)
        done = await member._do(InteractionType.COMPONENT, _channel(self.sandbox, message), data, message)
        said = self.people.result(group, member, done, before, None)
        # Its machine's clock may have closed it before its time.
        if not done.failed and old.closes is not None and old.closes < self.observer.clock.now():
            answered = (old.id, member.user.id)
            after = self.books.rows(group.id)
            assert (answered in after.answers) == (answered in before.answers), (
                f"{old.day} took a late answer (R11)"
            )
        return said

    async def bad_forms(self, group: Group, _member: Member, rng: random.Random) -> str:
        """Settings that cannot be: each gets a private answer, and the group's settings stay as they are."""
        async with self._settling:
            before = self._settings(group)
            what, wish = rng.choice(("time", "zone")), rng.choice(HOSTILE)[:100]
            wishes: dict[str, Any] = {what: wish}
            text = self.people.private(await group.owner.slash("settings", **wishes))
            after = self._settings(group)
        assert before == after, f"{what} {wish!r} made of {before} {after}: {text}"
        return (text or "no answer in time")[:60]


async def _each(things: Iterable[Awaitable[str]]) -> list[str]:
    """Do all of them at once; what a member could not do is told, what must not be is raised when all are done."""
    found = await asyncio.gather(*things, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, DriverError):
            raise one
    return [str(one) for one in found]


def _row(name: str, value: str) -> list[Json]:
    return [{"type": 18, "id": 1, "component": {"type": 4, "id": 2, "custom_id": name, "value": value}}]


def _channel(sandbox: Sandbox, message: Message) -> Channel:
    found = sandbox.core.world.channels.get(message.channel_id)
    if found is None:
        raise DriverError("the channel is gone")
    return found
