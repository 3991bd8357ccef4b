"""Members: names for boards, pauses, credits, reminders, and what privacy asks for (R22, R23, R30-R32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.records import Member
from deckwright_bot.store.tables import (
    answers,
    audit,
    credited as credit_rows,
    groups,
    members,
    pauses,
    reminders,
    reports,
    uptime,
)


@dataclass(frozen=True, slots=True)
class Pause:
    """A span of dates on which a member's streak waits."""

    begins: date
    days: int


_new = insert(members)
_SEEN = _new.on_conflict_do_update(
    index_elements=["group_id", "member"],
    set_={"name": _new.excluded.name, "left": None, "present": _new.excluded.present},
)
_THERE = _new.on_conflict_do_update(
    index_elements=["group_id", "member"], set_={"left": None, "present": _new.excluded.present}
)
_mine = and_(members.c.group_id == bindparam("p_group"), members.c.member == bindparam("p_member"))
_FIND = select(members).where(_mine)
_HIDE = update(members).where(_mine).values(hidden=bindparam("p_hidden"))
_LEFT = update(members).where(_mine, members.c.left.is_(None)).values(left=bindparam("p_now"))
_BACK = (
    update(members).where(_mine, members.c.left.is_not(None)).values(left=None, present=bindparam("p_now"))
)
_PRESENT = update(members).where(_mine).values(present=bindparam("p_now"))
_DOUBT = update(members).where(_mine, members.c.left.is_(None)).values(present=None, asked=None)
# Who was heard of least lately, in a group that was not asked about too many tonight.
_asked_tonight = (
    select(members.c.group_id, func.count().label("number"))
    .where(members.c.asked >= bindparam("p_night"))
    .group_by(members.c.group_id)
    .cte("asked_tonight")
)
_silent = members.alias("silent")
_last_known = func.max(func.coalesce(_silent.c.present, ""), func.coalesce(_silent.c.asked, ""))
_NEXT_TO_ASK = (
    select(_silent.c.group_id, _silent.c.member)
    .join(groups, groups.c.id == _silent.c.group_id)
    .outerjoin(_asked_tonight, _asked_tonight.c.group_id == _silent.c.group_id)
    .where(
        groups.c.left.is_(None),
        _silent.c.left.is_(None),
        (_silent.c.present.is_(None)) | (_silent.c.present < bindparam("p_silent_since")),
        (_silent.c.asked.is_(None)) | (_silent.c.asked < bindparam("p_night")),
        func.coalesce(_asked_tonight.c.number, 0) < bindparam("p_most"),
    )
    .order_by(_last_known, _silent.c.group_id, _silent.c.member)
    .limit(1)
)
_ASK = (
    update(members)
    .where(tuple_(members.c.group_id, members.c.member).in_(_NEXT_TO_ASK))
    .values(asked=bindparam("p_now"))
    .returning(members.c.group_id, members.c.member)
)
_PAUSES = select(pauses).where(
    pauses.c.group_id == bindparam("p_group"),
    pauses.c.series == bindparam("p_series"),
    pauses.c.member == bindparam("p_member"),
)
_PAUSE = insert(pauses)
_CREDIT = insert(credit_rows).on_conflict_do_nothing().returning(credit_rows.c.post)
_REMIND = insert(reminders).on_conflict_do_nothing()
_NO_REMIND = delete(reminders).where(
    reminders.c.group_id == bindparam("p_group"), reminders.c.member == bindparam("p_member")
)
_TO_REMIND = select(reminders.c.member).where(
    reminders.c.group_id == bindparam("p_group"),
    reminders.c.series == bindparam("p_series"),
    (reminders.c.last_post.is_(None)) | (reminders.c.last_post < bindparam("p_post")),
    reminders.c.member.not_in(select(answers.c.member).where(answers.c.post == bindparam("p_post"))),
    reminders.c.member.not_in(
        select(members.c.member).where(
            members.c.group_id == bindparam("p_group"), members.c.left.is_not(None)
        )
    ),
)
_LOGGED = (
    update(reports)
    .where(reports.c.id == bindparam("p_report"))
    .values(logged_in=bindparam("p_channel"), logged=bindparam("p_message"))
)
_REMINDED = (
    update(reminders)
    .where(
        reminders.c.group_id == bindparam("p_group"),
        reminders.c.series == bindparam("p_series"),
        reminders.c.member == bindparam("p_member"),
        (reminders.c.last_post.is_(None)) | (reminders.c.last_post < bindparam("p_post")),
    )
    .values(last_post=bindparam("p_post"))
    .returning(reminders.c.member)
)


async def seen(connection: AsyncConnection, group: int, member: int, name: str, now: datetime) -> None:
    """Remember a member under the name shown on boards."""
    values = {"group_id": group, "member": member, "name": name, "first": now, "present": now}
    await connection.execute(_SEEN, values)


async def there(connection: AsyncConnection, group: int, member: int, now: datetime) -> None:
    """Remember a member who did something that shows no name; who never answered has none."""
    values = {"group_id": group, "member": member, "name": "", "first": now, "present": now}
    await connection.execute(_THERE, values)


async def find(connection: AsyncConnection, group: int, member: int) -> Member | None:
    """A member who was seen before."""
    row = (await connection.execute(_FIND, {"p_group": group, "p_member": member})).first()
    return None if row is None else Member(row.group_id, row.member, row.name, row.hidden, row.left)


async def hide(connection: AsyncConnection, group: int, member: int, *, hidden: bool) -> None:
    """Take a member off every board, or put them back."""
    await connection.execute(_HIDE, {"p_group": group, "p_member": member, "p_hidden": hidden})


async def left(connection: AsyncConnection, group: int, member: int, now: datetime) -> None:
    """Hide a member who left (R30); the first time it is known counts."""
    await connection.execute(_LEFT, {"p_group": group, "p_member": member, "p_now": now})


async def back(connection: AsyncConnection, group: int, member: int, now: datetime) -> None:
    """Show a member who had left and is there again."""
    await connection.execute(_BACK, {"p_group": group, "p_member": member, "p_now": now})


async def present(connection: AsyncConnection, group: int, member: int, now: datetime) -> None:
    """Remember that a member is there."""
    await connection.execute(_PRESENT, {"p_group": group, "p_member": member, "p_now": now})


async def doubt(connection: AsyncConnection, group: int, member: int) -> None:
    """Let a member be asked about next: something says that they may have left."""
    await connection.execute(_DOUBT, {"p_group": group, "p_member": member})


async def next_to_ask(
    connection: AsyncConnection, night: datetime, silent_since: datetime, most: int, now: datetime
) -> tuple[int, int] | None:
    """Claim the member, as group and id, of whom nothing was heard for longest; None if nobody is due.

    Nobody is claimed twice after ``night`` began, nor more than ``most`` members of a group.
    """
    values = {"p_night": night, "p_silent_since": silent_since, "p_most": most, "p_now": now}
    row = (await connection.execute(_ASK, values)).first()
    return None if row is None else (row.group_id, row.member)


async def pauses_of(connection: AsyncConnection, group: int, series: str, member: int) -> list[Pause]:
    """A member's pauses, ended ones too."""
    values = {"p_group": group, "p_series": series, "p_member": member}
    return [Pause(row.begins, row.days) for row in await connection.execute(_PAUSES, values)]


async def pause(
    connection: AsyncConnection, group: int, series: str, member: int, begins: date, days: int, now: datetime
) -> None:
    """Begin a pause."""
    values = {
        "group_id": group,
        "series": series,
        "member": member,
        "begins": begins,
        "days": days,
        "at": now,
    }
    await connection.execute(_PAUSE, values)


async def credit(
    connection: AsyncConnection, post: int, member: int, reason: str, by: int, now: datetime
) -> bool:
    """Credit a post to a member (R23); False if it was credited before."""
    values = {"post": post, "member": member, "reason": reason, "by": by, "at": now}
    return (await connection.execute(_CREDIT, values)).first() is not None


async def remind(connection: AsyncConnection, group: int, series: str, member: int, now: datetime) -> None:
    """Ask for reminders."""
    await connection.execute(
        _REMIND, {"group_id": group, "series": series, "member": member, "since": now, "last_post": None}
    )


async def stop_reminding(connection: AsyncConnection, group: int, member: int) -> None:
    """End reminders."""
    await connection.execute(_NO_REMIND, {"p_group": group, "p_member": member})


async def to_remind(connection: AsyncConnection, group: int, series: str, post: int) -> list[int]:
    """Members who asked for reminders, have not answered a post and were not reminded of it."""
    values = {"p_group": group, "p_series": series, "p_post": post}
    return [row.member for row in await connection.execute(_TO_REMIND, values)]


async def reminded(connection: AsyncConnection, group: int, series: str, member: int, post: int) -> bool:
    """Claim a reminder; True for the one caller who may send it."""
    values = {"p_group": group, "p_series": series, "p_member": member, "p_post": post}
    return (await connection.execute(_REMINDED, values)).first() is not None


async def report(
    connection: AsyncConnection, group: int, member: int, card: str, text: str, now: datetime
) -> int:
    """Keep a report of a fault in a card; its number."""
    made = await connection.execute(
        insert(reports).returning(reports.c.id),
        {"group_id": group, "member": member, "card": card, "text": text, "at": now},
    )
    return int(made.scalar_one())


async def note(
    connection: AsyncConnection, group: int, by: int, what: str, detail: dict[str, Any], now: datetime
) -> None:
    """Keep what an owner did."""
    await connection.execute(
        insert(audit), {"group_id": group, "by": by, "what": what, "detail": detail, "at": now}
    )


async def logged(connection: AsyncConnection, number: int, channel: int, message: int) -> None:
    """Remember the message that shows a report in the log channel."""
    await connection.execute(_LOGGED, {"p_report": number, "p_channel": channel, "p_message": message})


# The run that now belongs to, wherever others stand that were begun by a clock ahead of its time.
_now = bindparam("p_now", type_=uptime.c.last.type)
_BEAT = (
    update(uptime)
    .where(uptime.c.began <= _now, uptime.c.last >= bindparam("p_gap", type_=uptime.c.last.type))
    .values(last=func.max(uptime.c.last, _now))
    .returning(uptime.c.id)
)


async def heartbeat(connection: AsyncConnection, now: datetime, gap_began: datetime) -> None:
    """Say that the bot is there; a silence longer than until ``gap_began`` begins a new run (R20)."""
    found = await connection.execute(_BEAT, {"p_now": now, "p_gap": gap_began})
    if found.first() is None:
        await connection.execute(insert(uptime), {"began": now, "last": now})


async def runs(
    connection: AsyncConnection, first: datetime, last: datetime
) -> list[tuple[datetime, datetime]]:
    """The stretches of time in which the bot was there, between two instants."""
    rows = await connection.execute(
        select(uptime).where(uptime.c.last >= first, uptime.c.began <= last).order_by(uptime.c.began)
    )
    return [(row.began, row.last) for row in rows]
