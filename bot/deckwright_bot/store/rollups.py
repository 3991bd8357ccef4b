"""Sums a group, member and month, so that a board need not read years of rows (R27).

Triggers of the database keep them in the transaction that changes an answer or points, whoever changes it. Members
who were made nameless have none. What they hold follows from the rows alone, and every night they are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Select,
    Table,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright.study.posting import State
from deckwright.study.ranking import Tally
from deckwright_bot.store.quiz_tables import quiz_answers
from deckwright_bot.store.tables import answers, metadata, points, posts

sums = Table(
    "sums",
    metadata,
    Column("group_id", BigInteger, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("month", Date, primary_key=True, comment="its first day, of local dates (R25)"),
    Column("member", BigInteger, primary_key=True),
    Column("points", Integer, nullable=False),
    Column("right", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
    Index("sums_by_member", "member"),
    sqlite_with_rowid=False,
)


def _of_span(rows: Any) -> tuple[Any, ...]:  # noqa: ANN401  the columns of a table
    return (
        rows.group_id == bindparam("p_group"),
        rows.date >= bindparam("p_first"),
        rows.date <= bindparam("p_last"),
    )


# Answers to a void post are no lines of a board (R28); of quizzes those are that scored (R17).
_void = select(posts.c.id).where(posts.c.group_id == bindparam("p_group"), posts.c.state == State.VOID)
_earned = (
    select(
        points.c.member,
        func.sum(points.c.points).label("points"),
        literal(0).label("right"),
        literal(0).label("answers"),
    )
    .where(*_of_span(points.c))
    .group_by(points.c.member)
)
_given = (
    select(
        answers.c.member,
        literal(0).label("points"),
        func.sum(func.coalesce(cast(answers.c.right, Integer), 0)).label("right"),
        func.count().label("answers"),
    )
    .where(*_of_span(answers.c), answers.c.post.not_in(_void))
    .group_by(answers.c.member)
)
_played = (
    select(
        quiz_answers.c.member,
        literal(0).label("points"),
        func.sum(cast(quiz_answers.c.right, Integer)).label("right"),
        func.count().label("answers"),
    )
    .where(*_of_span(quiz_answers.c), quiz_answers.c.scored.is_(True))
    .group_by(quiz_answers.c.member)
)


_three = union_all(_earned, _given, _played).subquery()
FROM_ROWS: Final = select(
    _three.c.member,
    func.sum(_three.c.points).label("points"),
    func.sum(_three.c.right).label("right"),
    func.sum(_three.c.answers).label("answers"),
).group_by(_three.c.member)
"""Every member's sums over the dates from ``p_first`` to ``p_last``, from answers and points."""
_kept = (
    sums.c.group_id == bindparam("p_group"),
    sums.c.month >= bindparam("p_first"),
    sums.c.month <= bindparam("p_last"),
)
FROM_SUMS: Final = (
    select(
        sums.c.member,
        func.sum(sums.c.points).label("points"),
        func.sum(sums.c.right).label("right"),
        func.sum(sums.c.answers).label("answers"),
    )
    .where(*_kept)
    .group_by(sums.c.member)
)
"""The same from the monthly sums, for whole months."""
_AFTER: Final = tuple(
    select(table.c.group_id, column.label("day"))
    .where(tuple_(table.c.group_id, column) > tuple_(bindparam("p_group"), bindparam("p_last", type_=Date)))
    .order_by(table.c.group_id, column)
    .limit(1)
    for table, column in (
        (sums, sums.c.month),
        (answers, answers.c.date),
        (points, points.c.date),
        (quiz_answers, quiz_answers.c.date),
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of one group."""

    group: int
    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def text(self) -> str:
        """The month in one word."""
        return f"{self.group}/{self.first.isoformat()}"

    @classmethod
    def read(cls, text: str) -> Month:
        """The month of a word."""
        group, first = text.split("/")
        return cls(int(group), date.fromisoformat(first))


async def following(connection: AsyncConnection, month: Month | None) -> Month | None:
    """The next month of a group, by group and time, in which there are rows or sums; None at the end."""
    values = {"p_group": month.group, "p_last": month.last} if month else {"p_group": 0, "p_last": date.min}
    found = [(await connection.execute(each, values)).first() for each in _AFTER]
    return min((Month(row.group_id, row.day.replace(day=1)) for row in found if row), default=None)


async def compared(connection: AsyncConnection, month: Month) -> tuple[dict[int, Tally], dict[int, Tally]]:
    """Every member's sums of a month: as they are kept, and as the rows give them now."""
    values = {"p_group": month.group, "p_first": month.first, "p_last": month.last}
    return await _tallies(connection, FROM_SUMS, values), await _tallies(connection, FROM_ROWS, values)


async def _tallies(
    connection: AsyncConnection, statement: Select[Any], values: dict[str, Any]
) -> dict[int, Tally]:
    found = await connection.execute(statement, values)
    # Below zero stand those who were made nameless; a sum of nothing is none.
    return {
        row.member: tally
        for row in found
        if row.member > 0 and (tally := Tally(row.points, row.right, row.answers)) != Tally()
    }
