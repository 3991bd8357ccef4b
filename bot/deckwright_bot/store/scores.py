"""Points as rows, and boards as sums over them and over answers (R17, R25-R28)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Integer, and_, bindparam, cast, func, literal, select, union_all
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.points import PointRow
from deckwright.study.posting import State
from deckwright_bot.store.records import Score
from deckwright_bot.store.tables import answers, members, points, posts

_ADD = insert(points).on_conflict_do_nothing()
# Each half is summed up before the two meet: that is two to three times as fast as one sum over all rows.
_earned = (
    select(
        points.c.member,
        func.sum(points.c.points).label("points"),
        literal(0).label("right"),
        literal(0).label("answers"),
    )
    .where(
        points.c.group_id == bindparam("p_group"),
        points.c.date >= bindparam("p_first"),
        points.c.date <= bindparam("p_last"),
    )
    .group_by(points.c.member)
)
# Answers to a void post are no lines of a board (R28).
_void = select(posts.c.id).where(posts.c.group_id == bindparam("p_group"), posts.c.state == State.VOID)
_given = (
    select(
        answers.c.member,
        literal(0).label("points"),
        func.sum(func.coalesce(cast(answers.c.right, Integer), 0)).label("right"),
        func.count().label("answers"),
    )
    .where(
        answers.c.group_id == bindparam("p_group"),
        answers.c.date >= bindparam("p_first"),
        answers.c.date <= bindparam("p_last"),
        answers.c.post.not_in(_void),
    )
    .group_by(answers.c.member)
)
_lines = union_all(_earned, _given).subquery()
_BOARD = (
    select(
        _lines.c.member,
        members.c.name,
        func.sum(_lines.c.points).label("points"),
        func.sum(_lines.c.right).label("right"),
        func.sum(_lines.c.answers).label("answers"),
    )
    .join(members, and_(members.c.member == _lines.c.member, members.c.group_id == bindparam("p_group")))
    .where(members.c.hidden.is_(False), members.c.left.is_(None))
    .group_by(_lines.c.member, members.c.name)
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
    """The sums of a group's visible members over a span of local dates, in no order (R27: one query)."""
    rows = await connection.execute(_BOARD, {"p_group": group, "p_first": first, "p_last": last})
    return [Score(row.member, row.name, row.points, row.right, row.answers) for row in rows]


async def of_source(connection: AsyncConnection, source: str) -> list[PointRow]:
    """Every point row of one post or quiz question."""
    rows = await connection.execute(_OF_SOURCE, {"p_source": source})
    return [PointRow(row.source, row.member, row.reason, row.points) for row in rows]
