"""How far the night's work has come, kept as a fact, so that it is done once whoever asks (R24, R30)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from secrets import token_hex
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deckwright_bot.store.tables import facts

NIGHT = "night"
BOOKS = "books"
TRUNCATE = "truncate-log"


@dataclass(frozen=True, slots=True)
class Night:
    """The work of one night: the stage it is at, and what is behind it."""

    date: date
    stage: str
    after: str = ""
    """Where the stage goes on; empty at its beginning."""
    posts: int = 0
    """Posts whose books were checked."""
    wrong: dict[str, int] = field(default_factory=dict)
    """Differences by group id."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the last finished check of the books found."""

    date: date
    posts: int
    wrong: dict[int, int]
    """Differences by group; groups without any are not there."""


_value = facts.c.value
_FIND = select(_value).where(facts.c.name == bindparam("p_name"))
_MOVE = (
    update(facts)
    .where(facts.c.name == NIGHT, _value == bindparam("p_old"))
    .values(value=bindparam("p_new"))
    .returning(facts.c.name)
)
_new = insert(facts)
_BEGIN = _new.on_conflict_do_nothing().returning(facts.c.name)
_PUT = _new.on_conflict_do_update(index_elements=["name"], set_={"value": _new.excluded.value})
_REMOVE = delete(facts).where(facts.c.name == bindparam("p_name"), _value == bindparam("p_value"))


async def tonight(connection: AsyncConnection) -> Night | None:
    """The night last begun."""
    found = (await connection.execute(_FIND, {"p_name": NIGHT})).scalar_one_or_none()
    return None if found is None else _night(json.loads(found))


async def move(connection: AsyncConnection, old: Night | None, new: Night) -> bool:
    """Move on from a state of the work; True for the one caller who did."""
    if old is None:
        found = await connection.execute(_BEGIN, {"name": NIGHT, "value": _json(new)})
    else:
        found = await connection.execute(_MOVE, {"p_old": _json(old), "p_new": _json(new)})
    return found.first() is not None


async def write_books(connection: AsyncConnection, books: Books) -> None:
    """Keep what a check found, in place of the one before."""
    await connection.execute(_PUT, {"name": BOOKS, "value": _json(books)})


async def books(connection: AsyncConnection) -> Books | None:
    """What the last finished check found; None before the first."""
    found = (await connection.execute(_FIND, {"p_name": BOOKS})).scalar_one_or_none()
    if found is None:
        return None
    data = json.loads(found)
    wrong = {int(group): number for group, number in data["wrong"].items()}
    return Books(date.fromisoformat(data["date"]), data["posts"], wrong)


async def want_truncated(connection: AsyncConnection) -> None:
    """Remember that the log holds words that were deleted."""
    await connection.execute(_PUT, {"name": TRUNCATE, "value": token_hex(8)})


async def wants_truncated(connection: AsyncConnection) -> str | None:
    """A mark of the newest of them; None if the log holds none."""
    return (await connection.execute(_FIND, {"p_name": TRUNCATE})).scalar_one_or_none()


async def truncated(connection: AsyncConnection, mark: str) -> None:
    """It holds none of those up to the mark; what was deleted since waits for the next time."""
    await connection.execute(_REMOVE, {"p_name": TRUNCATE, "p_value": mark})


def _json(value: Night | Books) -> str:
    return json.dumps(asdict(value) | {"date": value.date.isoformat()}, sort_keys=True)


def _night(data: dict[str, Any]) -> Night:
    return Night(date.fromisoformat(data["date"]), data["stage"], data["after"], data["posts"], data["wrong"])
