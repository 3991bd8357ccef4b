"""Members: names for boards, pauses, credits, reminders, and what privacy asks for (R22, R23, R30-R32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.records import Member
from deckwright_bot.store.tables import (
    answers,
    audit,
    credited as credit_rows,
    members,
    pauses,
    points,
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
    index_elements=["group_id", "member"], set_={"name": _new.excluded.name, "left": None}
)
_mine = and_(members.c.group_id == bindparam("p_group"), members.c.member == bindparam("p_member"))
_FIND = select(members).where(_mine)
_HIDE = update(members).where(_mine).values(hidden=bindparam("p_hidden"))
_LEFT = update(members).where(_mine).values(left=bindparam("p_now"))
_PAUSES = select(pauses).where(
    pauses.c.group_id == bindparam("p_group"),
    pauses.c.series == bindparam("p_series"),
    pauses.c.member == bindparam("p_member"),
)
_PAUSE = insert(pauses)
_CREDIT = insert(credit_rows).on_conflict_do_nothing().returning(credit_rows.c.post)
_CREDITS = select(credit_rows.c.post).where(credit_rows.c.member == bindparam("p_member"))
_REMIND = insert(reminders).on_conflict_do_nothing()
_NO_REMIND = delete(reminders).where(
    reminders.c.group_id == bindparam("p_group"), reminders.c.member == bindparam("p_member")
)
_TO_REMIND = select(reminders.c.member).where(
    reminders.c.group_id == bindparam("p_group"),
    reminders.c.series == bindparam("p_series"),
    (reminders.c.last_post.is_(None)) | (reminders.c.last_post < bindparam("p_post")),
    reminders.c.member.not_in(select(answers.c.member).where(answers.c.post == bindparam("p_post"))),
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
    await connection.execute(_SEEN, {"group_id": group, "member": member, "name": name, "first": now})


async def find(connection: AsyncConnection, group: int, member: int) -> Member | None:
    """A member who was seen before."""
    row = (await connection.execute(_FIND, {"p_group": group, "p_member": member})).first()
    return None if row is None else Member(row.group_id, row.member, row.name, row.hidden, row.left)


async def hide(connection: AsyncConnection, group: int, member: int, *, hidden: bool) -> None:
    """Take a member off every board, or put them back."""
    await connection.execute(_HIDE, {"p_group": group, "p_member": member, "p_hidden": hidden})


async def left(connection: AsyncConnection, group: int, member: int, now: datetime) -> None:
    """Hide a member who left (R30)."""
    await connection.execute(_LEFT, {"p_group": group, "p_member": member, "p_now": now})


async def pauses_of(connection: AsyncConnection, group: int, series: str, member: int) -> list[Pause]:
    """A member's pauses, ended ones too."""
    values = {"p_group": group, "p_series": series, "p_member": member}
    return [Pause(row.begins, row.days) for row in await connection.execute(_PAUSES, values)]


async def pause(
    connection: AsyncConnection, group: int, series: str, member: int, begins: date, days: int
) -> None:
    """Begin a pause."""
    values = {"group_id": group, "series": series, "member": member, "begins": begins, "days": days}
    await connection.execute(_PAUSE, values)


async def credit(
    connection: AsyncConnection, post: int, member: int, reason: str, by: int, now: datetime
) -> bool:
    """Credit a post to a member (R23); False if it was credited before."""
    values = {"post": post, "member": member, "reason": reason, "by": by, "at": now}
    return (await connection.execute(_CREDIT, values)).first() is not None


async def credits_of(connection: AsyncConnection, member: int) -> set[int]:
    """The posts credited to a member."""
    return {row.post for row in await connection.execute(_CREDITS, {"p_member": member})}


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


async def export(connection: AsyncConnection, member: int) -> dict[str, list[dict[str, Any]]]:
    """Everything stored about a member, in every group (R31)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in (members, answers, points, pauses, credit_rows, reminders, reports):
        rows = await connection.execute(select(table).where(table.c.member == member))
        found[table.name] = [dict(row) for row in rows.mappings()]
    return found


async def forget(connection: AsyncConnection, member: int) -> list[int]:
    """Delete everything about a member; the messages that shared their words (R15, R31)."""
    shared = await connection.execute(
        select(answers.c.shared).where(answers.c.member == member, answers.c.shared.is_not(None))
    )
    messages = [int(row.shared) for row in shared]
    for table in (reminders, reports, credit_rows, pauses, points, answers, members):
        await connection.execute(delete(table).where(table.c.member == member))
    return messages


async def heartbeat(connection: AsyncConnection, now: datetime, gap_began: datetime) -> None:
    """Say that the bot is there; a silence longer than until ``gap_began`` begins a new run (R20)."""
    found = await connection.execute(select(uptime).order_by(uptime.c.last.desc()).limit(1))
    row = found.first()
    if row is not None and gap_began <= row.last <= now:
        await connection.execute(update(uptime).where(uptime.c.id == row.id).values(last=now))
    elif row is None or row.last < now:
        await connection.execute(insert(uptime), {"began": now, "last": now})


async def runs(
    connection: AsyncConnection, first: datetime, last: datetime
) -> list[tuple[datetime, datetime]]:
    """The stretches of time in which the bot was there, between two instants."""
    rows = await connection.execute(
        select(uptime).where(uptime.c.last >= first, uptime.c.began <= last).order_by(uptime.c.began)
    )
    return [(row.began, row.last) for row in rows]
