"""Points as rows, and boards as sums over them and over answers (R17, R25-R27)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.points import PointRow
from deckwright_bot.store.records import Score
from deckwright_bot.store.rollups import FROM_ROWS, FROM_SUMS
from deckwright_bot.store.tables import members, points

_ADD = insert(points).on_conflict_do_nothing()


def _board(sums: Select[Any], *, hidden: bool = False) -> Select[Any]:
    """Sums of members, with the names of those who are shown, or of those who are ``hidden``."""
    each = sums.subquery()
    shown = and_(members.c.member == each.c.member, members.c.group_id == bindparam("p_group"))
    return (
        select(each.c.member, members.c.name, each.c.points, each.c.right, each.c.answers)
        .join(members, shown)
        .where(members.c.hidden.is_(hidden), members.c.left.is_(None))
    )


_FROM_ROWS = _board(FROM_ROWS)
_FROM_SUMS = _board(FROM_SUMS)
_ONE = members.c.member == bindparam("p_member")
_HIDDEN_FROM_ROWS = _board(FROM_ROWS, hidden=True).where(_ONE)
_HIDDEN_FROM_SUMS = _board(FROM_SUMS, hidden=True).where(_ONE)
_OF_MEMBER = select(func.sum(points.c.points)).where(
    points.c.source == bindparam("p_source"), points.c.member == bindparam("p_member")
)
_OF_SOURCE = select(points).where(points.c.source == bindparam("p_source"))


async def add(connection: AsyncConnection, group: int, day: date, rows: Iterable[PointRow]) -> None:
    """Write points; a row of the same source, member and reason is written once."""
    values = [
        {
            "group_id": group,
            "member": row.member,
            "source": row.source,
            "reason": row.reason,
            "points": row.points,
            "date": day,
        }
        for row in rows
    ]
    if values:
        await connection.execute(_ADD, values)


async def board(connection: AsyncConnection, group: int, first: date, last: date) -> list[Score]:
    """The sums of a group's visible members over a span of local dates, in no order (R27: one query).

    Whole months are read from the monthly sums, anything else from the rows.
    """
    statement = _FROM_SUMS if _whole_months(first, last) else _FROM_ROWS
    rows = await connection.execute(statement, {"p_group": group, "p_first": first, "p_last": last})
    return [Score(row.member, row.name, row.points, row.right, row.answers) for row in rows]


async def hidden(
    connection: AsyncConnection, group: int, member: int, first: date, last: date
) -> Score | None:
    """The sums of a member who is on no board of the group by their own wish; None for anybody else (R26)."""
    statement = _HIDDEN_FROM_SUMS if _whole_months(first, last) else _HIDDEN_FROM_ROWS
    values = {"p_group": group, "p_member": member, "p_first": first, "p_last": last}
    row = (await connection.execute(statement, values)).first()
    return None if row is None else Score(row.member, row.name, row.points, row.right, row.answers)


async def of_member(connection: AsyncConnection, source: str, member: int) -> int:
    """What a member has for one post or quiz question."""
    found = await connection.execute(_OF_MEMBER, {"p_source": source, "p_member": member})
    return int(found.scalar_one() or 0)


async def of_source(connection: AsyncConnection, source: str) -> list[PointRow]:
    """Every point row of one post or quiz question."""
    rows = await connection.execute(_OF_SOURCE, {"p_source": source})
    return [PointRow(row.source, row.member, row.reason, row.points) for row in rows]


def _whole_months(first: date, last: date) -> bool:
    return first.day == 1 and (last == date.max or (last + timedelta(days=1)).day == 1)
