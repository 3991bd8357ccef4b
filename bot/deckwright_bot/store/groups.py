"""Groups and their series."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Row, bindparam, case, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.records import DAILY, Daily, Group
from deckwright_bot.store.tables import groups, series

_new_group = insert(groups)
_JOIN = _new_group.on_conflict_do_update(
    index_elements=["id"],
    set_={
        "name": _new_group.excluded.name,
        "owner": _new_group.excluded.owner,
        "locale": _new_group.excluded.locale,
        "left": None,
        # Whoever takes the bot in again is greeted again.
        "greeted": case((groups.c.left.is_not(None), None), else_=groups.c.greeted),
    },
)
_GREETED = update(groups).where(groups.c.id == bindparam("group"), groups.c.greeted.is_(None))
_GREETED = _GREETED.values(greeted=bindparam("now")).returning(groups.c.id)
_UNGREETED = select(groups).where(groups.c.greeted.is_(None), groups.c.left.is_(None))
_LEFT = update(groups).where(groups.c.id == bindparam("group")).values(left=bindparam("now"))
_JOINED = select(groups.c.id).where(groups.c.left.is_(None))
_GROUP = select(groups).where(groups.c.id == bindparam("group"))

_one_series = (series.c.group_id == bindparam("group")) & (series.c.series == bindparam("name"))
_DAILY = select(series).where(_one_series)
_TO_LOOK_AT = (
    select(series)
    .join(groups, groups.c.id == series.c.group_id)
    .where(
        series.c.paused.is_(None),
        groups.c.left.is_(None),
        # A clock that was set back has looked in the future.
        series.c.wakes.is_(None)
        | (series.c.wakes <= bindparam("now"))
        | (series.c.looked > bindparam("now")),
    )
)
_LOOKED = update(series).where(_one_series).values(looked=bindparam("now"), wakes=bindparam("next"))
_LOOK_AFRESH = update(series).where(series.c.wakes.is_not(None)).values(wakes=None)
_CHANGEABLE = [
    "channel",
    "at",
    "zone",
    "weekdays",
    "skip_dates",
    "level",
    "decks",
    "ping_role",
    "thread",
    "pin",
    "log_channel",
    "open_questions",
    "rematch",
    "paused",
    "failures",
    "told",
    "warned_left",
]
_new_series = insert(series)
_SET = _new_series.on_conflict_do_update(
    index_elements=["group_id", "series"],
    set_={name: _new_series.excluded[name] for name in _CHANGEABLE} | {"wakes": None},
)
_FAILED = (
    update(series).where(_one_series).values(failures=series.c.failures + 1).returning(series.c.failures)
)
_WORKED = update(series).where(_one_series, series.c.failures > 0).values(failures=0)
_PAUSE = (
    update(series)
    .where(_one_series, series.c.paused.is_(None))
    .values(paused=bindparam("why"), told=None)
    .returning(series.c.group_id)
)
_TOLD = (
    update(series)
    .where(_one_series, series.c.told.is_(None))
    .values(told=bindparam("now"))
    .returning(series.c.group_id)
)
_UNTOLD = select(series).where(series.c.paused == "failures", series.c.told.is_(None))
_RESUME = update(series).where(_one_series).values(paused=None, failures=0, told=None, wakes=None)
_WARNED = update(series).where(_one_series).values(warned_left=bindparam("left_over"))


async def join(connection: AsyncConnection, group: Group) -> None:
    """Remember a group, with the name and owner it has now."""
    await connection.execute(
        _JOIN,
        {
            "id": group.id,
            "name": group.name,
            "owner": group.owner,
            "locale": group.locale,
            "joined": group.joined,
        },
    )


async def ungreeted(connection: AsyncConnection) -> list[Group]:
    """Groups that wait for the message on joining (R12)."""
    return [_group(row) for row in await connection.execute(_UNGREETED)]


async def greeted(connection: AsyncConnection, group: int, now: datetime) -> bool:
    """Note that a group was greeted; False if that was noted already."""
    return (await connection.execute(_GREETED, {"group": group, "now": now})).first() is not None


async def leave(connection: AsyncConnection, group: int, now: datetime) -> None:
    """Remember that the bot was removed."""
    await connection.execute(_LEFT, {"group": group, "now": now})


async def joined(connection: AsyncConnection) -> list[int]:
    """The groups that the bot is in, as far as is known."""
    return [row.id for row in await connection.execute(_JOINED)]


async def find(connection: AsyncConnection, group: int) -> Group | None:
    """A group by its id."""
    row = (await connection.execute(_GROUP, {"group": group})).first()
    return None if row is None else _group(row)


async def daily(connection: AsyncConnection, group: int, name: str = DAILY) -> Daily | None:
    """A group's series, or None before it was set up."""
    row = (await connection.execute(_DAILY, {"group": group, "name": name})).first()
    return None if row is None else _daily(row)


async def to_look_at(connection: AsyncConnection, now: datetime) -> list[Daily]:
    """The series in which something may be due: not paused, and awake by `looked`."""
    return [_daily(row) for row in await connection.execute(_TO_LOOK_AT, {"now": now})]


async def looked(connection: AsyncConnection, value: Daily, now: datetime, wakes: datetime) -> None:
    """Remember that nothing more is due in a series before ``wakes``.

    Only a hint that spares work: whoever changes the series takes it back, and so does a clock set back.
    """
    values = {"group": value.group, "name": value.series, "now": now, "next": wakes}
    await connection.execute(_LOOKED, values)


async def look_afresh(connection: AsyncConnection) -> None:
    """Look at every series again."""
    await connection.execute(_LOOK_AFRESH)


async def save(connection: AsyncConnection, value: Daily) -> None:
    """Write a series; its seed and first date stay as first written."""
    await connection.execute(
        _SET,
        {
            "group_id": value.group,
            "series": value.series,
            "channel": value.channel,
            "at": value.at.strftime("%H:%M"),
            "zone": value.zone,
            "weekdays": sum(1 << day for day in value.weekdays),
            "skip_dates": sorted(day.isoformat() for day in value.skip_dates),
            "level": value.level,
            "decks": None if value.decks is None else sorted(value.decks),
            "ping_role": value.ping_role,
            "thread": value.thread,
            "pin": value.pin,
            "log_channel": value.log_channel,
            "open_questions": value.open_questions,
            "rematch": value.rematch,
            "seed": value.seed,
            "started": value.started,
            "paused": value.paused,
            "failures": value.failures,
            "told": value.told,
            "warned_left": value.warned_left,
        },
    )


async def failed(connection: AsyncConnection, group: int, name: str = DAILY) -> int:
    """Count a refusal that does not heal by itself; the number so far (R9)."""
    found = await connection.execute(_FAILED, {"group": group, "name": name})
    return int(found.scalar_one_or_none() or 0)


async def worked(connection: AsyncConnection, group: int, name: str = DAILY) -> None:
    """Forget earlier refusals."""
    await connection.execute(_WORKED, {"group": group, "name": name})


async def pause(connection: AsyncConnection, group: int, why: str, name: str = DAILY) -> bool:
    """Stop a series: ``owner`` or ``failures``; False if it stands still already."""
    values = {"group": group, "name": name, "why": why}
    return (await connection.execute(_PAUSE, values)).first() is not None


async def told(connection: AsyncConnection, group: int, now: datetime, name: str = DAILY) -> bool:
    """Note that the owner was told of the pause; False if that was noted already."""
    return (await connection.execute(_TOLD, {"group": group, "name": name, "now": now})).first() is not None


async def untold(connection: AsyncConnection) -> list[Daily]:
    """Series that failures paused, whose owner does not know yet (R9)."""
    return [_daily(row) for row in await connection.execute(_UNTOLD)]


async def resume(connection: AsyncConnection, group: int, name: str = DAILY) -> None:
    """End a pause."""
    await connection.execute(_RESUME, {"group": group, "name": name})


async def warned(connection: AsyncConnection, group: int, left: int | None, name: str = DAILY) -> None:
    """Remember that the owner was warned of a pool that runs out (R10)."""
    await connection.execute(_WARNED, {"group": group, "name": name, "left_over": left})


def _daily(row: Row[Any]) -> Daily:
    return Daily(
        group=row.group_id,
        series=row.series,
        channel=row.channel,
        at=time.fromisoformat(row.at),
        zone=row.zone,
        weekdays=frozenset(day for day in range(7) if row.weekdays >> day & 1),
        skip_dates=frozenset(date.fromisoformat(day) for day in row.skip_dates),
        level=row.level,
        decks=None if row.decks is None else frozenset(row.decks),
        ping_role=row.ping_role,
        thread=row.thread,
        pin=row.pin,
        log_channel=row.log_channel,
        open_questions=row.open_questions,
        rematch=row.rematch,
        seed=row.seed,
        started=row.started,
        paused=row.paused,
        failures=row.failures,
        told=row.told,
        warned_left=row.warned_left,
    )


def _group(row: Row[Any]) -> Group:
    return Group(row.id, row.name, row.owner, row.locale, row.joined, row.greeted, row.left)
