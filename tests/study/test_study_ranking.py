"""R25, R26, R27: leaderboards."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.study.dates import instant, zone_names
from deckwright.study.ranking import (
    Period,
    Span,
    Standing,
    Tally,
    own,
    page,
    rank,
    span,
)

BERLIN = ZoneInfo("Europe/Berlin")


def ranks(*tallies: Tally) -> list[tuple[int, int]]:
    return [(standing.rank, standing.member) for standing in rank(dict(enumerate(tallies)))]


def test_r25_a_week_runs_from_monday_to_sunday() -> None:
    sunday = datetime(2026, 3, 8, 22, 59, tzinfo=UTC)

    assert span(Period.WEEK, sunday, BERLIN) == Span(date(2026, 3, 2), date(2026, 3, 8))


def test_r25_the_groups_zone_says_which_week_and_month_it_is() -> None:
    midnight = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    assert span(Period.WEEK, midnight, BERLIN).first == date(2026, 3, 2)
    assert span(Period.WEEK, midnight, ZoneInfo("Europe/London")).first == date(2026, 2, 23)
    assert span(Period.MONTH, datetime(2026, 3, 31, 23, tzinfo=UTC), BERLIN).first == date(2026, 4, 1)


def test_r25_a_week_over_new_year_is_one_week() -> None:
    assert span(Period.WEEK, datetime(2027, 1, 1, 12, tzinfo=UTC), BERLIN) == Span(
        date(2026, 12, 28), date(2027, 1, 3)
    )


@pytest.mark.parametrize(
    ("month", "last"), [((2028, 2), 29), ((2027, 2), 28), ((2026, 12), 31), ((2026, 4), 30), ((2026, 1), 31)]
)
def test_r25_a_month_is_the_calendars(month: tuple[int, int], last: int) -> None:
    now = datetime(*month, 15, tzinfo=UTC)

    assert span(Period.MONTH, now, BERLIN) == Span(date(*month, 1), date(*month, last))


def test_r25_all_time_leaves_nothing_out() -> None:
    everything = span(Period.ALL, datetime(2026, 1, 1, tzinfo=UTC), BERLIN)

    assert date.min in everything
    assert date.max in everything


def test_r26_points_then_right_choices_then_answers() -> None:
    assert ranks(Tally(20, 1, 9), Tally(30, 0, 1), Tally(20, 2, 2), Tally(20, 1, 10)) == [
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 0),
    ]


def test_r26_equal_on_all_three_share_a_rank_and_the_next_one_skips() -> None:
    assert ranks(Tally(5, 1, 1), Tally(9, 1, 1), Tally(5, 1, 1), Tally(2, 0, 1)) == [
        (1, 1),
        (2, 0),
        (2, 2),
        (4, 3),
    ]


def test_r26_equal_points_alone_share_nothing() -> None:
    assert [place for place, _ in ranks(Tally(5, 1, 1), Tally(5, 0, 1))] == [1, 2]


def test_r26_everyone_finds_their_own_rank_also_off_the_page() -> None:
    standings = rank({n: Tally(100 - n, 0, 1) for n in range(25)})

    assert own(standings, 24) == Standing(25, 24, Tally(76, 0, 1))
    assert own(standings, 99) is None
    assert [s.member for s in page(standings, 3)] == [20, 21, 22, 23, 24]
    assert (page(standings, 4), page(standings, 0), page(standings, -1)) == ((), (), ())


def test_r26_the_hidden_take_no_place() -> None:
    standings = rank({1: Tally(9, 1, 1), 2: Tally(5, 1, 1)}, hidden={1})

    assert standings == (Standing(1, 2, Tally(5, 1, 1)),)


def test_r26_who_has_no_answer_has_no_rank() -> None:
    assert rank({1: Tally(0, 0, 0)}) == ()


TALLIES = st.builds(Tally, st.integers(-8, 30), st.integers(0, 3), st.integers(0, 3))


@given(st.dictionaries(st.integers(1, 40), TALLIES), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_law_r26_ranks_skip_and_the_order_of_rows_is_irrelevant(tallies: dict[int, Tally], seed: int) -> None:
    mixed = list(tallies.items())
    random.Random(seed).shuffle(mixed)
    standings = rank(dict(mixed))

    assert standings == rank(tallies)
    for standing in standings:
        mine = standing.tally
        ahead = [
            t
            for t in tallies.values()
            if t.answers and (t.points, t.right, t.answers) > (mine.points, mine.right, mine.answers)
        ]
        assert standing.rank == len(ahead) + 1
    assert all(a.rank <= b.rank for a, b in pairwise(standings))


@given(
    st.sampled_from(sorted(zone_names())),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.sampled_from(list(Period)),
)
@settings(max_examples=300, deadline=None)
def test_law_r25_at_a_posts_instant_its_date_lies_in_the_current_period(
    name: str, day: date, period: Period
) -> None:
    tz = ZoneInfo(name)
    when = instant(day, time(12), tz)

    assert when is not None
    assert day in span(period, when, tz)
