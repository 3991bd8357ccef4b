"""R1 to R11 on the real store: every clock change of every zone, and lives with everything that goes wrong.

What is demanded is worked out here once more, from the zones' offsets and the raw rows, without `deckwright.study`.
``make test`` takes one zone of each behaviour through the rules and sixty through the services;
``DECKWRIGHT_ZONES=all`` takes every zone and change through both, ``DECKWRIGHT_LIVES=500`` that many random lives.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sqlite3
import struct
from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import Phase, given, settings, strategies as st

from bot.fakes import CHANNEL, GROUP, OWNER, FakeMessenger, World, fresh, little_library
from deckwright.study import dates, schedule
from deckwright.study.schedule import LastPost, Series
from deckwright_bot.services.groups import Further, Wish
from deckwright_bot.services.ports import Refused, Unavailable
from deckwright_bot.store.records import DAILY, Daily, Group, Post

ALL = os.environ.get("DECKWRIGHT_ZONES") == "all"
LIVES = int(os.environ.get("DECKWRIGHT_LIVES", "30"))
SAMPLE = 60
# A life is short enough to be read as it is, and shrinking one takes minutes.
QUICK = settings(
    deadline=None,
    derandomize="DECKWRIGHT_LIVES" not in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
LONG_AGO = datetime(1800, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)

# Changes of an unusual kind: two hours, half an hour, Ramadan, midnight, a change of the law, one of each hemisphere.
SPECIAL = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Scoresbysund",
    "Antarctica/Troll",
    "Asia/Almaty",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
)
USUAL_TIMES = (time(0), time(2, 30), time(9), time(23, 59))


# What the rules demand, from offsets alone.


@dataclass(frozen=True)
class Calendar:
    """A zone as stretches of one offset each; the first reaches back for ever, the last on."""

    starts: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]

    def changes(self) -> Iterator[tuple[datetime, timedelta, timedelta]]:
        """Every change with the offsets before and after it."""
        for number in range(1, len(self.starts)):
            yield self.starts[number], self.offsets[number - 1], self.offsets[number]

    def shown(self, now: datetime) -> datetime:
        """What the clock on the wall shows, as a naive instant."""
        offset = self.offsets[max(bisect_right(self.starts, now) - 1, 0)]
        return (now + offset).replace(tzinfo=None)

    def _moment(self, local: datetime) -> datetime:
        """R1: the first instant that shows it, or the one moved on by the length of the gap it is in."""
        wall = local.replace(tzinfo=UTC)
        ends = (*self.starts[1:], None)
        for start, end, offset in zip(self.starts, ends, self.offsets, strict=True):
            if start <= wall - offset and (end is None or wall - offset < end):
                return wall - offset
        return next(
            wall - before
            for change, before, after in self.changes()
            if change <= wall - before and wall - after < change
        )

    def demanded(self, day: date, at: time) -> datetime | None:
        """R1, R3: the instant of a date; None for one that no clock shows or that falls on the next one's."""
        noon = datetime.combine(day, time())
        for change, before, after in self.changes():
            gap = ((change + before).replace(tzinfo=None), (change + after).replace(tzinfo=None))
            if gap[0] <= noon and noon + DAY <= gap[1]:
                return None
        moment = self._moment(datetime.combine(day, at))
        return None if moment == self._moment(datetime.combine(day + DAY, at)) else moment


def offset_at(zone: ZoneInfo, now: datetime) -> timedelta:
    return now.astimezone(zone).utcoffset() or timedelta()


@cache
def calendar(name: str, first: datetime = FIRST - 40 * DAY, last: datetime = LAST + 40 * DAY) -> Calendar:
    """A zone's stretches, found by asking for its offset day by day and halving."""
    zone = ZoneInfo(name)
    starts, offsets = [LONG_AGO], [offset_at(zone, first)]
    day = first
    while day < last:
        while offset_at(zone, day + DAY) != offsets[-1]:
            before, after = max(day, starts[-1]), day + DAY
            while after - before > SECOND:
                middle = (before + (after - before) / 2).replace(microsecond=0)
                before, after = (
                    (middle, after) if offset_at(zone, middle) == offsets[-1] else (before, middle)
                )
            starts.append(after)
            offsets.append(offset_at(zone, after))
        day += DAY
    return Calendar(tuple(starts), tuple(offsets))


@cache
def zones() -> tuple[str, ...]:
    """Every IANA name, or one of each behaviour in these years."""
    names = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
    if ALL:
        return tuple(names)
    return tuple(sorted({calendar(name): name for name in [*names, *SPECIAL]}.values()))


def changes_of(name: str) -> list[tuple[datetime, timedelta, timedelta]]:
    return [each for each in calendar(name).changes() if FIRST <= each[0] < LAST]


def odd_times(change: datetime, before: timedelta, after: timedelta) -> tuple[time, ...]:
    """Usual ones, and the edges and the inside of the gap or overlap."""
    one, two = sorted([change + before, change + after])
    edges = (one - MINUTE, one, one + MINUTE, one + (two - one) / 2, two - MINUTE, two)
    found = {each.time().replace(second=0, microsecond=0) for each in edges}
    return tuple(sorted({*USUAL_TIMES, *found}))


# The rules alone: every zone, every change.


def follow(series: Series, demanded: dict[date, datetime | None], late: timedelta) -> None:
    """Tick a second early, in time, doubled; what is due and what was announced is exactly what is demanded."""
    due_dates = [(day, when) for day, when in demanded.items() if when is not None]
    days = list(demanded)
    last = LastPost(days[0], due_dates[0][1])
    kept: list[tuple[date, datetime]] = []
    for day, when in due_dates[1:]:
        assert schedule.due(series, when - SECOND, last).post is None, (series.zone, series.at, day)
        found = schedule.due(series, when + late, last)
        if when - (last.opens or when) < 12 * HOUR:
            assert (found.post, found.skipped) == (None, (day,)), (series.zone, series.at, day)
            last = LastPost(day, last.opens)
            continue
        assert schedule.next_posts(series, when - SECOND, last, 1) == [(day, when)], (series.zone, series.at)
        assert (found.post, found.scheduled, found.skipped) == (day, when, ()), (series.zone, series.at, day)
        last = LastPost(day, when + late)
        assert schedule.due(series, when + late, last).post is None
        kept.append((day, when))
    for (day, when), (_, following) in pairwise(kept):
        wanted = min(max(following, when + late + 20 * HOUR), when + late + 72 * HOUR)
        assert schedule.closing(series, day, when + late) == wanted, (series.zone, series.at, day)


def test_r1_r3_at_every_change_of_every_zone_each_date_is_due_once_at_its_instant() -> None:
    seen = 0
    for name in zones():
        wall = calendar(name)
        for change, before, after in changes_of(name):
            middle = wall.shown(change).date()
            for number, at in enumerate(odd_times(change, before, after)):
                demanded = {middle + n * DAY: wall.demanded(middle + n * DAY, at) for n in range(-3, 4)}
                series = Series(1, DAILY, name, at, started=middle - 9 * DAY)
                follow(series, demanded, late=number % 3 * MINUTE)
                seen += 1

    assert seen > 4000


@pytest.mark.parametrize(
    ("name", "year", "missing"),
    [
        ("Pacific/Apia", 2011, date(2011, 12, 30)),
        ("Pacific/Fakaofo", 2011, date(2011, 12, 30)),
        ("Pacific/Kwajalein", 1993, date(1993, 8, 21)),
        ("Pacific/Kiritimati", 1994, date(1994, 12, 31)),
        ("Asia/Manila", 1844, date(1844, 12, 31)),
        ("Pacific/Kwajalein", 1969, None),
        ("America/Juneau", 1867, None),
        ("America/St_Johns", 2010, None),
    ],
)
def test_r3_dates_that_a_calendar_left_out_or_had_twice(name: str, year: int, missing: date | None) -> None:
    first = datetime(year, 1, 1, tzinfo=UTC)
    wall = calendar(name, first, first + 370 * DAY)
    for change, before, after in wall.changes():
        middle = wall.shown(change).date()
        for at in odd_times(change, before, after):
            demanded = {middle + n * DAY: wall.demanded(middle + n * DAY, at) for n in range(-4, 5)}
            for late in (timedelta(), 30 * MINUTE):
                follow(Series(1, DAILY, name, at, started=middle - 9 * DAY), demanded, late=late)
            gone = [day for day, when in demanded.items() if when is None]

            assert gone == ([missing] if missing in demanded else [])


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize(
    "day", [date(2028, 2, 29), date(2024, 2, 29), date(2026, 12, 31), date(2030, 12, 31)]
)
def test_r1_leap_days_and_the_ends_of_years_are_dates_like_any_other(name: str, day: date) -> None:
    wall = calendar(name)
    for at in USUAL_TIMES:
        demanded = {day + n * DAY: wall.demanded(day + n * DAY, at) for n in range(-2, 3)}
        follow(Series(1, DAILY, name, at, started=day - 9 * DAY), demanded, late=timedelta())

        assert None not in demanded.values()


def invented(wall: Calendar) -> ZoneInfo:
    """A zone that no atlas has, in the form of the time zone database."""
    count = len(wall.starts)
    header = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, count - 1, count, 4)
    times = struct.pack(f">{count - 1}l", *(int(start.timestamp()) for start in wall.starts[1:]))
    kinds = b"".join(struct.pack(">lBB", int(offset.total_seconds()), 0, 0) for offset in wall.offsets)
    return ZoneInfo.from_file(
        io.BytesIO(header + times + bytes(range(1, count)) + kinds + b"INV\0"), "Invented"
    )


@st.composite
def invented_calendars(draw: st.DrawFn) -> Calendar:
    """Laws that are made and unmade: changes of minutes or of a whole day, the last of them for ever."""
    hours = draw(st.integers(-44, 44))
    starts, offsets = [LONG_AGO], [hours * 15 * MINUTE]
    now = FIRST
    for _ in range(draw(st.integers(1, 6))):
        now += draw(st.integers(4 * 24 * 4, 300 * 24 * 4)) * 15 * MINUTE
        across = DAY if offsets[-1] < timedelta() else -DAY
        steps = [HOUR, -HOUR, 30 * MINUTE, -30 * MINUTE, 2 * HOUR, -3 * HOUR, across, 23 * HOUR, -23 * HOUR]
        after = offsets[-1] + draw(st.sampled_from(steps))
        if abs(after) <= 14 * HOUR:
            starts.append(now)
            offsets.append(after)
    return Calendar(tuple(starts), tuple(offsets))


@given(invented_calendars(), st.data())
@settings(QUICK, max_examples=10 * LIVES)
def test_law_r1_r3_a_zone_that_its_government_invents_tomorrow_has_its_dates_too(
    wall: Calendar, data: st.DataObject
) -> None:
    """Whole dates left out or had twice between 2024 and 2030, and summer time that ends for good."""
    zone = invented(wall)
    around = [(start, old, new) for start, old, new in wall.changes()] or [
        (FIRST, wall.offsets[0], wall.offsets[0])
    ]
    change, before, after = data.draw(st.sampled_from(around))
    at = data.draw(st.sampled_from(odd_times(change, before, after)))
    middle = wall.shown(change).date()
    demanded = {middle + n * DAY: wall.demanded(middle + n * DAY, at) for n in range(-4, 5)}

    assert {day: dates.instant(day, at, zone) for day in demanded} == demanded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "zone", lambda _name: zone)
        late = data.draw(st.sampled_from([timedelta(), 30 * MINUTE]))
        follow(Series(1, DAILY, "Invented", at, started=middle - 9 * DAY), demanded, late=late)


# The services, on the real store.


@dataclass
class Chat(FakeMessenger):
    """A chat that forgets nonces after some minutes, and remembers when each message appeared."""

    bot_clock: datetime = FIRST
    real: datetime = FIRST
    """Time that never jumps, by which Discord forgets."""
    out: dict[int, tuple[date, datetime, datetime]] = field(default_factory=dict)
    """For each message: its date, and when it appeared by the bot's clock and by the real one."""
    script: list[str] = field(default_factory=list)

    async def send_post(self, post: Post, *what: Any, **more: Any) -> int:
        await asyncio.sleep(0)
        happens = self.script.pop(0) if self.script else ""
        if happens == "unavailable":
            raise Unavailable("503")
        if happens == "refused":
            raise Refused("403", ["Send Messages"])
        known = self.by_nonce.get(post.nonce or "")
        if known is not None and self.real - self.out[known][2] > 4 * MINUTE:
            del self.by_nonce[post.nonce or ""]
        message = await super().send_post(post, *what, **more)
        self.out.setdefault(message, (post.date, self.bot_clock, self.real))
        if happens == "lost":
            raise Unavailable("the answer was lost")
        return message

    async def find_post(self, post: Post, around: datetime) -> int | None:
        await asyncio.sleep(0)
        return await super().find_post(post, around)


class Alarms(logging.Handler):
    """Mistakes of our own, which a tick only logs so that other groups go on."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


@contextmanager
def alarms() -> Iterator[list[str]]:
    handler, log = Alarms(), logging.getLogger("deckwright_bot")
    log.addHandler(handler)
    # Warnings of failed sends are wanted here by the thousand; only errors are heard.
    log.setLevel(logging.ERROR)
    try:
        yield handler.found
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


Row = dict[str, Any]
Answer = tuple[date | None, list[date]]
"""The date that is posted, if one is, and those that are skipped."""
NEXT = {
    "claimed": {"claimed", "sent", "closed", "failed"},
    "sent": {"sent", "closed", "void"},
    "closed": {"closed", "void"},
    "skipped": {"skipped"},
    "void": {"void"},
    "failed": {"failed"},
}
FIXED = ("date", "card", "ordinal", "snapshot", "nonce", "scheduled", "claimed", "channel")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Life:
    """A group's bot, or two by mistake, and a clock that may be wrong; after every step the laws are asked."""

    def __init__(self, folder: Path, now: datetime, pool: int = 5) -> None:
        self.chat = Chat(bot_clock=now, real=now)
        self.pool = pool
        self.worlds = [fresh(folder, little_library(pool), self.chat, now) for _ in range(2)]
        self.now = now
        self.raw = sqlite3.connect(folder / "bot.sqlite")
        self.raw.row_factory = sqlite3.Row
        self.before: dict[int, Row] = {}

    @property
    def world(self) -> World:
        return self.worlds[0]

    async def end(self) -> None:
        self.raw.close()
        for world in self.worlds:
            await world.database.close()

    def rows(self) -> list[Row]:
        return [dict(row) for row in self.raw.execute("select * from posts order by date")]

    def series(self) -> Row:
        return dict(self.raw.execute("select * from series").fetchone())

    def pass_time(self, span: timedelta) -> None:
        self.now += span
        self.chat.real += max(span, timedelta())
        self.chat.bot_clock = self.now

    def jump(self, span: timedelta) -> None:
        """The clock is set; nothing passes."""
        self.now += span
        self.chat.bot_clock = self.now

    # what is demanded

    def asked_on(self, series: Row, day: date) -> bool:
        return bool(series["weekdays"] >> day.weekday() & 1) and day.isoformat() not in json.loads(
            series["skip_dates"]
        )

    def instants(self, series: Row, first: date, last: date) -> Iterator[tuple[date, datetime]]:
        wall, at = calendar(series["zone"]), time.fromisoformat(series["at"])
        for n in range((last - first).days + 1):
            day = first + n * DAY
            if self.asked_on(series, day) and (when := wall.demanded(day, at)) is not None:
                yield day, when

    def last_out(self, rows: Sequence[Row]) -> tuple[datetime | None, datetime | None]:
        """When the newest post went out: not before, and not after.

        A message that was found again has its time somewhere within its six hours; a claim still being
        sent counts from its opening, for it may appear at any moment.
        """
        known = {day: at for day, at, _ in self.chat.out.values()}
        early, late = [], []
        for row in rows:
            day = date.fromisoformat(row["date"])
            if row["state"] == "claimed":
                early.append(moment(row["opens"]))
                late.append(max(early[-1], known.get(day, early[-1])))
            elif row["sent"] is not None:
                early.append(known[day])
                late.append(max(known[day], min(moment(row["sent"]), moment(row["scheduled"]) + 6 * HOUR)))
        return max(early, default=None), max(late, default=None)

    def owed(self, rows: Sequence[Row]) -> tuple[list[Answer], datetime | None]:
        """R3, R4, R8: the date to be posted now and those to be skipped; two answers where both are right."""
        series = self.series()
        if series["paused"] is not None:
            return [(None, [])], None
        newest = max((date.fromisoformat(row["date"]) for row in rows), default=None)
        first = date.fromisoformat(series["started"]) if newest is None else newest + DAY
        passed = [
            (day, when)
            for day, when in self.instants(series, first, (self.now + 2 * DAY).date())
            if when <= self.now
        ]
        if not passed:
            return [(None, [])], None
        days, (day, when) = [each for each, _ in passed], passed[-1]
        skipping: Answer = (None, days)
        posting: Answer = (day, days[:-1])
        if self.now - when > 6 * HOUR:
            return [skipping], when
        early, late = self.last_out(rows)
        answers: list[Answer] = []
        if late is None or when - late >= 12 * HOUR:
            answers.append(posting)
        elif early is not None and when - early >= 12 * HOUR:
            answers += [posting, skipping]
        else:
            answers.append(skipping)
        return answers, when

    def demanded_close(self, series: Row, day: date, opens: datetime) -> datetime:
        """R11: at the next scheduled post that R4 allows, within 20 to 72 h."""
        following = opens + 72 * HOUR
        if series["paused"] is None:
            for _, when in self.instants(series, day + DAY, day + 8 * DAY):
                if when > opens and when - opens >= 12 * HOUR:
                    following = when
                    break
        return min(max(following, opens + 20 * HOUR), opens + 72 * HOUR)

    # what happens

    async def set_up(self, at: time, zone: str) -> None:
        await self.world.groups.join(Group(GROUP, "Group", OWNER, "en", self.now, None, None))
        wish = Wish(channel=CHANNEL, at=f"{at:%H:%M}", zone=zone, level="medium")
        assert (await self.world.groups.set_up(GROUP, wish, OWNER, self.now))[0] is not None
        await self.post_now()

    async def daily(self) -> Daily:
        daily = await self.world.groups.daily(GROUP)
        assert daily is not None
        return daily

    async def post_now(self) -> None:
        """R12 and ``/admin post``: today's date at once, unless it is taken or the last post is too near."""
        rows = self.rows()
        series, (early, late) = self.series(), self.last_out(rows)
        today = calendar(series["zone"]).shown(self.now).date()
        newest = max((date.fromisoformat(row["date"]) for row in rows), default=None)
        free = newest is None or today > newest
        allowed = [free and (late is None or self.now - late >= 12 * HOUR)]
        if (
            free
            and late is not None
            and early is not None
            and self.now - early >= 12 * HOUR > self.now - late
        ):
            allowed = [True, False]
        with suppress(Refused, Unavailable):
            await self.world.posts.post_now(await self.daily(), self.now)
        missed: list[date] = []
        if free and newest is not None:
            missed = [
                day for day, when in self.instants(series, newest + DAY, today - DAY) if when <= self.now
            ]
        answers: list[Answer] = [(today, missed) if yes else (None, []) for yes in allowed]
        self.ask(series, answers, self.now)

    async def tick(self, how: str = "one") -> None:
        """One tick of one bot, two in a row, or both bots at once."""
        rows, series = self.rows(), self.series()
        self.seen(rows)
        asked = [each for each in rows if each["state"] == "claimed"]
        answers, when = self.owed(rows)
        if asked:
            # A claim that is given up or found in this very tick changes what R4 counts from.
            answers += [(None, [*skipped, day]) for day, skipped in answers if day is not None]
            answers += [
                (skipped[-1], skipped[:-1])
                for day, skipped in answers
                if day is None and skipped and when and self.now - when <= 6 * HOUR
            ]
        one, two = self.worlds[0].posts, self.worlds[1].posts
        if how == "both":
            await asyncio.gather(one.tick(self.now), two.tick(self.now))
        else:
            await one.tick(self.now)
        self.ask(series, answers, when)
        if how == "twice":
            await two.tick(self.now)
            self.ask(series, [(None, [])], None)
        late = [row for row in self.rows() if row["state"] == "sent" and moment(row["closes"]) <= self.now]
        # One whose message was found in this very tick is closed by the next.
        assert {row["id"] for row in late} <= {row["id"] for row in asked}

    async def live(self, span: timedelta, how: str, step: timedelta, lateness: timedelta) -> None:
        """Tick at every instant something is due, a little late, and at steps between them."""
        until, series = self.now + span, self.series()
        today = self.now.date()
        due = [when + lateness for _, when in self.instants(series, today - 2 * DAY, until.date() + DAY)]
        due += [moment(row["closes"]) for row in self.rows() if row["closes"] is not None]
        stops = {when for when in due if self.now < when < until} | {until}
        now = self.now + step
        while now < until:
            stops.add(now)
            now += step
        for stop in sorted(stops):
            self.pass_time(stop - self.now)
            await self.tick(how)

    # the laws

    def seen(self, rows: Sequence[Row]) -> None:
        self.before = {row["id"]: row for row in rows}

    def ask(self, series: Row, answers: Sequence[Answer], when: datetime | None) -> None:
        rows = self.rows()
        self.follows_its_states(rows)
        new = [row for row in rows if row["id"] not in self.before]
        claims = [row for row in new if row["snapshot"] is not None]
        found = (
            date.fromisoformat(claims[0]["date"]) if claims else None,
            [date.fromisoformat(row["date"]) for row in new if row["snapshot"] is None],
        )
        assert len(claims) <= 1, "at most one catch-up (R8)"
        assert found in answers, (found, answers, self.now)
        for claim in claims:
            assert moment(claim["scheduled"]) == when
            assert moment(claim["opens"]) == self.now
            assert moment(claim["closes"]) == self.demanded_close(
                series, date.fromisoformat(claim["date"]), self.now
            )
            self.has_not_been_asked(claim, [row for row in rows if row is not claim])
        self.seen(rows)
        self.appeared_once()

    def follows_its_states(self, rows: Sequence[Row]) -> None:
        """R6: rows never go, never go back, and keep what they asked; a close is not moved once a message is out."""
        now = {row["id"]: row for row in rows}
        out = {day for day, _, _ in self.chat.out.values()}
        for number, old in self.before.items():
            new = now[number]
            assert new["state"] in NEXT[old["state"]], (old["state"], new["state"])
            assert all(new[name] == old[name] for name in FIXED)
            assert old["message"] in (None, new["message"])
            if old["message"] is not None or old["state"] == "skipped":
                assert (new["opens"], new["closes"]) == (old["opens"], old["closes"])
            if old["state"] in ("closed", "void") and new["state"] == old["state"]:
                assert new["closed"] == old["closed"]
            if new["state"] == "closed":
                assert new["closed"] >= new["closes"]
        for row in rows:
            assert (row["message"] is not None) == (row["state"] in ("sent", "closed", "void"))
            if row["state"] == "skipped":
                assert date.fromisoformat(row["date"]) not in out

    def has_not_been_asked(self, claim: Row, others: Sequence[Row]) -> None:
        """R10: of all prompts it was asked least often, by the posts that did not give theirs back."""
        times = Counter(row["card"] for row in others if row["state"] not in ("skipped", "failed"))
        least = min(times[f"choice-{n}"] for n in range(self.pool))
        assert times[claim["card"]] == least, (claim["card"], times)

    def appeared_once(self) -> None:
        """One message a date, whatever was lost; and R4's twelve hours between any two, by the bot's own clock."""
        shown = [day for day, _, _ in self.chat.out.values()]
        assert len(shown) == len(set(shown)), sorted(shown)
        rows = {row["date"]: row for row in self.rows()}
        by_time = sorted((at, day) for day, at, _ in self.chat.out.values())
        for (at, _), (later, day) in pairwise(by_time):
            assert later - at >= 12 * HOUR
            assert moment(rows[day.isoformat()]["scheduled"]) - at >= 12 * HOUR
        for day, at, _ in self.chat.out.values():
            row = rows[day.isoformat()]
            assert timedelta() <= at - moment(row["scheduled"]) <= 6 * HOUR
            assert 20 * HOUR - 2 * MINUTE <= moment(row["closes"]) - at <= 72 * HOUR

    def nothing_is_missing(self) -> None:
        """Every date that the present schedule asks on has a row, between the first and the last."""
        rows = {date.fromisoformat(row["date"]) for row in self.rows()}
        for day, _ in self.instants(self.series(), min(rows), max(rows)):
            assert day in rows, day


def sample() -> list[tuple[str, int, int]]:
    """Zones to take through the services: a name, which of its changes, which odd time."""
    rng = Random(2026)
    moving = [name for name in zones() if changes_of(name)]
    if ALL:
        return [
            (name, number, rng.randrange(99)) for name in moving for number in range(len(changes_of(name)))
        ]
    others = [name for name in moving if name not in SPECIAL]
    names = [*SPECIAL, *rng.sample(others, min(len(others), SAMPLE - len(SPECIAL)))]
    while len(names) < SAMPLE:
        names.append(rng.choice(moving))
    return [(name, rng.randrange(len(changes_of(name))), rng.randrange(99)) for name in names]


@pytest.mark.parametrize("part", range(6))
def test_r1_r2_through_a_clock_change_the_services_post_each_date_once(part: int) -> None:
    async def through(name: str, number: int, odd: int, folder: Path) -> None:
        wall, (change, before, after) = calendar(name), changes_of(name)[number]
        times = odd_times(change, before, after)
        at, middle = times[odd % len(times)], wall.shown(change).date()
        demanded = [wall.demanded(middle + n * DAY, at) for n in range(-2, 3)]
        start = next(when for when in demanded if when is not None) - 30 * HOUR
        life = Life(folder, start)
        try:
            await life.set_up(at, name)
            await life.live(6 * DAY, ("one", "twice", "both")[odd % 3], 40 * HOUR, odd % 2 * 29 * SECOND)
            life.nothing_is_missing()
            shown = {day: when for day, when, _ in life.chat.out.values()}
        finally:
            await life.end()
        for n, when in enumerate(demanded):
            if when is not None:
                assert timedelta() <= shown[middle + (n - 2) * DAY] - when <= 29 * SECOND, (name, at)

    with alarms() as heard:
        for each in sample()[part::6]:
            with TemporaryDirectory() as folder:
                asyncio.run(through(*each, Path(folder)))
    assert heard == []


# Lives in which everything happens.


@dataclass(frozen=True)
class Pass:
    span: timedelta
    how: str
    step: timedelta
    lateness: timedelta


@dataclass(frozen=True)
class Change:
    at: time | None
    zone: str | None
    weekdays: frozenset[int] | None
    off: frozenset[int]


@dataclass(frozen=True)
class Down:
    span: timedelta


@dataclass(frozen=True)
class Jump:
    span: timedelta


@dataclass(frozen=True)
class Faults:
    script: tuple[str, ...]
    may_search: bool


@dataclass(frozen=True)
class Owner:
    does: str


Event = Pass | Change | Down | Jump | Faults | Owner

ODD_ZONES = st.sampled_from([*SPECIAL, "UTC", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu"])
TIMES = st.sampled_from(
    [time(0), time(0, 15), time(2, 30), time(9), time(9, 5), time(15), time(21), time(23, 59)]
)
PASSES = st.builds(
    Pass,
    st.sampled_from([2 * MINUTE, 20 * MINUTE, 3 * HOUR, 13 * HOUR, 30 * HOUR, 75 * HOUR]),
    st.sampled_from(["one", "one", "twice", "both"]),
    st.sampled_from([7 * HOUR, 19 * HOUR]),
    st.sampled_from([timedelta(), SECOND, 29 * SECOND, 3 * HOUR, 6 * HOUR, 6 * HOUR + SECOND]),
)
EVENTS = st.one_of(
    PASSES,
    PASSES,
    st.builds(
        Change,
        st.none() | TIMES,
        st.none() | ODD_ZONES,
        st.none() | st.frozensets(st.integers(0, 6), min_size=1),
        st.frozensets(st.integers(0, 6), max_size=2),
    ),
    st.builds(Down, st.sampled_from([3 * MINUTE, HOUR, 5 * HOUR, 7 * HOUR, 20 * HOUR, 3 * DAY, 16 * DAY])),
    st.builds(Jump, st.integers(-24 * 60, 24 * 60).map(lambda minutes: minutes * MINUTE)),
    st.builds(
        Faults,
        st.lists(
            st.sampled_from(["unavailable", "unavailable", "refused", "lost"]), min_size=1, max_size=7
        ).map(tuple),
        st.sampled_from([True, True, True, False]),
    ),
    st.builds(Owner, st.sampled_from(["pause", "resume", "resume", "post", "void"])),
)


async def play(life: Life, event: Event) -> None:
    match event:
        case Pass(span, how, step, lateness):
            await life.live(span, how, step, lateness)
        case Change(at, zone, weekdays, off):
            wish = Wish(at=None if at is None else f"{at:%H:%M}", zone=zone)
            await life.world.groups.set_up(GROUP, wish, OWNER, life.now)
            today = life.now.date()
            daily = await life.daily()
            days = frozenset(today + n * DAY for n in off)
            further = Further(
                weekdays or daily.weekdays, days, daily.decks, daily.ping_role, daily.log_channel
            )
            await life.world.groups.change(GROUP, further, OWNER, life.now)
        case Down(span):
            life.pass_time(span)
            await life.tick()
        case Jump(span):
            life.jump(span)
            await life.tick()
        case Faults(script, may_search):
            life.chat.script, life.chat.may_search = list(script), may_search
        case Owner("pause"):
            await life.world.groups.pause(GROUP, OWNER, life.now)
        case Owner("resume"):
            await life.world.groups.resume(GROUP, OWNER, life.now)
        case Owner("post"):
            await life.post_now()
        case Owner(_):
            out = [row for row in life.rows() if row["state"] in ("sent", "closed")]
            if out:
                day = date.fromisoformat(out[-1]["date"])
                voided = await life.world.services.corrections.void(GROUP, day, "wrong", OWNER, life.now)
                assert isinstance(voided, Post)


async def whole_life(life: Life, events: Sequence[Event]) -> None:
    for event in events:
        await play(life, event)
    # In the end all is well again: what was begun is finished.
    life.chat.script, life.chat.may_search = [], True
    await life.world.groups.resume(GROUP, OWNER, life.now)
    await life.live(30 * HOUR, "one", 5 * HOUR, timedelta())
    assert all(row["state"] != "claimed" for row in life.rows())


def told(start: datetime, at: time, zone: str, story: Callable[[Life], Awaitable[None]]) -> None:
    async def whole(folder: Path) -> None:
        life = Life(folder, start)
        try:
            await life.set_up(at, zone)
            await story(life)
        finally:
            await life.end()

    with TemporaryDirectory() as folder:
        asyncio.run(whole(Path(folder)))


@st.composite
def births(draw: st.DrawFn) -> tuple[str, time, datetime]:
    name = draw(st.sampled_from(SPECIAL))
    change, before, after = draw(st.sampled_from(changes_of(name)))
    at = draw(st.sampled_from(odd_times(change, before, after)))
    return name, at, change - draw(st.integers(0, 12)) * 11 * HOUR


@given(births(), st.lists(EVENTS, min_size=2, max_size=9))
@settings(QUICK, max_examples=LIVES)
def test_law_r1_to_r11_whatever_happens_each_date_has_one_row_and_one_message_at_most(
    birth: tuple[str, time, datetime], events: list[Event]
) -> None:
    name, at, start = birth

    with alarms() as heard:
        told(start, at, name, lambda life: whole_life(life, events))
    assert heard == []


# What random lives found, each in its shortest form.

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
"""A group is set up at its hour, 09:00 UTC."""
ONE_DAY = Down(DAY)


@pytest.mark.parametrize(
    "events",
    {
        "a little late": [Down(30 * HOUR), Down(19 * HOUR)],
        "too late by an hour": [Down(31 * HOUR)],
        "too late by a second": [Down(30 * HOUR + SECOND)],
        "weeks": [Down(17 * DAY), Down(3 * DAY + 7 * HOUR)],
        "paused": [Owner("pause"), ONE_DAY, Down(3 * HOUR), Owner("resume"), Down(HOUR), ONE_DAY],
        "mondays only": [Change(None, None, frozenset({0}), frozenset()), *[ONE_DAY] * 8],
        "a holiday": [Change(None, None, None, frozenset(range(1, 6))), *[ONE_DAY] * 8],
        "an hour of errors": [
            Faults(("unavailable",) * 2, may_search=True),
            ONE_DAY,
            Down(HOUR),
            Down(HOUR),
            ONE_DAY,
        ],
        "errors until it is too late": [
            Faults(("unavailable",) * 2, may_search=True),
            ONE_DAY,
            Down(HOUR),
            Down(7 * HOUR),
        ],
        "one that failed is asked another day": [
            Faults(("unavailable",) * 2, may_search=True),
            *[ONE_DAY, Down(HOUR), Down(7 * HOUR), Down(16 * HOUR)],
            *[ONE_DAY] * 8,
        ],
        "lost, and found": [Faults(("lost",), may_search=True), ONE_DAY, Down(HOUR), ONE_DAY],
        "lost, and nobody may look": [
            Faults(("lost",), may_search=False),
            ONE_DAY,
            Down(HOUR),
            Down(7 * HOUR),
            ONE_DAY,
        ],
        "refused": [
            Faults(("refused",) * 3, may_search=True),
            ONE_DAY,
            *[Down(20 * MINUTE)] * 4,
            Owner("resume"),
            Down(HOUR),
        ],
        "evening to morning": [
            Change(time(21), None, None, frozenset()),
            ONE_DAY,
            Down(12 * HOUR),
            Change(time(8, 59), None, None, frozenset()),
            ONE_DAY,
        ],
        "round the world": [
            Change(None, "Pacific/Niue", None, frozenset()),
            ONE_DAY,
            ONE_DAY,
            Change(None, "Pacific/Kiritimati", None, frozenset()),
            ONE_DAY,
            ONE_DAY,
        ],
        "back and forth": [Jump(-DAY), ONE_DAY, Jump(DAY), Jump(-5 * HOUR), ONE_DAY, ONE_DAY],
        "void": [Owner("void"), ONE_DAY, Owner("void"), ONE_DAY],
        "every prompt and again": [ONE_DAY] * 12,
    }.values(),
)
@pytest.mark.parametrize("how", ["one", "both"])
def test_r4_r6_r8_r9_r11_one_thing_after_another(events: list[Event], how: str) -> None:
    """The same laws where each rule is sure to be met; every silence ends with a tick of one bot or of two."""
    long = [
        each if not isinstance(each, Down) else Pass(each.span, how, each.span, timedelta())
        for each in events
    ]
    with alarms() as heard:
        told(MONDAY, time(9), "UTC", lambda life: whole_life(life, long if how == "both" else events))
    assert heard == []


def test_r4_a_message_found_again_after_days_counts_from_when_it_appeared() -> None:
    """Sent on Tuesday, its answer lost, the bot down until Thursday 08:50: Thursday's post comes at 09:00."""

    async def story(life: Life) -> None:
        life.chat.script = ["lost"]
        life.pass_time(DAY)
        await life.tick()
        life.pass_time(2 * DAY - 10 * MINUTE)
        await life.tick()
        life.pass_time(10 * MINUTE)
        await life.tick()
        states = [(row["date"][-2:], row["state"]) for row in life.rows()]
        assert states == [("01", "closed"), ("02", "closed"), ("03", "skipped"), ("04", "sent")]

    told(MONDAY, time(9), "UTC", story)


def test_r4_a_claim_that_is_still_being_sent_keeps_the_next_post_away() -> None:
    """Tuesday 23:50 cannot be sent; at 23:55 the owner moves the time to 00:10; both would come at once."""

    async def story(life: Life) -> None:
        life.pass_time(15 * HOUR - 10 * MINUTE)
        await life.tick()
        life.chat.script = ["unavailable"] * 5
        life.pass_time(DAY)
        await life.tick()
        life.pass_time(5 * MINUTE)
        await life.world.groups.set_up(GROUP, Wish(at="00:10"), OWNER, life.now)
        for _ in range(40):
            life.pass_time(MINUTE)
            await life.tick()
        assert sorted(day.day for day, _, _ in life.chat.out.values()) == [1, 2]

    told(MONDAY, time(23, 50), "UTC", story)


def test_r8_a_post_made_by_hand_leaves_no_earlier_date_without_a_row() -> None:
    async def story(life: Life) -> None:
        life.pass_time(3 * DAY + HOUR)
        await life.post_now()
        life.nothing_is_missing()

    told(MONDAY, time(9), "UTC", story)


def test_r2_r15_the_live_count_goes_on_after_the_clock_was_set_back() -> None:
    async def story(life: Life) -> None:
        post = await life.world.posts.today(GROUP, DAILY)
        assert post is not None
        for member in (1, 2):
            await life.world.answers.dont_know(post.id, GROUP, member, "m", life.now)
            await life.tick()
            assert life.chat.counts[post.id] == member
            life.jump(-5 * HOUR)
            life.pass_time(MINUTE)

    told(MONDAY, time(9), "UTC", story)


def test_r2_r20_a_clock_that_was_ahead_for_a_moment_makes_no_outage() -> None:
    """It shows tomorrow for one tick; then the bot ticks all day, so the day is no outage."""

    async def story(life: Life) -> None:
        await life.tick()
        life.jump(23 * HOUR)
        await life.tick()
        life.jump(-23 * HOUR)
        for _ in range(24 * 12 + 1):
            life.pass_time(5 * MINUTE)
            await life.tick()
        first = life.rows()[0]
        assert (first["state"], first["outage"]) == ("closed", 0)

    told(MONDAY, time(9), "UTC", story)
