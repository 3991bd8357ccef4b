"""Moving the clock: to the next post, to the close, a day, a week, from one thing that is due to the next.

The bot ticks at each as it always does. In between nothing is due, so nothing is left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from deckwright.study.quiz import Phase
from deckwright.study.reminders import reminder_at
from deckwright_bot.services.posts import Pace
from deckwright_bot.store import quizzes as quiz_store
from deckwright_bot.trial.people import post_of

if TYPE_CHECKING:
    from deckwright_bot.trial.group import TrialGroup

log = logging.getLogger(__name__)

STEP: Final = timedelta(hours=1)
"""The longest; the night's work, a piece at each tick, is done long before the morning."""
PACE: Final = Pace(heartbeat_gap=STEP + timedelta(minutes=5), tick=1.0, count_every=timedelta(seconds=1))
"""On a clock that leaps the bot is awake at every step, and no step is time out of reach (R20). Nor are there
limits of requests, so the live count follows within a moment."""
MOMENT: Final = timedelta(seconds=30)
"""Past the instant at which something is due, so that it has happened when the clock stands still."""


class Goal(StrEnum):
    """Where the clock can be moved to."""

    NEXT_POST = "next-post"
    CLOSE = "close"
    DAY = "day"
    WEEK = "week"


SPANS: Final = {Goal.DAY: timedelta(days=1), Goal.WEEK: timedelta(days=7)}
EVERYBODY: Final = frozenset({Goal.WEEK})
"""On the way to these also the people answer whom somebody looks through: nobody could press that often."""


class NothingDueError(Exception):
    """There is no post to wait for."""


class QuizRunsError(Exception):
    """A group quiz is being played, in people's time: moved on, its next question would come a day later."""


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
    """Moves the clock of one group; one move at a time. ``tell`` is called whenever it has moved.

    ``watched`` says by user id whom somebody looks through: they answer only where the goal needs everybody.
    """

    def __init__(
        self,
        group: TrialGroup,
        tell: Callable[[], None] = lambda: None,
        watched: Callable[[int], bool] = lambda _person: False,
    ) -> None:
        self._group = group
        self._tell = tell
        self._watched = watched
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

    async def zone(self) -> str | None:
        """The time zone in which the group's posts come; None before it was set up."""
        daily = await self._group.bot.context.services.groups.daily(self._group.owner.guild.id)
        return daily.zone if daily is not None else None

    async def _close(self) -> datetime | None:
        """When the first of the open posts closes."""
        services = self._group.bot.context.services
        found = [await services.posts.find(post_of(each)) for each in self._group.crowd.open_posts]
        return min((post.closes for post in found if post is not None and post.closes), default=None)

    async def start(self, goal: Goal, *, answering: bool) -> bool:
        """Begin to move, unless the clock is moving; ``answering`` lets people answer on the way.

        Raises:
            NothingDueError: as `until`.
            QuizRunsError: while a group quiz is played.
        """
        if await self._quiz_runs():
            raise QuizRunsError
        until = await self.until(goal)
        if self.move is not None:
            return False
        self.move = Move(goal, self._group.clock.now(), until)
        self._task = asyncio.create_task(self._run(self.move, answering=answering), name="clock")
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

    async def _run(self, move: Move, *, answering: bool) -> None:
        try:
            await self.pass_time(
                move.until,
                answering=answering,
                everybody=move.goal in EVERYBODY,
                going_on=lambda: self.move is move,
            )
        except Exception:
            log.exception("the clock stopped")
        finally:
            if self.move is move:
                self.move = None
            self._tell()

    async def pass_time(
        self,
        until: datetime,
        *,
        answering: bool = False,
        everybody: bool = True,
        going_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Let time pass from one thing that is due to the next, the bot ticking at each, while ``going_on`` holds.

        With ``answering`` people answer when their time has come: ``everybody``, or those nobody looks through.
        A group quiz that somebody begins ends it.
        """
        group = self._group
        while True:
            silent = set() if everybody else {each for each in self._people if self._watched(each)}
            if answering and await group.crowd.answer(group.clock.now(), silent):
                await group.bot.tick()
            left = until - group.clock.now()
            if left <= timedelta() or not going_on() or await self._quiz_runs():
                return
            following = await self._following(silent if answering else self._people)
            # Discord's three seconds for an answer are told by the same clock.
            await group.traffic.quiet()
            wait = following - group.clock.now() if following is not None else STEP
            group.clock.advance(max(timedelta(), min(STEP, left, wait)))
            await group.bot.tick()
            self._tell()

    async def _following(self, silent: Collection[int]) -> datetime | None:
        """The next instant at which something is due: a post, a reminder, a close, an answer."""
        services, now = self._group.bot.context.services, self._group.clock.now()
        found = [await self.next_post(), *self._group.crowd.times(silent)]
        for message in self._group.crowd.open_posts:
            post = await services.posts.find(post_of(message))
            if post is not None and post.closes is not None:
                found += [post.closes, reminder_at(post.closes)]
        return min((each for each in found if each is not None and each > now), default=None)

    async def _quiz_runs(self) -> bool:
        async with self._group.database.reading() as connection:
            found = await quiz_store.unfinished(connection)
        return any(quiz.phase is not Phase.ENDED for quiz in found)

    @property
    def _people(self) -> set[int]:
        return {each.member.user.id for each in self._group.people}
