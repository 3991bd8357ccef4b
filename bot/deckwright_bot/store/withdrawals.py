"""Messages to be deleted on Discord because a member's words must go (R15, R31). They name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.tables import withdrawals


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A message to delete."""

    message: int
    channel: int
    group: int
    since: datetime
    tries: int


_message = withdrawals.c.message == bindparam("p_message")
_DUE = (
    select(withdrawals)
    .where(withdrawals.c.retry <= bindparam("p_now"))
    .order_by(withdrawals.c.retry)
    .limit(bindparam("p_most"))
)
_DONE = delete(withdrawals).where(_message)
_LATER = update(withdrawals).where(_message).values(tries=withdrawals.c.tries + 1, retry=bindparam("p_retry"))


async def due(connection: AsyncConnection, now: datetime, most: int) -> list[Withdrawal]:
    """Messages whose deletion is to be tried now."""
    rows = await connection.execute(_DUE, {"p_now": now, "p_most": most})
    return [Withdrawal(row.message, row.channel, row.group_id, row.since, row.tries) for row in rows]


async def done(connection: AsyncConnection, message: int) -> None:
    """The message is gone, or given up."""
    await connection.execute(_DONE, {"p_message": message})


async def later(connection: AsyncConnection, message: int, retry: datetime) -> None:
    """Count a failure and name the instant of the next attempt."""
    await connection.execute(_LATER, {"p_message": message, "p_retry": retry})
