"""What excuses a bot: when it could not do its work, and for which group, through no fault of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.recount import Timetable
from deckwright_bot.sandbox import Owner
from deckwright_bot.sandbox.model import Channel

MACHINE = "this machine is too slow"
BUSY = 4
"""Programs that want to run, for each core."""


@dataclass(frozen=True)
class Time:
    """The simulated time of a real one."""

    start: datetime
    speed: float
    anchor: float

    def at(self, real: float) -> datetime:
        return self.start + timedelta(seconds=(real - self.anchor) * self.speed)

    def real(self, shown: datetime) -> float:
        return self.anchor + (shown - self.start).total_seconds() / self.speed

    def now(self) -> datetime:
        return self.at(time.time())

    @property
    def setting(self) -> str:
        """What ``DECKWRIGHT_CLOCK`` has to be."""
        anchor = datetime.fromtimestamp(self.anchor, UTC).isoformat()
        return f"{self.start.isoformat()} x{self.speed:g} @{anchor}"


@dataclass
class Span:
    """A time of trouble, in real seconds; without an end it lasts."""

    what: str
    group: int | None
    posts: bool
    answers: bool
    refusal: bool
    begin: float
    end: float | None = None


def overloaded() -> bool:
    """Whether so much else runs here that slowness says nothing of the bot."""
    try:
        return os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)
    except (AttributeError, OSError):  # Windows has no such figure
        return False


class Troubles:
    """When the bot could not post or answer, for which group (None is every group), and why."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def begin(
        self,
        what: str,
        group: int | None = None,
        *,
        posts: bool = True,
        answers: bool = True,
        refusal: bool = False,
        since: float | None = None,
    ) -> Span:
        made = Span(what, group, posts, answers, refusal, time.time() if since is None else since)
        self.spans.append(made)
        return made

    def end(self, span: Span, grace: float = 0.0) -> None:
        if span.end is None:
            span.end = time.time() + grace

    @contextmanager
    def during(
        self,
        what: str,
        group: int | None = None,
        *,
        grace: float = 0.5,
        posts: bool = True,
        answers: bool = True,
    ) -> Iterator[None]:
        span = self.begin(what, group, posts=posts, answers=answers)
        try:
            yield
        finally:
            self.end(span, grace)

    def hit(self, first: float, last: float, group: int | None, *, kind: str) -> list[Span]:
        """The troubles of that kind (posts, answers, refusal) between two moments."""
        return [
            one
            for one in self.spans
            if getattr(one, kind)
            and one.group in (None, group)
            and one.begin < last
            and (one.end is None or one.end > first)
        ]

    def clear(self, first: float, last: float, group: int | None) -> float:
        """The longest stretch between two moments in which posting was free, in seconds."""
        longest, free = 0.0, first
        for one in sorted(self.hit(first, last, group, kind="posts"), key=lambda one: one.begin):
            longest = max(longest, one.begin - free)
            free = max(free, last if one.end is None else one.end)
        return max(longest, last - free)

    def lasted(self, what: str, first: float, last: float) -> float:
        """For how many seconds between two moments there was a trouble of that name."""
        until, total = first, 0.0
        for one in sorted((s for s in self.spans if s.what == what), key=lambda one: one.begin):
            begin, end = max(one.begin, until), min(last, last if one.end is None else one.end)
            total += max(0.0, end - begin)
            until = max(until, end)
        return total


@dataclass
class Ongoing:
    """A trouble that comes and goes, as somebody watches it."""

    troubles: Troubles
    what: str
    posts: bool
    grace: float
    span: Span | None = None

    def follow(self, *, now: bool) -> None:
        """Whether it is there at this moment."""
        if now and self.span is None:
            # It may have begun since the last look.
            self.span = self.troubles.begin(self.what, posts=self.posts, since=time.time() - 0.1)
        elif not now and self.span is not None:
            self.troubles.end(self.span, self.grace)
            self.span = None


@dataclass(eq=False)
class Group:
    """A group of people as the test knows it."""

    owner: Owner
    plan: Timetable
    channel: Channel
    """Where its questions are posted."""
    timetables: list[Timetable] = field(default_factory=list)
    set_up: tuple[datetime, datetime] | None = None
    ping: int | None = None
    pauses: int = 0
    was_paused: bool = False

    @property
    def id(self) -> int:
        return self.owner.guild.id

    def timetable(self, moment: datetime) -> Timetable:
        return [self.timetables[0], *(one for one in self.timetables if one.since <= moment)][-1]

    def settled(self, first: datetime, last: datetime) -> bool:
        """Whether the owner changed nothing between two moments."""
        return not any(first <= one.since <= last for one in self.timetables[1:])
