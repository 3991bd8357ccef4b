"""Leaderboards, computed from rows (R25, R26, R27)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from deckwright.study.dates import local_date

PAGE = 10
"""Standings on a page of a board."""


class Period(StrEnum):
    """R25: what a board covers."""

    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Span:
    """Local dates, both ends included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def span(period: Period, now: datetime, tz: ZoneInfo) -> Span:
    """R25: the dates of the current ISO week (Monday to Sunday) or month in the group's zone, or all."""
    today = local_date(now, tz)
    if period is Period.WEEK:
        monday = today - timedelta(days=today.weekday())
        return Span(monday, monday + timedelta(days=6))
    if period is Period.MONTH:
        following = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
        return Span(today.replace(day=1), following - timedelta(days=1))
    return Span(date.min, date.max)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is ranked: a sum of points, right choices and answers."""

    points: int = 0
    right: int = 0
    answers: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.points + other.points, self.right + other.right, self.answers + other.answers)


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of a board."""

    rank: int
    member: int
    tally: Tally


def rank(tallies: Mapping[int, Tally], hidden: Collection[int] = ()) -> tuple[Standing, ...]:
    """R26: by points, then right choices, then answers; equal on all three share a rank: 1, 2, 2, 4.

    Hidden members (who left, or want to be on no board) take no place, nor does anybody without an
    answer. Those who share a rank stand in the order of their ids, so that a page never shuffles.
    """
    shown = [(t, m) for m, t in tallies.items() if m not in hidden and t.answers > 0]
    shown.sort(key=lambda item: (-item[0].points, -item[0].right, -item[0].answers, item[1]))
    standings: list[Standing] = []
    for place, (own, member) in enumerate(shown, 1):
        shared = bool(standings) and standings[-1].tally == own
        standings.append(Standing(standings[-1].rank if shared else place, member, own))
    return tuple(standings)


def own(standings: Sequence[Standing], member: int) -> Standing | None:
    """R26: a member's own line, wherever it stands; None for one who has none."""
    return next((standing for standing in standings if standing.member == member), None)


def page(standings: Sequence[Standing], number: int, size: int = PAGE) -> tuple[Standing, ...]:
    """A page of a board, counted from 1; empty beyond the last."""
    return tuple(standings[max(number - 1, 0) * size : max(number, 0) * size])
