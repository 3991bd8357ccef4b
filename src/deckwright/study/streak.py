"""Streaks, read from posts and answers (R18 to R24). No zone and no clock come in (R5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from deckwright.study.posting import State

FREEZE_EVERY = 7
"""R21: answers that earn a freeze."""
FREEZES_HELD = 2
LONGEST_PAUSE = 30
"""R22, in days."""


@dataclass(frozen=True, slots=True)
class PostLine:
    """What a streak needs of a post. States other than sent, closed and void do not exist for it (R18)."""

    day: date
    state: State
    """A sent post is open."""
    outage: bool = False
    """R20: the bot was out of reach for half of its window or more."""


@dataclass(frozen=True, slots=True)
class Pause:
    """R22: a member's pause, in the group's local dates."""

    first: date
    days: int

    def __post_init__(self) -> None:
        if not 1 <= self.days <= LONGEST_PAUSE:
            raise ValueError(f"expected a pause of 1 to {LONGEST_PAUSE} days, found {self.days}")

    @property
    def last(self) -> date:
        """The last date it covers."""
        return self.first + timedelta(days=self.days - 1)


def pause(following: date, newest: date | None, days: int) -> Pause:
    """R22: a pause from the next post on, never backwards.

    ``following`` is the date of the next post (`schedule.next_posts`), so that no day of a pause is
    lost to days off; ``newest`` is the newest post's date. Raises ValueError for other than 1 to 30 days.
    """
    first = following if newest is None else max(following, newest + timedelta(days=1))
    return Pause(first, days)


class Mark(StrEnum):
    """What a post did to a streak."""

    ANSWERED = "answered"
    CREDITED = "credited"
    FROZEN = "frozen"
    MISSED = "missed"
    PAUSED = "paused"
    OUTAGE = "outage"
    OPEN = "open"
    NONE = "none"
    """Nothing: before the member's first answer, or void and not answered."""


@dataclass(frozen=True, slots=True)
class Streak:
    """A member's streak in one series. Two are equal exactly if nothing differs (R24)."""

    current: int = 0
    """R18: how many of the latest posts were answered without a miss."""
    best: int = 0
    freezes: int = 0
    """R21: how many are held."""
    to_freeze: int = FREEZE_EVERY
    """Answers until the next one is earned."""
    used_freezes: tuple[date, ...] = ()
    """The dates of the misses that freezes covered."""
    calendar: tuple[tuple[date, Mark], ...] = ()
    """Every post with what it did, dates ascending."""


def streak(
    posts: Iterable[PostLine],
    answered: Collection[date],
    pauses: Sequence[Pause] = (),
    credited: Collection[date] = (),
) -> Streak:
    """R18: count the posts of a series that a member answered, in the order of their dates.

    - R18: an open post that is not answered yet neither counts nor breaks; a void one counts for
      those who answered it and is not there for the others; nor are other states.
    - R19: a closed post that is not answered is a miss, for members who answered one before it.
    - R20, R22: under an outage or on pause a miss is none.
    - R21: every 7 answers earn a freeze (all answers count, also those before a break; what would
      be a third is lost). A miss uses one up, the number stays; without one the streak ends.
    - R22: answering a post that the pause covers ends the pause with that post. Answering the one
      before it, which was still open, does not.
    - R23: a credited post counts as answered, for the number and for freezes, for the fault was ours.

    Dates decide, not the times of clicks: a freeze covers only misses of later posts than the one
    that earned it, so that the number shown and a rebuild cannot differ (R24).
    """
    days, pay = set(answered), set(credited)
    current = best = freezes = count = 0
    used: list[date] = []
    calendar: list[tuple[date, Mark]] = []
    ended: set[Pause] = set()
    for post in sorted(posts, key=lambda post: post.day):
        if post.state not in (State.SENT, State.CLOSED, State.VOID):
            continue
        on_pause = pauses and [p for p in pauses if p.first <= post.day <= p.last and p not in ended]
        mark = _mark(post, days, pay, joined=count > 0, on_pause=bool(on_pause))
        if mark in (Mark.ANSWERED, Mark.CREDITED):
            count += 1
            current += 1
            best = max(best, current)
            if count % FREEZE_EVERY == 0:
                freezes = min(freezes + 1, FREEZES_HELD)
        if mark is Mark.ANSWERED:
            ended.update(on_pause)
        if mark is Mark.MISSED and freezes > 0:
            freezes -= 1
            used.append(post.day)
            mark = Mark.FROZEN
        if mark is Mark.MISSED:
            current = 0
        calendar.append((post.day, mark))
    return Streak(current, best, freezes, FREEZE_EVERY - count % FREEZE_EVERY, tuple(used), tuple(calendar))


def _mark(post: PostLine, answered: set[date], credited: set[date], *, joined: bool, on_pause: bool) -> Mark:
    """What a post is for a member, before freezes."""
    if post.day in answered:
        return Mark.ANSWERED
    if post.day in credited:
        return Mark.CREDITED
    if post.state is State.SENT:
        return Mark.OPEN
    if post.state is State.VOID or not joined:
        return Mark.NONE
    if on_pause:
        return Mark.PAUSED
    return Mark.OUTAGE if post.outage else Mark.MISSED


def rebuild(
    posts: Sequence[PostLine],
    answers: Iterable[tuple[int, date]],
    pauses: Mapping[int, Sequence[Pause]] | None = None,
    credited: Mapping[int, Collection[date]] | None = None,
) -> dict[int, Streak]:
    """R24: the streaks of all members who answered or were credited, from the rows alone, in any order."""
    pauses, credited = pauses or {}, credited or {}
    days: dict[int, set[date]] = defaultdict(set)
    for member, day in answers:
        days[member].add(day)
    members = days.keys() | {member for member, dates in credited.items() if dates}
    return {
        member: streak(posts, days.get(member, ()), pauses.get(member, ()), credited.get(member, ()))
        for member in sorted(members)
    }
