"""Points as rows, and boards as sums over them (R17, R25-R28)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.records import Score
from deckwright_bot.store.tables import members, points


@dataclass(frozen=True, slots=True)
class PointRow:
    """Points for one thing a member did; reversals are rows of their own with negative numbers."""

    group: int
    member: int
    source_kind: str
    source: int
    reason: str
    points: int
    right: int
    answered: int
    date: date


_ADD = insert(points).on_conflict_do_nothing()
_BOARD = (
    select(
        points.c.member,
        members.c.name,
        func.sum(points.c.points).label("points"),
        func.sum(points.c.right).label("right"),
        func.sum(points.c.answered).label("answers"),
    )
    .join(
        members,
        and_(members.c.group_id == points.c.group_id, members.c.member == points.c.member),
    )
    .where(
        points.c.group_id == bindparam("p_group"),
        points.c.date >= bindparam("p_first"),
        points.c.date <= bindparam("p_last"),
        members.c.hidden.is_(False),
        members.c.left.is_(None),
    )
    .group_by(points.c.member, members.c.name)
)
_OF_SOURCE = select(points).where(
    points.c.group_id == bindparam("p_group"),
    points.c.source_kind == bindparam("p_kind"),
    points.c.source == bindparam("p_source"),
)


async def add(connection: AsyncConnection, rows: Iterable[PointRow]) -> None:
    """Write points; a row of the same source, member and reason is written once."""
    values = [
        {
            "group_id": row.group,
            "member": row.member,
            "source_kind": row.source_kind,
            "source": row.source,
            "reason": row.reason,
            "points": row.points,
            "right": row.right,
            "answered": row.answered,
            "date": row.date,
        }
        for row in rows
    ]
    if values:
        await connection.execute(_ADD, values)


async def board(connection: AsyncConnection, group: int, first: date, last: date) -> list[Score]:
    """The sums of a group's visible members over a span of local dates, in no order."""
    rows = await connection.execute(_BOARD, {"p_group": group, "p_first": first, "p_last": last})
    return [Score(row.member, row.name, row.points, row.right, row.answers) for row in rows]


async def of_source(connection: AsyncConnection, group: int, kind: str, source: int) -> list[PointRow]:
    """Every point row of one post or quiz question."""
    rows = await connection.execute(_OF_SOURCE, {"p_group": group, "p_kind": kind, "p_source": source})
    return [
        PointRow(
            row.group_id,
            row.member,
            row.source_kind,
            row.source,
            row.reason,
            row.points,
            row.right,
            row.answered,
            row.date,
        )
        for row in rows
    ]
