"""Groups: greeted once, set up in one go, changed by their owners (R4, R9, R12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import Random, SystemRandom

from deckwright.model import LEVELS
from deckwright.study.dates import local_date, zone, zone_choices
from deckwright_bot.services.typed import read_time, write_dates
from deckwright_bot.store import groups as group_store, members as member_store
from deckwright_bot.store.database import Database
from deckwright_bot.store.records import DAILY, Daily, Group


@dataclass(frozen=True, slots=True)
class Wish:
    """What an owner typed; None leaves a setting as it is."""

    channel: int | None = None
    at: str | None = None
    zone: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Further:
    """The settings beyond the four, all of them; None for decks means all, for a role or channel none."""

    weekdays: frozenset[int]
    skip_dates: frozenset[date]
    decks: frozenset[str] | None
    ping_role: int | None
    log_channel: int | None


class Switch(StrEnum):
    """A setting that is on or off; the value names the field of `Daily`."""

    THREAD = "thread"
    PIN = "pin"
    OPEN_QUESTIONS = "open_questions"
    REMATCH = "rematch"


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a wish cannot be granted: a key of the text catalogue and its values."""

    key: str
    values: dict[str, str] = field(default_factory=dict)


class GroupService:
    """Remembers groups and their settings."""

    def __init__(self, database: Database, random: Random | None = None) -> None:
        self._database = database
        self._random = random or SystemRandom()

    async def join(self, group: Group) -> None:
        """Remember a group; one that is new, or took the bot in again, waits to be greeted."""
        async with self._database.writing() as connection:
            await group_store.join(connection, group)

    async def leave(self, group: int, now: datetime) -> None:
        """The bot was removed from a group."""
        async with self._database.writing() as connection:
            await group_store.leave(connection, group, now)

    async def find(self, group: int) -> Group | None:
        """A group by its id."""
        async with self._database.reading() as connection:
            return await group_store.find(connection, group)

    async def daily(self, group: int) -> Daily | None:
        """A group's settings; None before it was set up."""
        async with self._database.reading() as connection:
            return await group_store.daily(connection, group)

    def check(self, wish: Wish, now: datetime) -> list[Mistake]:
        """Everything that is wrong with a wish."""
        found = []
        if wish.at is not None and read_time(wish.at) is None:
            found.append(Mistake("setup.bad-time", {"given": wish.at}))
        if wish.zone is not None and self.read_zone(wish.zone, now) is None:
            near = [choice.name for choice in zone_choices(wish.zone, now, 3)]
            found.append(Mistake("setup.bad-zone", {"given": wish.zone, "near": ", ".join(near)}))
        if wish.level is not None and wish.level not in LEVELS:
            found.append(Mistake("setup.bad-level", {"given": wish.level}))
        return found

    @staticmethod
    def read_zone(text: str, now: datetime) -> str | None:
        """A zone by its name, or by the only city that fits."""
        if zone(text.strip()) is not None:
            return text.strip()
        choices = zone_choices(text, now, 2)
        return choices[0].name if len(choices) == 1 else None

    async def set_up(self, group: int, wish: Wish, by: int, now: datetime) -> tuple[Daily | None, bool]:
        """Set a group up or change it; the settings, and whether it is new.

        None while it is new and something is missing. The wish must have been checked. A pause because
        of failures ends: whoever sets the channel anew has mended what was wrong (R9).
        """
        at = read_time(wish.at) if wish.at is not None else None
        name = self.read_zone(wish.zone, now) if wish.zone is not None else None
        async with self._database.writing() as connection:
            before = await group_store.daily(connection, group)
            if before is None:
                if wish.channel is None or at is None or name is None:
                    return None, False
                found = zone(name)
                made = Daily(
                    group=group,
                    series=DAILY,
                    channel=wish.channel,
                    at=at,
                    zone=name,
                    weekdays=frozenset(range(7)),
                    skip_dates=frozenset(),
                    level=wish.level or "medium",
                    decks=None,
                    ping_role=None,
                    thread=False,
                    pin=False,
                    log_channel=None,
                    open_questions=False,
                    rematch=True,
                    seed=self._random.getrandbits(48),
                    started=local_date(now, found) if found is not None else now.date(),
                    paused=None,
                    failures=0,
                    told=None,
                    warned_left=None,
                )
            else:
                made = replace(
                    before,
                    channel=wish.channel if wish.channel is not None else before.channel,
                    at=at if at is not None else before.at,
                    zone=name if name is not None else before.zone,
                    level=wish.level or before.level,
                    paused=None if before.paused == "failures" else before.paused,
                    failures=0,
                    told=None,
                )
            await group_store.save(connection, made)
            detail = {
                "channel": made.channel,
                "at": made.at.isoformat(),
                "zone": made.zone,
                "level": made.level,
            }
            await member_store.note(connection, group, by, "settings", detail, now)
        return made, before is None

    async def change(self, group: int, further: Further, by: int, now: datetime) -> Daily | None:
        """Write the further settings; those of now, or None before the set-up. Dates gone by are dropped."""

        def changed(daily: Daily) -> Daily:
            today = local_date(now, found) if (found := zone(daily.zone)) is not None else now.date()
            # Yesterday's post may still be due after midnight (R8).
            oldest = today - timedelta(days=1)
            return replace(
                daily,
                weekdays=further.weekdays,
                skip_dates=frozenset(day for day in further.skip_dates if day >= oldest),
                decks=further.decks,
                ping_role=further.ping_role,
                log_channel=further.log_channel,
            )

        return await self._change(group, changed, "more", by, now)

    async def switch(self, group: int, what: Switch, by: int, now: datetime, *, on: bool) -> Daily | None:
        """Turn something on or off; the settings of now, or None before the set-up."""

        def changed(daily: Daily) -> Daily:
            match what:
                case Switch.THREAD:
                    return replace(daily, thread=on)
                case Switch.PIN:
                    return replace(daily, pin=on)
                case Switch.OPEN_QUESTIONS:
                    return replace(daily, open_questions=on)
                case Switch.REMATCH:
                    return replace(daily, rematch=on)

        return await self._change(group, changed, what.value, by, now)

    async def _change(
        self, group: int, changed: Callable[[Daily], Daily], what: str, by: int, now: datetime
    ) -> Daily | None:
        # Read and written in one transaction of the only writer, so that no tick comes in between.
        async with self._database.writing() as connection:
            before = await group_store.daily(connection, group)
            if before is None:
                return None
            made = changed(before)
            await group_store.save(connection, made)
            detail = {
                "weekdays": sorted(made.weekdays),
                "skip_dates": write_dates(made.skip_dates),
                "decks": None if made.decks is None else sorted(made.decks),
                "ping_role": made.ping_role,
                "log_channel": made.log_channel,
                "thread": made.thread,
                "pin": made.pin,
                "open_questions": made.open_questions,
                "rematch": made.rematch,
            }
            await member_store.note(connection, group, by, what, detail, now)
        return made

    async def pause(self, group: int, by: int, now: datetime) -> None:
        """Stop posting until the owner resumes."""
        async with self._database.writing() as connection:
            await group_store.pause(connection, group, "owner")
            await member_store.note(connection, group, by, "pause", {}, now)

    async def resume(self, group: int, by: int, now: datetime) -> Daily | None:
        """Go on posting; the settings, or None before the set-up."""
        async with self._database.writing() as connection:
            await group_store.resume(connection, group)
            await member_store.note(connection, group, by, "resume", {}, now)
            return await group_store.daily(connection, group)
