"""Everywhere the database names a member, and what it says of one (R31).

A new table that names members is entered here, or a test fails that walks all columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, cast, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.package_tables import package_takes
from deckwright_bot.store.quiz_tables import quiz_answers, quiz_players, quizzes
from deckwright_bot.store.rollups import sums
from deckwright_bot.store.tables import (
    answers,
    audit,
    credited as credit_rows,
    groups,
    members,
    pauses,
    points,
    reminders,
    reports,
)


@dataclass(frozen=True, slots=True)
class Own:
    """A table whose rows belong to one member each, the one in its column ``member``."""

    table: Table
    when: ColumnElement[datetime] | None
    """When a row came; None where it goes with the answers that it belongs to."""


OWN: Final = (
    Own(answers, answers.c.at),
    Own(points, None),
    Own(sums, None),
    Own(pauses, pauses.c.at),
    Own(credit_rows, credit_rows.c.at),
    Own(reminders, reminders.c.since),
    Own(reports, reports.c.at),
    Own(quiz_players, quiz_players.c.joined),
    Own(quiz_answers, quiz_answers.c.at),
    Own(package_takes, package_takes.c.at),
    Own(members, members.c.first),
)
NAMED: Final = (credit_rows.c.by, audit.c.by, groups.c.owner, quizzes.c.host)
"""Columns that name a member in rows which are somebody else's; ``audit.detail`` can name one too."""


async def everybody(connection: AsyncConnection) -> set[int]:
    """The ids of all members that are named anywhere."""
    columns = [*(own.table.c.member for own in OWN), *NAMED]
    found = await connection.execute(union(*(select(column.label("member")) for column in columns)))
    named = {int(row.member) for row in found}
    details = await connection.execute(select(audit.c.detail))
    return named | {number for row in details for number in _numbers(row.detail)}


async def export(connection: AsyncConnection, member: int) -> dict[str, list[dict[str, Any]]]:
    """Everything stored about a member, in every group, by table; also what they did as an admin."""
    found: dict[str, list[dict[str, Any]]] = {}
    for own in OWN:
        rows = await connection.execute(select(own.table).where(own.table.c.member == member))
        found[own.table.name] = [dict(row) for row in rows.mappings()]
    # Whom they credited is that member's affair.
    given = select(credit_rows.c.post, credit_rows.c.reason, credit_rows.c.at)
    rows = await connection.execute(given.where(credit_rows.c.by == member))
    found["credits_given"] = [dict(row) for row in rows.mappings()]
    entries = await connection.execute(select(audit).where(may_mention(member)))
    found["audit"] = [
        dict(row) for row in entries.mappings() if row["by"] == member or mentions(row["detail"], member)
    ]
    rows = await connection.execute(select(groups.c.id, groups.c.name).where(groups.c.owner == member))
    found["groups"] = [dict(row) for row in rows.mappings()]
    rows = await connection.execute(select(quizzes).where(quizzes.c.host == member))
    found["quizzes"] = [dict(row) for row in rows.mappings()]
    return found


async def newest(connection: AsyncConnection, member: int) -> datetime | None:
    """The instant of the newest row about a member, by whatever clock it was written."""
    instants = [
        (await connection.execute(select(func.max(own.when)).where(own.table.c.member == member))).scalar()
        for own in OWN
        if own.when is not None
    ]
    return max((each for each in instants if each is not None), default=None)


def may_mention(member: int) -> ColumnElement[bool]:
    """Entries by a member, and all whose text holds their digits; `mentions` then looks closely."""
    return or_(audit.c.by == member, cast(audit.c.detail, Text).contains(str(member)))


def mentions(detail: object, member: int) -> bool:
    """Whether an entry's detail names a member."""
    return member in set(_numbers(detail))


def _numbers(value: object) -> Iterable[int]:
    """Every number in a JSON value, also those written as text, as ids often are."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, str) and value.isdecimal():
        yield int(value)
