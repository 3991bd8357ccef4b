"""Groups: greeted once, set up in one go, changed by their owners (R4, R9, R12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random, SystemRandom

from deckwright.study.dates import local_date, zone, zone_choices
from deckwright_bot.store import groups as group_store, members as member_store
from deckwright_bot.store.database import Database
from deckwright_bot.store.records import DAILY, Daily, Group

KEEP_LEFT = timedelta(days=30)
"""So long a group that removed the bot, and a member who left, is kept for a return (R30)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an owner typed; None leaves a setting as it is."""

    channel: int | None = None
    at: str | None = None
    zone: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a wish cannot be granted: a key of the text catalogue and its values."""

    key: str
    values: dict[str, str]


def read_time(text: str) -> time | None:
    """A time of day as people write it: 9, 9:30, 09.30, 0930."""
    digits = text.strip().replace(".", ":").replace("h", ":").rstrip(":")
    hours, _, minutes = digits.partition(":")
    if not minutes and len(hours) == 4:
        hours, minutes = hours[:2], hours[2:]
    if not (hours.isdecimal() and (minutes or "0").isdecimal() and len(hours) <= 2 and len(minutes) <= 2):
        return None
    hour, minute = int(hours), int(minutes or "0")
    return time(hour, minute) if hour < 24 and minute < 60 else None


class GroupService:
    """Remembers groups and their settings."""

    def __init__(self, database: Database, random: Random | None = None) -> None:
        self._database = database
        self._random = random or SystemRandom()

    async def join(self, group: Group, now: datetime) -> bool:
        """Remember a group; True if it is to be greeted, for one caller only."""
        async with self._database.writing() as connection:
            new = await group_store.join(connection, group)
            return new and await group_store.greeted(connection, group.id, now)

    async def leave(self, group: int, now: datetime) -> None:
        """The bot was removed from a group."""
        async with self._database.writing() as connection:
            await group_store.leave(connection, group, now)

    async def purge(self, now: datetime) -> list[int]:
        """Forget groups that removed the bot 30 days ago."""
        async with self._database.writing() as connection:
            return await group_store.purge(connection, now - KEEP_LEFT)

    async def find(self, group: int) -> Group | None:
        """A group by its id."""
        async with self._database.reading() as connection:
            return await group_store.find(connection, group)

    async def daily(self, group: int) -> Daily | None:
        """A group's settings; None before it was set up."""
        async with self._database.reading() as connection:
            return await group_store.daily(connection, group)

    def check(self, wish: Wish, now: datetime) -> Mistake | None:
        """What is wrong with a wish, if anything."""
        if wish.at is not None and read_time(wish.at) is None:
            return Mistake("setup.bad-time", {"given": wish.at})
        if wish.zone is not None and self.read_zone(wish.zone, now) is None:
            near = [choice.name for choice in zone_choices(wish.zone, now, 3)]
            return Mistake("setup.bad-zone", {"given": wish.zone, "near": ", ".join(near)})
        return None

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

    async def change(self, daily: Daily, by: int, now: datetime) -> None:
        """Write further settings: days, decks, role, thread, pin, log channel."""
        async with self._database.writing() as connection:
            await group_store.save(connection, daily)
            await member_store.note(connection, daily.group, by, "more", {}, now)

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
