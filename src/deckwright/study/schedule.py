"""When a group's questions are due, and how long they stay open (R2, R3, R4, R8, R11, R12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from deckwright.study.dates import DAY, instant, local_date, zone

LATEST = timedelta(hours=6)
"""R8: how late a post may still go out."""
APART = timedelta(hours=12)
"""R4: the least distance of two posts."""
SHORTEST = timedelta(hours=20)
LONGEST = timedelta(hours=72)
HORIZON = timedelta(days=366)
"""How far ahead the next posts are looked for."""

EVERY_DAY = frozenset(range(7))
CHOICES_ONLY = frozenset({"choice"})


@dataclass(frozen=True, slots=True)
class Series:
    """A group's schedule of daily questions, and which prompts it draws from (R10)."""

    group: int
    series: str
    zone: str
    """An IANA name."""
    at: time
    """The group's local time of posting."""
    weekdays: frozenset[int] = EVERY_DAY
    """Days with a post, 0 is Monday."""
    skip_dates: frozenset[date] = frozenset()
    level: str = "medium"
    """The hardest level asked: ``medium`` asks easy and medium ones."""
    decks: frozenset[str] | None = None
    """Slugs of the decks to draw from; None is all."""
    seed: int = 0
    """Fixes the order of the prompts."""
    paused: bool = False
    started: date | None = None
    """The first date that may have a post; None until the series is set up."""
    forms: frozenset[str] = CHOICES_ONLY
    """How prompts may be asked: ``choice``, ``open``, ``self``."""

    @property
    def tz(self) -> ZoneInfo:
        """The zone. Raises ValueError when this machine knows none of that name."""
        found = zone(self.zone)
        if found is None:
            raise ValueError(f"expected an IANA zone, found {self.zone!r}")
        return found

    def asks_on(self, day: date) -> bool:
        """Whether that date is no day off."""
        return day.weekday() in self.weekdays and day not in self.skip_dates


@dataclass(frozen=True, slots=True)
class LastPost:
    """What a series has behind it."""

    day: date
    """The newest local date with a row, whatever its state: this and all before are claimed."""
    opens: datetime | None
    """When the newest post really went out; None if none did."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done now: at most one post, and the dates that pass without one."""

    post: date | None
    scheduled: datetime | None
    """The instant that date had by the schedule; R8's six hours run from it."""
    opens: datetime
    """Now. R11's window is counted from here, even for a late post."""
    skipped: tuple[date, ...]
    """Dates to be marked ``skipped``, ascending; days off are not among them."""


def _scheduled(series: Series, last: LastPost | None, until: date) -> Iterator[tuple[date, datetime]]:
    """The dates not yet claimed and their instants, ascending (R1, R3)."""
    if series.started is None:
        return
    day = series.started if last is None else max(series.started, last.day + DAY)
    tz = series.tz
    while day <= until:
        if series.asks_on(day) and (when := instant(day, series.at, tz)) is not None:
            yield day, when
        day += DAY


def _apart(when: datetime, last: LastPost | None) -> bool:
    """R4: whether an instant is 12 h or more after the last post."""
    return last is None or last.opens is None or when - last.opens >= APART


def due(series: Series, now: datetime, last: LastPost | None) -> Due:
    """R2, R8: what is due, whatever happened to the ticks before this one.

    The newest date whose instant has passed is posted if that was at most 6 h ago, even after
    midnight, and if R4 allows; every other date that has passed is skipped. A claimed date never
    comes back, wherever the clock is set. While a series is paused nothing is due and nothing is
    skipped, so that a resume within the six hours still posts the day's question.
    """
    if series.paused:
        return Due(None, None, now, ())
    # A clock that goes back over midnight shows the old date again after the new one's instant.
    until = local_date(now, series.tz) + DAY
    passed = [(day, when) for day, when in _scheduled(series, last, until) if when <= now]
    if not passed:
        return Due(None, None, now, ())
    day, when = passed[-1]
    post = day if now - when <= LATEST and _apart(when, last) else None
    skipped = tuple(other for other, _ in passed if other != post)
    return Due(post, when if post is not None else None, now, skipped)


def wakes(series: Series, now: datetime) -> datetime:
    """R2: the next instant at which anything can become due, for those who would rather not look before.

    No later than the horizon, so that a series without days is looked at again some time.
    """
    unclaimed = LastPost(local_date(now, series.tz) - 2 * DAY, None)
    horizon = local_date(now, series.tz) + HORIZON
    following = (when for _, when in _scheduled(series, unclaimed, horizon) if when > now)
    return next(following, now + HORIZON)


def first_post(series: Series, now: datetime, last: LastPost | None = None) -> Due:
    """R12: the post of the set-up, under today's local date, whatever the time or weekday.

    A group that sets up again gets none while today is claimed or the last post is less than
    12 h old (R4).
    """
    today = local_date(now, series.tz)
    free = last is None or (today > last.day and _apart(now, last))
    if not free:
        return Due(None, None, now, ())
    missed = tuple(day for day, when in _scheduled(series, last, today - DAY) if when <= now)
    return Due(today, now, now, missed)


def next_posts(
    series: Series, after: datetime, last: LastPost | None, count: int = 3
) -> list[tuple[date, datetime]]:
    """R4: the next posts as they will happen: dates and instants, ascending.

    A change of time or zone applies to the first date not yet claimed; an instant less than 12 h
    after the post before it skips its date. A date that is due at ``after`` comes first, with
    ``after`` as its instant, because it goes out at the next tick. A paused series has none.
    """
    if series.paused:
        return []
    now = due(series, after, last)
    found = [(now.post, after)] if now.post is not None else []
    opens = after if now.post is not None else last.opens if last is not None else None
    for day, when in _scheduled(series, last, local_date(after, series.tz) + HORIZON):
        if len(found) >= count:
            break
        if when > after and (opens is None or when - opens >= APART):
            found.append((day, when))
            opens = when
    return found[:count]


def window(opens: datetime, following: datetime | None) -> datetime:
    """R11: when a post closes: at the next one, at least 20 h and at most 72 h after it opened.

    Without a next post it closes after 72 h.
    """
    if following is None:
        return opens + LONGEST
    return min(max(following, opens + SHORTEST), opens + LONGEST)


def closing(series: Series, day: date, opens: datetime) -> datetime:
    """R11: when the post of a date closes if it goes out at ``opens``; fixed then, whatever changes later."""
    following = next_posts(series, opens, LastPost(day, opens), 1)
    return window(opens, following[0][1] if following else None)
