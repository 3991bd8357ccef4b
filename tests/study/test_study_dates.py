"""R1 and R3: a local date has one instant; zones by the names people type."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.study.dates import instant, local_date, zone, zone_choices, zone_names

DAY = timedelta(days=1)
ODD_TIMES = (time(0), time(0, 30), time(2, 30), time(3), time(12), time(23, 59))
FIRST, LAST = date(2024, 1, 1), date(2030, 12, 31)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@cache
def clock_changes(name: str) -> tuple[tuple[datetime, timedelta], ...]:
    """Every change of a zone's offset from 2024 to 2030: its first instant, and by how much."""
    tz = ZoneInfo(name)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(tz).utcoffset() or timedelta()

    found = []
    day = datetime(2024, 1, 1, tzinfo=UTC)
    while day.date() <= LAST:
        before, after = day, day + DAY
        if offset(before) != offset(after):
            while after - before > timedelta(minutes=1):
                middle = before + (after - before) / 2
                before, after = (middle, after) if offset(middle) == offset(day) else (before, middle)
            at = after.replace(second=0, microsecond=0)
            found.append((at, offset(at) - offset(before)))
        day += DAY
    return tuple(found)


def different_zones() -> Iterator[str]:
    """One zone of each set that behaves the same from 2024 to 2030."""
    seen = set()
    for name in sorted(zone_names()):
        behaviour = (NOW.astimezone(ZoneInfo(name)).utcoffset(), clock_changes(name))
        if behaviour not in seen:
            seen.add(behaviour)
            yield name


def berlin() -> ZoneInfo:
    return ZoneInfo("Europe/Berlin")


def test_r1_an_ordinary_date_has_the_groups_time() -> None:
    assert instant(date(2026, 7, 1), time(9), berlin()) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_r1_in_a_gap_the_time_moves_on_by_the_gaps_length() -> None:
    when = instant(date(2026, 3, 29), time(2, 30), berlin())

    assert when is not None
    assert when.astimezone(berlin()).time() == time(3, 30)


def test_r1_a_gap_of_half_an_hour_moves_the_time_by_half_an_hour() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    when = instant(date(2026, 10, 4), time(2, 15), lord_howe)

    assert when is not None
    assert when.astimezone(lord_howe).time() == time(2, 45)


def test_r1_in_an_overlap_it_is_the_first() -> None:
    assert instant(date(2026, 10, 25), time(2, 30), berlin()) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_r1_a_time_that_says_it_is_the_second_is_still_the_first() -> None:
    second = time(2, 30, fold=1)

    assert instant(date(2026, 10, 25), second, berlin()) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_r1_a_gap_at_midnight_keeps_the_date() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    day = date(2026, 4, 24)
    when = instant(day, time(0), cairo)

    assert when is not None
    assert when.astimezone(cairo) == datetime(2026, 4, 24, 1, tzinfo=cairo)


def test_r3_a_gap_over_midnight_gives_an_instant_on_the_next_date() -> None:
    """Nuuk's clock goes from 23:00 to 00:00: the post of Saturday 23:30 comes when Sunday has begun."""
    nuuk = ZoneInfo("America/Nuuk")
    saturday = date(2026, 3, 28)
    when = instant(saturday, time(23, 30), nuuk)

    assert when is not None
    assert local_date(when, nuuk) == date(2026, 3, 29)
    assert when != instant(date(2026, 3, 29), time(23, 30), nuuk)


@pytest.mark.parametrize("at", ODD_TIMES)
def test_r3_a_date_that_samoa_left_out_has_no_instant(at: time) -> None:
    apia = ZoneInfo("Pacific/Apia")

    assert instant(date(2011, 12, 30), at, apia) is None
    assert instant(date(2011, 12, 29), at, apia) is not None
    assert instant(date(2011, 12, 31), at, apia) is not None


def test_r3_dates_beyond_the_calendar_have_no_instant() -> None:
    assert instant(date.max, time(9), berlin()) is None
    assert instant(date.min, time(0), ZoneInfo("Asia/Tokyo")) is None


def test_r1_r3_every_zone_and_clock_change_gives_one_instant_a_date() -> None:
    """The instant reads as the group's time unless the clock never shows it; dates are 20 h or more apart."""
    for name in different_zones():
        tz = ZoneInfo(name)
        for change, shift in clock_changes(name):
            middle = local_date(change, tz)
            last = (change - timedelta(minutes=1)).astimezone(tz)
            inside = (last.replace(tzinfo=None) + timedelta(minutes=8)).time()
            for at in (*ODD_TIMES, last.time(), inside):
                instants = [instant(middle + n * DAY, at, tz) for n in range(-2, 3)]
                real = [when for when in instants if when is not None]
                gaps = [(b - a) for a, b in pairwise(real)]
                shown = [when.astimezone(tz).replace(tzinfo=None) for when in real]
                wanted = [datetime.combine(middle + n * DAY, at) for n in range(-2, 3) if instants[n + 2]]
                moved = [s - w for s, w in zip(shown, wanted, strict=True) if s != w]

                assert all(timedelta(hours=20) <= gap <= timedelta(hours=49) for gap in gaps), (name, at)
                assert len(moved) <= 1, (name, at, moved)
                assert all(m == shift for m in moved), (name, at, moved)


@given(
    st.sampled_from(sorted(zone_names())),
    st.dates(date(1850, 1, 1), date(2060, 1, 1)),
    st.times(),
)
@settings(max_examples=600, deadline=None)
def test_r1_r3_instants_ascend_with_their_dates_in_every_zone_and_century(
    name: str, day: date, at: time
) -> None:
    tz = ZoneInfo(name)
    real = [when for n in range(4) if (when := instant(day + n * DAY, at, tz)) is not None]

    assert real == sorted(set(real))
    assert len(real) >= 3


@given(st.sampled_from(sorted(zone_names())), st.integers(-2_000_000_000, 2_800_000_000))
@settings(max_examples=400, deadline=None)
def test_r3_a_date_that_a_clock_shows_has_an_instant(name: str, seconds: int) -> None:
    tz = ZoneInfo(name)
    shown = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(tz)

    assert instant(shown.date(), shown.time(), tz) is not None


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        local_date(datetime(2026, 1, 1), berlin())  # noqa: DTZ001


def test_a_zone_is_found_by_its_exact_name_only() -> None:
    assert zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert [zone(name) for name in ("europe/berlin", "Europe", "", "../etc/passwd", "Mars/Base")] == [
        None
    ] * 5


def test_zones_that_depend_on_the_machine_are_none() -> None:
    assert [zone(name) for name in ("localtime", "Factory", "posixrules")] == [None, None, None]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/ber", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("new_york", "America/New_York"),
        ("  SAN   francisco", "America/Los_Angeles"),
        ("germ", "Europe/Berlin"),
        ("bengal", "Asia/Kolkata"),
        ("pst", "America/Los_Angeles"),
        ("uk", "Europe/London"),
        ("utc", "UTC"),
        ("kathm", "Asia/Kathmandu"),
        ("+5:45", "Asia/Kathmandu"),
        ("UTC+2", "Europe/Berlin"),
        ("gmt -03:00", "America/Sao_Paulo"),
    ],
)
def test_a_zone_is_offered_by_name_city_country_or_offset(typed: str, name: str) -> None:
    assert name in [choice.name for choice in zone_choices(typed, NOW)[:12]]


def test_the_exact_name_is_offered_first() -> None:
    assert zone_choices("Asia/Kolkata", NOW)[0].name == "Asia/Kolkata"
    assert zone_choices("paris", NOW)[0].name == "Europe/Paris"


def test_a_choice_shows_the_time_there() -> None:
    assert zone_choices("kolkata", NOW)[0].label == "Asia/Kolkata (UTC+05:30, now 17:30)"


def test_nonsense_offers_nothing() -> None:
    assert zone_choices("xyzzy", NOW) == ()
    assert zone_choices("+99", NOW) == ()


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_the_choices_are_zones_and_fit_discord(typed: str) -> None:
    choices = zone_choices(typed, NOW)

    assert len(choices) <= 25
    assert len({choice.name for choice in choices}) == len(choices)
    for choice in choices:
        assert zone(choice.name) is not None
        assert len(choice.label) <= 100


def test_every_friendly_name_is_a_zone_of_the_database() -> None:
    from deckwright.study.dates import FRIENDLY

    assert set(FRIENDLY.values()) <= available_timezones()
