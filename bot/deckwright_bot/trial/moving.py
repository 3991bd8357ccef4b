"""Moving the clock: to the next post, to the close, a day, a week, in steps, with the bot ticking as it always does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from deckwright_bot.trial.people import post_of

if TYPE_CHECKING:
    from deckwright_bot.trial.group import TrialGroup

log = logging.getLogger(__name__)

STEP: Final = timedelta(minutes=4)
"""The bot counts a silence of more than five minutes as time out of reach (R20); a step is shorter."""
MOMENT: Final = timedelta(seconds=30)
"""Past the instant at which something is due, so that it has happened when the clock stands still."""


class Goal(StrEnum):
    """Where the clock can be moved to."""

    NEXT_POST = "next-post"
    CLOSE = "close"
    DAY = "day"
    WEEK = "week"


SPANS: Final = {Goal.DAY: timedelta(days=1), Goal.WEEK: timedelta(days=7)}


class NothingDueError(Exception):
    """There is no post to wait for."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move that is under way."""

    goal: Goal
    begun: datetime
    until: datetime

    def done(self, now: datetime) -> float:
        """How much of it is done, 0 to 1."""
        return min(1.0, max(0.0, (now - self.begun) / (self.until - self.begun)))


class Mover:
    """Moves the clock of one group; one move at a time. ``tell`` is called whenever it has moved."""

    def __init__(self, group: TrialGroup, tell: Callable[[], None] = lambda: None) -> None:
        self._group = group
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self.move: Move | None = None

    async def until(self, goal: Goal) -> datetime:
        """The instant that a goal is reached at.

        Raises:
            NothingDueError: if the group has no such post.
        """
        now = self._group.clock.now()
        if goal in SPANS:
            return now + SPANS[goal]
        instant = await (self.next_post() if goal is Goal.NEXT_POST else self._close())
        if instant is None:
            raise NothingDueError
        return max(instant, now) + MOMENT

    async def next_post(self) -> datetime | None:
        """When the next post comes; None where none is due."""
        services, now = self._group.bot.context.services, self._group.clock.now()
        daily = await services.groups.daily(self._group.owner.guild.id)
        following = await services.posts.next_posts(daily, now, 1) if daily is not None else []
        return following[0][1] if following else None

    async def _close(self) -> datetime | None:
        """When the first of the open posts closes."""
        services = self._group.bot.context.services
        found = [await services.posts.find(post_of(each)) for each in self._group.crowd.open_posts]
        return min((post.closes for post in found if post is not None and post.closes), default=None)

    async def start(self, goal: Goal, *, answering: bool) -> bool:
        """Begin to move, unless the clock is moving; ``answering`` lets everybody answer on the way.

        Raises:
            NothingDueError: as `until`.
        """
        until = await self.until(goal)
        if self.move is not None:
            return False
        self.move = Move(goal, self._group.clock.now(), until)
        self._task = asyncio.create_task(self._run(until, answering=answering), name="clock")
        return True

    async def stop(self) -> None:
        """End a move where it is; the step that is under way is finished first."""
        task, self.move = self._task, None
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    async def finished(self) -> None:
        """Wait for the end of the move that is under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, until: datetime, *, answering: bool) -> None:
        move = self.move
        try:
            await self.pass_time(until, answering=answering, going_on=lambda: self.move is move)
        except Exception:
            log.exception("the clock stopped")
        finally:
            if self.move is move:
                self.move = None
            self._tell()

    async def pass_time(
        self, until: datetime, *, answering: bool = False, going_on: Callable[[], bool] = lambda: True
    ) -> None:
        """Let time pass step by step, the bot ticking at each, while ``going_on`` holds."""
        group = self._group
        while going_on() and (left := until - group.clock.now()) > timedelta():
            if answering:
                await group.crowd.answer(group.clock.now())
            # Discord's three seconds for an answer are told by the same clock.
            await group.traffic.quiet()
            group.clock.advance(min(STEP, left))
            await group.bot.tick()
            self._tell()
