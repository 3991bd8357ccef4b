"""The care for members' data that nobody asks for: what is due at every tick, and once a night (R24, R30, R31)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import assert_never

from deckwright_bot.services.books import BookService, Piece
from deckwright_bot.services.leaving import LeavingService
from deckwright_bot.services.tidying import Tidying
from deckwright_bot.store import nights
from deckwright_bot.store.database import Database, DatabaseError
from deckwright_bot.store.nights import Books, Night

log = logging.getLogger(__name__)

QUIET = timedelta(hours=3)
"""The night's work begins at 03:00 UTC."""


class Stage(StrEnum):
    """What a night does, in this order; each stage in pieces, one a tick, so that a tick stays short."""

    PURGE = "purge"
    NAMELESS = "nameless"
    BOOKS = "books"
    STRAYS = "strays"
    BOARDS = "boards"
    DONE = "done"


_FOLLOWING = {
    Stage.PURGE: Stage.NAMELESS,
    Stage.NAMELESS: Stage.BOOKS,
    Stage.BOOKS: Stage.STRAYS,
    Stage.STRAYS: Stage.BOARDS,
    Stage.BOARDS: Stage.DONE,
}


def night_of(now: datetime) -> date:
    """The night that an instant belongs to, by the date on which it begins."""
    return (now.astimezone(UTC) - QUIET).date()


def beginning(night: date) -> datetime:
    """When a night's work begins."""
    return datetime.combine(night, time(), UTC) + QUIET


class CareService:
    """Decides from the database what is due, so restarts and a second bot do no work twice."""

    def __init__(
        self, database: Database, tidying: Tidying, leaving: LeavingService, books: BookService
    ) -> None:
        self._database = database
        self._tidying = tidying
        self._leaving = leaving
        self._books = books

    async def tick(self, now: datetime) -> None:
        """One piece of each thing that is due. A failure of one never stops the others."""
        await self._guard(lambda: self._tidying.tick(now), "tidying up")
        await self._guard(lambda: self._leaving.ask(beginning(night_of(now)), now), "asking who is there")
        await self._guard(lambda: self._night(now), "the night's work")

    async def books(self) -> Books | None:
        """What the last finished check found (R24); None before the first."""
        async with self._database.reading() as connection:
            return await nights.books(connection)

    async def _guard(self, work: Callable[[], Awaitable[None]], what: str) -> None:
        try:
            await work()
        except DatabaseError as error:
            log.warning("%s failed; the next tick tries again: %s", what, error)
        except Exception:
            log.exception("%s failed; the next tick tries again", what)

    async def _night(self, now: datetime) -> None:
        async with self._database.reading() as connection:
            night = await nights.tonight(connection)
        # A night that was not finished goes on before the next begins.
        if night is None or (night.stage == Stage.DONE and night.date < night_of(now)):
            begun = Night(night_of(now), Stage.PURGE)
            if not await self._move(night, begun):
                return
            night = begun
        stage = Stage(night.stage)
        match stage:
            case Stage.PURGE:
                if not await self._leaving.purge(now):
                    await self._move(night, _next(night))
            case Stage.NAMELESS:
                if not await self._leaving.make_nameless(now):
                    await self._move(night, _next(night))
            case Stage.BOOKS:
                await self._checked(night, await self._books.check(night.after))
            case Stage.STRAYS:
                await self._checked(night, await self._books.strays(night.after))
            case Stage.BOARDS:
                await self._checked(night, await self._books.boards(night.after))
            case Stage.DONE:
                pass
            case _ as never:
                assert_never(never)

    async def _checked(self, night: Night, piece: Piece) -> None:
        """Keep what a piece of the check found, and say it, once whoever else looked too."""
        wrong = Counter(night.wrong)
        for each in piece.findings:
            wrong[str(each.group)] += each.differences.total()
        seen = replace(night, posts=night.posts + piece.posts, wrong=dict(wrong))
        moved = replace(seen, after=piece.after) if piece.after is not None else _next(seen)
        if not await self._move(night, moved):
            return
        for each in piece.findings:
            kinds = ", ".join(f"{kind}: {number}" for kind, number in sorted(each.differences.items()))
            log.error("group %d, %s: the books differ from the answers (%s)", each.group, each.source, kinds)

    async def _move(self, old: Night | None, new: Night) -> bool:
        async with self._database.writing() as connection:
            moved = await nights.move(connection, old, new)
            if moved and new.stage == Stage.DONE:
                wrong = {int(group): number for group, number in new.wrong.items()}
                await nights.write_books(connection, Books(new.date, new.posts, wrong))
        return moved


def _next(night: Night) -> Night:
    return replace(night, stage=_FOLLOWING[Stage(night.stage)], after="")
