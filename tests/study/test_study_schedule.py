"""R2, R4, R8, R11, R12: when posts are due, and how long they stay open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.study.dates import local_date, zone_names
from deckwright.study.schedule import (
    APART,
    LATEST,
    LONGEST,
    SHORTEST,
    Due,
    LastPost,
    Series,
    closing,
    due,
    first_post,
    next_posts,
    window,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MONDAY = date(2026, 3, 2)
BERLIN = Series(1, "daily", "Europe/Berlin", time(9), started=date(2026, 3, 1))


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def posted(day: date, hour: int = 8) -> LastPost:
    return LastPost(day, utc(day, hour))


def test_r2_nothing_is_due_before_the_instant() -> None:
    now = utc(MONDAY, 8) - timedelta(seconds=1)

    assert due(BERLIN, now, posted(MONDAY - DAY)) == Due(None, None, now, ())


def test_r2_a_post_is_due_at_its_instant() -> None:
    now = utc(MONDAY, 8)

    assert due(BERLIN, now, posted(MONDAY - DAY)) == Due(MONDAY, now, now, ())


def test_r2_a_claimed_date_is_never_due_again_even_with_the_clock_set_back() -> None:
    for now in (
        utc(MONDAY, 8),
        utc(MONDAY, 9),
        utc(MONDAY, 8) - timedelta(minutes=5),
        utc(MONDAY - 3 * DAY, 8),
    ):
        assert due(BERLIN, now, posted(MONDAY)).post is None


def test_r2_a_series_that_was_never_set_up_has_nothing_due() -> None:
    series = replace(BERLIN, started=None)

    assert due(series, utc(MONDAY, 9), None) == Due(None, None, utc(MONDAY, 9), ())
    assert next_posts(series, utc(MONDAY, 9), None) == []


def test_r8_six_hours_late_is_still_posted() -> None:
    now = utc(MONDAY, 8) + 6 * HOUR

    assert due(BERLIN, now, posted(MONDAY - DAY)) == Due(MONDAY, utc(MONDAY, 8), now, ())


def test_r8_later_than_six_hours_is_skipped() -> None:
    now = utc(MONDAY, 8) + 6 * HOUR + timedelta(seconds=1)

    assert due(BERLIN, now, posted(MONDAY - DAY)) == Due(None, None, now, (MONDAY,))


def test_r8_a_late_post_after_midnight_keeps_its_date() -> None:
    series = replace(BERLIN, at=time(22))

    assert due(series, utc(MONDAY + DAY, 1), posted(MONDAY - DAY, 21)).post == MONDAY


def test_r1_a_post_at_midnight_is_due_though_the_clock_went_back_to_the_day_before() -> None:
    """In St. John's the clock once went from 00:01 back to 23:01: at 23:30 the new date's post is due."""
    series = replace(BERLIN, zone="America/St_Johns", at=time(0), started=date(2010, 11, 1))
    now = datetime(2010, 11, 7, 2, 30, tzinfo=UTC) + 30 * MINUTE

    assert local_date(now, series.tz) == date(2010, 11, 6)
    assert due(series, now, LastPost(date(2010, 11, 6), now - 24 * HOUR)).post == date(2010, 11, 7)


def test_r8_after_days_down_only_the_newest_is_posted_and_the_others_are_skipped() -> None:
    now = utc(MONDAY + 3 * DAY, 10)

    found = due(BERLIN, now, posted(MONDAY - DAY))

    assert found.post == MONDAY + 3 * DAY
    assert found.skipped == (MONDAY, MONDAY + DAY, MONDAY + 2 * DAY)


def test_r8_days_off_are_not_skipped_they_do_not_exist() -> None:
    series = replace(BERLIN, weekdays=frozenset({0, 3}), skip_dates=frozenset({MONDAY + 7 * DAY}))

    found = due(series, utc(MONDAY + 10 * DAY, 8), posted(MONDAY - DAY))

    assert found.skipped == (MONDAY, MONDAY + 3 * DAY)
    assert found.post == MONDAY + 10 * DAY


def test_r8_the_window_of_a_late_post_runs_from_the_late_post() -> None:
    late = utc(MONDAY, 13)

    assert due(BERLIN, late, posted(MONDAY - DAY)).opens == late
    assert closing(BERLIN, MONDAY, late) == late + SHORTEST


def test_r9_a_paused_series_posts_and_skips_nothing_and_a_resume_catches_up() -> None:
    paused = replace(BERLIN, paused=True)
    last = posted(MONDAY - 2 * DAY)

    assert due(paused, utc(MONDAY, 9), last) == Due(None, None, utc(MONDAY, 9), ())
    assert next_posts(paused, utc(MONDAY, 9), last) == []
    assert due(BERLIN, utc(MONDAY, 9), last).post == MONDAY
    assert due(BERLIN, utc(MONDAY, 9), last).skipped == (MONDAY - DAY,)


def test_r4_a_change_applies_to_the_first_date_not_yet_claimed() -> None:
    now = utc(MONDAY, 12)
    changed = replace(BERLIN, at=time(18))

    assert next_posts(changed, now, posted(MONDAY))[0] == (MONDAY + DAY, utc(MONDAY + DAY, 17))
    assert next_posts(changed, now, posted(MONDAY - DAY))[0] == (MONDAY, utc(MONDAY, 17))


def test_r4_an_instant_less_than_twelve_hours_after_the_last_post_skips_its_date() -> None:
    """A post went out on Monday at 22:00 in Berlin; from now on they come at 09:00."""
    last = LastPost(MONDAY, utc(MONDAY, 21))

    posts = next_posts(BERLIN, utc(MONDAY, 22), last)

    assert [day for day, _ in posts] == [MONDAY + 2 * DAY, MONDAY + 3 * DAY, MONDAY + 4 * DAY]
    assert due(BERLIN, utc(MONDAY + DAY, 8), last).skipped == (MONDAY + DAY,)


def test_r4_exactly_twelve_hours_after_the_last_post_is_far_enough() -> None:
    last = LastPost(MONDAY, utc(MONDAY, 20))

    assert due(BERLIN, utc(MONDAY + DAY, 8), last).post == MONDAY + DAY
    assert next_posts(BERLIN, utc(MONDAY, 21), last)[0][0] == MONDAY + DAY


def test_r4_a_late_tick_does_not_bring_back_a_date_that_was_too_close() -> None:
    last = LastPost(MONDAY, utc(MONDAY, 21))

    assert due(BERLIN, utc(MONDAY + DAY, 13), last).post is None


def test_r4_the_next_posts_begin_with_the_one_that_is_about_to_go_out() -> None:
    """At 13:00 the owner moves the time from 18:00 to 12:00: today's question comes at the next tick."""
    now = utc(MONDAY, 12)
    posts = next_posts(replace(BERLIN, at=time(12)), now, LastPost(MONDAY - DAY, utc(MONDAY - DAY, 17)))

    assert posts[:2] == [(MONDAY, now), (MONDAY + DAY, utc(MONDAY + DAY, 11))]


def test_r4_moving_the_zone_west_waits_for_the_first_free_date() -> None:
    last = LastPost(MONDAY, utc(MONDAY, 8))
    west = replace(BERLIN, zone="Pacific/Niue")

    assert next_posts(west, utc(MONDAY, 9), last)[0] == (MONDAY + DAY, utc(MONDAY + DAY, 20))


def test_r11_a_post_closes_when_the_next_one_comes() -> None:
    assert closing(BERLIN, MONDAY, utc(MONDAY, 8)) == utc(MONDAY + DAY, 8)


@pytest.mark.parametrize(
    ("following", "hours"),
    [(timedelta(hours=13), 20), (timedelta(hours=47), 47), (timedelta(days=7), 72), (None, 72)],
)
def test_r11_a_window_is_twenty_to_seventy_two_hours(following: timedelta | None, hours: int) -> None:
    opens = utc(MONDAY, 8)

    assert window(opens, None if following is None else opens + following) == opens + hours * HOUR


def test_r11_a_weekend_off_keeps_fridays_post_open_until_monday() -> None:
    workdays = replace(BERLIN, weekdays=frozenset(range(5)))
    friday = MONDAY + 4 * DAY

    assert closing(workdays, friday, utc(friday, 8)) == utc(MONDAY + 7 * DAY, 8)


def test_r11_without_any_day_to_post_the_window_is_the_longest() -> None:
    never = replace(BERLIN, weekdays=frozenset())

    assert next_posts(never, utc(MONDAY, 9), posted(MONDAY)) == []
    assert closing(never, MONDAY, utc(MONDAY, 8)) == utc(MONDAY, 8) + LONGEST


@pytest.mark.parametrize("hour", [0, 7, 9, 22])
def test_r12_the_first_post_goes_out_at_once_whatever_the_time_or_weekday(hour: int) -> None:
    series = replace(BERLIN, weekdays=frozenset({3}), started=MONDAY)
    now = utc(MONDAY, hour)

    assert first_post(series, now) == Due(MONDAY, now, now, ())


def test_r12_the_first_post_has_the_groups_date_not_the_servers() -> None:
    tokyo = replace(BERLIN, zone="Asia/Tokyo")

    assert first_post(tokyo, utc(MONDAY, 20)).post == MONDAY + DAY


def test_r12_setting_up_twice_posts_once() -> None:
    evening = LastPost(MONDAY, utc(MONDAY, 22))

    assert first_post(BERLIN, utc(MONDAY, 22), LastPost(MONDAY, utc(MONDAY, 8))).post is None
    assert first_post(BERLIN, utc(MONDAY + DAY, 1), evening).post is None
    assert first_post(BERLIN, utc(MONDAY + DAY, 10), evening).post == MONDAY + DAY


def test_r12_the_next_after_a_late_set_up_keeps_its_distance() -> None:
    now = utc(MONDAY, 22)

    assert next_posts(BERLIN, now, LastPost(MONDAY, now))[0][0] == MONDAY + 2 * DAY


def test_a_series_in_a_zone_that_is_gone_says_so() -> None:
    with pytest.raises(ValueError, match="Mars/Base"):
        due(replace(BERLIN, zone="Mars/Base"), utc(MONDAY, 9), None)


def test_leap_day_and_new_year_have_their_posts() -> None:
    leap = next_posts(
        replace(BERLIN, started=date(2028, 2, 28)), utc(date(2028, 2, 28), 9), posted(date(2028, 2, 28))
    )
    year = next_posts(BERLIN, utc(date(2026, 12, 30), 9), posted(date(2026, 12, 30)))

    assert [day for day, _ in leap] == [date(2028, 2, 29), date(2028, 3, 1), date(2028, 3, 2)]
    assert [day for day, _ in year] == [date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2)]


# Laws. A life is a bot with its clock, its owner and its breakdowns; only what the rules promise is asked of it.

TIMES = st.sampled_from([time(0), time(2, 30), time(9), time(23, 59)]) | st.times().map(
    lambda t: t.replace(second=0, microsecond=0)
)
ZONES = st.sampled_from(sorted(zone_names()))
STARTS = st.timedeltas(timedelta(), timedelta(days=2495)).map(
    lambda after: datetime(2024, 1, 1, tzinfo=UTC) + after
) | (
    st.sampled_from(
        [
            datetime(2024, 2, 25, tzinfo=UTC),
            datetime(2028, 2, 25, tzinfo=UTC),
            datetime(2026, 12, 20, tzinfo=UTC),
            datetime(2026, 3, 20, tzinfo=UTC),
            datetime(2026, 10, 20, tzinfo=UTC),
            datetime(2029, 3, 5, tzinfo=UTC),
        ]
    )
)
DAYS_OFF = st.frozensets(st.integers(0, 30), max_size=5)


@st.composite
def many_series(draw: st.DrawFn) -> tuple[Series, datetime]:
    start = draw(STARTS)
    name = draw(ZONES)
    today = local_date(start, ZoneInfo(name))
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1) | st.just(frozenset(range(7))))
    off = frozenset(today + n * DAY for n in draw(DAYS_OFF))
    return Series(1, "daily", name, draw(TIMES), weekdays, off, started=today), start


@dataclass(frozen=True)
class Event:
    """Something happens a while after the event before it."""

    after: timedelta
    zone: str | None = None
    at: time | None = None
    weekdays: frozenset[int] | None = None
    down: timedelta = timedelta()
    clock: timedelta = timedelta()


EVENTS = st.lists(
    st.builds(
        Event,
        after=st.timedeltas(timedelta(), timedelta(days=6)),
        zone=st.none() | ZONES,
        at=st.none() | TIMES,
        weekdays=st.none() | st.frozensets(st.integers(0, 6), min_size=1),
        down=st.sampled_from([timedelta(), 2 * HOUR, 7 * HOUR, 3 * DAY, 12 * DAY]),
        clock=st.sampled_from([timedelta(), -MINUTE, -HOUR, -5 * HOUR, -DAY, HOUR]),
    ),
    max_size=6,
)


@dataclass(frozen=True)
class Posted:
    day: date
    scheduled: datetime
    opens: datetime
    closes: datetime


def live(
    series: Series, start: datetime, events: list[Event], *, step: timedelta, set_up: bool
) -> list[Posted]:
    """Tick through a life, doing what `due` says. The clock that the rules see may jump."""
    posts: list[Posted] = []
    rows: set[date] = set()
    last: LastPost | None = None

    def act(found: Due) -> None:
        nonlocal last
        for day in found.skipped:
            assert day not in rows
            rows.add(day)
        if found.post is not None:
            assert found.post not in rows
            assert found.scheduled is not None
            rows.add(found.post)
            posts.append(
                Posted(found.post, found.scheduled, found.opens, closing(series, found.post, found.opens))
            )
        if rows:
            last = LastPost(max(rows), posts[-1].opens if posts else None)

    now = start
    if set_up:
        act(first_post(series, now, last))
    for event in [*events, Event(5 * DAY)]:
        until = now + event.after
        while now <= until:
            act(due(series, now, last))
            now += step
        now += event.down + event.clock
        series = replace(
            series,
            zone=event.zone or series.zone,
            at=event.at or series.at,
            weekdays=event.weekdays or series.weekdays,
        )
    return posts


@given(
    given_series=many_series(),
    events=EVENTS,
    step=st.sampled_from([17 * MINUTE, 47 * MINUTE, 3 * HOUR]),
    set_up=st.booleans(),
)
@settings(max_examples=250, deadline=None)
def test_law_r1_r4_r8_r11_whatever_happens_posts_keep_their_distance_and_windows(
    given_series: tuple[Series, datetime], events: list[Event], step: timedelta, *, set_up: bool
) -> None:
    series, start = given_series
    posts = live(series, start, events, step=step, set_up=set_up)

    days = [post.day for post in posts]
    assert days == sorted(set(days))
    for before, after in pairwise(posts):
        assert after.opens - before.opens >= APART
        assert after.scheduled - before.opens >= APART
    for post in posts:
        assert timedelta() <= post.opens - post.scheduled <= LATEST
        assert SHORTEST <= post.closes - post.opens <= LONGEST


@given(many_series())
@settings(max_examples=120, deadline=None)
def test_law_r1_an_undisturbed_series_posts_on_each_of_its_dates(
    given_series: tuple[Series, datetime],
) -> None:
    """On each date it asks on, and a tick after the instant at most, but for a start in the middle of a day."""
    series, start = given_series
    assert series.started is not None
    end = start + 13 * DAY
    posts = live(series, start, [Event(9 * DAY)], step=30 * MINUTE, set_up=False)

    days = [series.started + n * DAY for n in range(16) if series.asks_on(series.started + n * DAY)]
    # Of two passes of an hour the first counts, whatever pass a drawn time names.
    at = series.at.replace(fold=0)
    instants = {day: datetime.combine(day, at, ZoneInfo(series.zone)).astimezone(UTC) for day in days}
    wanted = [day for day, when in instants.items() if start - LATEST <= when <= end]
    assert [post.day for post in posts if post.scheduled <= end] == wanted
    assert all(post.opens - post.scheduled < 30 * MINUTE for post in posts[1:])
    assert all(post.scheduled == instants[post.day] for post in posts if post.day in instants)


@given(many_series(), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_law_r4_what_is_announced_is_what_happens(given_series: tuple[Series, datetime], hours: int) -> None:
    series, start = given_series
    last = LastPost(local_date(start, ZoneInfo(series.zone)), start)
    now = start + hours * HOUR
    announced = next_posts(series, now, last, 2)

    happened: list[tuple[date, datetime]] = []
    for _, when in announced:
        found = due(series, when, last)
        assert found.post is not None
        happened.append((found.post, when))
        last = LastPost(found.post, when)

    assert happened == announced
    assert [when for _, when in announced] == sorted(when for _, when in announced)


@given(many_series(), st.lists(st.timedeltas(timedelta(), 20 * DAY), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_law_r2_missed_ticks_change_nothing_but_lateness(
    given_series: tuple[Series, datetime], ticks: list[timedelta]
) -> None:
    """Every date up to the last tick is posted, skipped or a day off: once, whichever ticks came."""
    series, start = given_series
    last: LastPost | None = None
    seen: list[date] = []
    for after in sorted(ticks):
        found = due(series, start + after, last)
        seen += [*found.skipped, *([found.post] if found.post else [])]
        opens = found.opens if found.post else last.opens if last else None
        last = LastPost(seen[-1], opens) if seen else None

    only_the_last = due(series, start + max(ticks), None)
    rows = [*only_the_last.skipped, *([only_the_last.post] if only_the_last.post else [])]
    assert sorted(seen) == sorted(rows)
    assert len(set(seen)) == len(seen)
