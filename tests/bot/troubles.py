"""What excuses a bot: when it could not do its work, and for which group, through no fault of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time as clock_time, timedelta

from bot.recount import Timetable
from deckwright_bot.sandbox import Owner
from deckwright_bot.sandbox.model import Channel

MACHINE = "this machine is too slow"
SLOW_DATABASE = "the database is slow"
DOWN = "down"
LOOKED_BACK = 400
"""So many accounts of the last minutes are gone through."""
Stretch = tuple[float, float]
"""A stretch of real time, its begin and end in seconds."""


@dataclass(frozen=True)
class Time:
    """The simulated time of a real one: what Discord and the members' clocks show."""

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
    dates: bool
    """What was due in that time may never come, as a clock that was ahead made away with it."""
    begin: float
    end: float | None = None


class Troubles:
    """When the bot could not post or answer, for which group (None is every group), and why."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.queues: list[tuple[float, float, float]] = []
        """For how long, from when till when, threads that were ready to run waited for this machine."""

    def begin(
        self,
        what: str,
        group: int | None = None,
        *,
        posts: bool = True,
        answers: bool = True,
        refusal: bool = False,
        dates: bool = False,
        since: float | None = None,
    ) -> Span:
        begin = time.time() if since is None else since
        made = Span(what, group, posts, answers, refusal, dates, begin)
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
        """The troubles of that kind (posts, answers, refusal, dates) between two moments."""
        return [
            one
            for one in self.spans
            if getattr(one, kind)
            and one.group in (None, group)
            and one.begin < last
            and (one.end is None or one.end > first)
        ]

    def queued(self, first: float, last: float) -> float:
        """For how many seconds between two moments threads waited for this machine, all of them together."""
        return sum(
            waited * max(0.0, min(end, last) - max(begin, first)) / (end - begin)
            for begin, end, waited in self.queues[-LOOKED_BACK:]
            if end > first and begin < last
        )

    def clear(self, first: float, last: float, group: int | None) -> float:
        """The longest stretch between two moments in which posting was free, in seconds.

        Without the time for which the bot waited for this machine.
        """
        longest, free = 0.0, first
        for one in sorted(self.hit(first, last, group, kind="posts"), key=lambda one: one.begin):
            if one.begin - free > longest:
                longest = max(longest, one.begin - free - self.queued(free, one.begin))
            free = max(free, last if one.end is None else one.end)
        return max(longest, last - free - self.queued(free, last))

    def seconds(self) -> str:
        """For how long what kept the bot from posting, in words."""
        now, total, until = time.time(), Counter[str](), dict[str, float]()
        for one in sorted(self.spans, key=lambda one: one.begin):
            if one.posts:
                what = one.what if one.group is None else "one group's faults"
                begin, end = max(one.begin, until.get(what, 0.0)), min(now, one.end or now)
                total[what] += round(10 * max(0.0, end - begin))
                until[what] = max(end, until.get(what, 0.0))
        return ", ".join(f"{what} {tenths / 10:.1f} s" for what, tenths in total.most_common(6))

    def stretches(self, *what: str) -> list[Stretch]:
        """When there were troubles of those names, up to now."""
        now = time.time()
        return [(one.begin, now if one.end is None else one.end) for one in self.spans if one.what in what]


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
    """The role that is to be mentioned."""
    pinged_since: float | None = None
    """From which real moment on it is; None while it is not."""
    wished: clock_time | None = None
    """A time of day that the owner asked for and has not heard of."""
    role_gone: float | None = None
    """When the role was deleted that is to be mentioned; None while it is there."""
    pauses: int = 0
    """How many were seen when it was last looked at."""
    looked: float = field(default_factory=time.time)

    @property
    def id(self) -> int:
        return self.owner.guild.id

    def timetable(self, moment: datetime) -> Timetable:
        return [self.timetables[0], *(one for one in self.timetables if one.since <= moment)][-1]

    def settled(self, first: datetime, last: datetime) -> bool:
        """Whether the owner changed nothing between two moments."""
        return not any(first <= one.since <= last for one in self.timetables[1:])
