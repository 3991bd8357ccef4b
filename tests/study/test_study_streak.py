"""R18 to R24: streaks, freezes, pauses, outages, credits."""

from __future__ import annotations

import inspect
import random
from collections.abc import Collection, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings, strategies as st

from deckwright.study.posting import State
from deckwright.study.streak import Mark, Pause, PostLine, Streak, pause, rebuild, streak

DAY = timedelta(days=1)
FIRST = date(2028, 2, 1)
STATES = {"c": State.CLOSED, "o": State.SENT, "v": State.VOID, "s": State.SKIPPED, "f": State.FAILED}


def day(n: int) -> date:
    return FIRST + n * DAY


def posts(states: str) -> list[PostLine]:
    """A post a letter, a day apart: closed, open, void, skipped, failed, x closed after an outage, a space none."""
    return [
        PostLine(day(n), State.CLOSED if s == "x" else STATES[s], outage=s == "x")
        for n, s in enumerate(states)
        if s != " "
    ]


def played(
    states: str, answers: str, pauses: Sequence[Pause] = (), credited: Collection[date] = ()
) -> Streak:
    """The streak of a history: ``+`` below a post is an answer."""
    return streak(posts(states), {day(n) for n, a in enumerate(answers) if a == "+"}, pauses, credited)


def marks(found: Streak) -> list[Mark]:
    return [mark for _, mark in found.calendar]


def test_r18_the_streak_counts_the_latest_posts_answered_in_a_row() -> None:
    found = played("cccccc", "+++-++")

    assert (found.current, found.best) == (2, 3)


def test_r18_an_open_post_does_not_break_it_and_counts_once_answered() -> None:
    assert played("ccco", "+++-").current == 3
    assert played("ccco", "++++").current == 4


def test_r18_two_open_posts_do_not_break_it() -> None:
    assert played("ccoo", "++-+").current == 3


@pytest.mark.parametrize("states", ["cc  cc", "ccsscc", "ccffcc"])
def test_r18_dates_without_a_post_do_not_exist_for_it(states: str) -> None:
    found = played(states, "++--++")

    assert found.current == 4
    assert len(found.calendar) == 4


def test_r18_a_void_post_counts_for_those_who_answered_it_and_is_nothing_for_the_others() -> None:
    assert played("cvc", "+++").current == 3
    assert played("cvc", "+-+").current == 2
    assert marks(played("cvc", "+-+")) == [Mark.ANSWERED, Mark.NONE, Mark.ANSWERED]


def test_r18_zones_and_clocks_cannot_come_in() -> None:
    """R5: a member's own zone, or any other, is nothing the streak could ask for."""
    assert list(inspect.signature(streak).parameters) == ["posts", "answered", "pauses", "credited"]


def test_r19_posts_before_the_first_answer_are_no_misses() -> None:
    found = played("ccccc", "---++")

    assert found.current == 2
    assert marks(found) == [Mark.NONE, Mark.NONE, Mark.NONE, Mark.ANSWERED, Mark.ANSWERED]


def test_r19_a_closed_post_without_an_answer_ends_the_streak() -> None:
    found = played("cccc", "+++-")

    assert (found.current, found.best) == (0, 3)
    assert marks(found)[-1] is Mark.MISSED


def test_r20_a_miss_in_an_outage_costs_nothing() -> None:
    found = played("cxc", "+-+")

    assert (found.current, marks(found)[1]) == (2, Mark.OUTAGE)


def test_r20_an_answer_in_an_outage_counts() -> None:
    assert played("cxc", "+++").current == 3


def test_r20_an_outage_uses_no_freeze() -> None:
    found = played("cccccccx", "+++++++-")

    assert (found.freezes, found.used_freezes) == (1, ())


def test_r21_seven_answers_earn_a_freeze() -> None:
    assert played("cccccc", "++++++").freezes == 0
    assert played("cccccc", "++++++").to_freeze == 1
    assert played("ccccccc", "+++++++").freezes == 1
    assert played("ccccccc", "+++++++").to_freeze == 7


def test_r21_a_freeze_is_used_by_itself_and_shown_and_adds_nothing() -> None:
    found = played("ccccccccc", "+++++++-+")

    assert (found.current, found.best, found.freezes) == (8, 8, 0)
    assert found.used_freezes == (day(7),)
    assert marks(found)[7] is Mark.FROZEN


def test_r21_at_most_two_are_held() -> None:
    assert played("c" * 30, "+" * 30).freezes == 2
    assert played("c" * 24, "+" * 21 + "---").current == 0
    assert played("c" * 23, "+" * 21 + "--").current == 21


def test_r21_all_answers_count_towards_it_also_those_before_a_break() -> None:
    assert played("cccccccc", "++++-+++").freezes == 1


def test_r21_a_freeze_covers_only_later_posts_than_the_one_that_earned_it() -> None:
    assert played("cccccccc", "++++++-+").current == 1


def test_r21_an_unanswered_open_post_uses_no_freeze_yet() -> None:
    assert played("ccccccco", "+++++++-").freezes == 1


def test_r22_on_pause_a_miss_is_none() -> None:
    found = played("cccccc", "++--++", [Pause(day(2), 2)])

    assert found.current == 4
    assert marks(found)[2:4] == [Mark.PAUSED, Mark.PAUSED]


def test_r22_a_pause_covers_its_days_and_no_more() -> None:
    assert played("cccc", "+---", [Pause(day(1), 2)]).current == 0
    assert played("cccc", "+---", [Pause(day(1), 3)]).current == 1
    assert played("cccc", "+-++", [Pause(day(2), 2)]).current == 2


def test_r22_a_pause_uses_no_freeze() -> None:
    assert played("cccccccc", "+++++++-", [Pause(day(7), 1)]).freezes == 1


def test_r22_an_answer_ends_the_pause() -> None:
    found = played("cccccc", "+--+--", [Pause(day(1), 30)])

    assert found.current == 0
    assert marks(found)[1:5] == [Mark.PAUSED, Mark.PAUSED, Mark.ANSWERED, Mark.MISSED]


def test_r22_answering_the_post_before_the_pause_does_not_end_it() -> None:
    assert played("cccc", "++--", [Pause(day(2), 2)]).current == 2


def test_r22_a_pause_begins_with_the_next_post_never_backwards() -> None:
    assert pause(day(3), day(2), 5) == Pause(day(3), 5)
    assert pause(day(3), None, 5) == Pause(day(3), 5)
    assert pause(day(1), day(2), 5) == Pause(day(3), 5)
    assert pause(day(3), day(2), 5).last == day(7)


@pytest.mark.parametrize("days", [0, -1, 31])
def test_r22_a_pause_is_one_to_thirty_days(days: int) -> None:
    with pytest.raises(ValueError, match="1 to 30"):
        pause(day(0), None, days)
    assert pause(day(0), None, 30).last == day(29)


def test_r23_a_credited_post_counts_as_answered() -> None:
    found = played("ccc", "+-+", credited=[day(1)])

    assert (found.current, marks(found)[1]) == (3, Mark.CREDITED)
    assert played("ccccccc", "++++++-", credited=[day(6)]).freezes == 1


def test_r23_a_credit_does_not_end_a_pause_nor_count_twice() -> None:
    assert played("cccc", "+---", [Pause(day(1), 3)], [day(1)]).current == 2
    assert played("cc", "++", credited=[day(0), day(1)]).current == 2


def test_r23_there_is_nothing_to_credit_on_a_date_without_a_post() -> None:
    assert played("cfc", "+-+", credited=[day(1)]).current == 2


def test_r24_a_rebuild_gives_every_member_the_streak_of_their_answers() -> None:
    lines = posts("ccvcx")
    answers = [(7, day(1)), (3, day(0)), (3, day(1)), (7, day(3)), (3, day(0))]
    found = rebuild(lines, answers, {3: [Pause(day(2), 5)]}, {9: [day(4)]})

    assert found == {
        3: streak(lines, [day(0), day(1)], [Pause(day(2), 5)]),
        7: streak(lines, [day(1), day(3)]),
        9: streak(lines, [], (), [day(4)]),
    }


# Laws, against an oracle that is written another way: an automaton that lives through every day.

HISTORIES = st.text(st.sampled_from("cccccccccvxosf "), max_size=90)


@st.composite
def lives(draw: st.DrawFn) -> tuple[str, set[date], list[Pause], set[date]]:
    states = draw(HISTORIES)
    keen = draw(st.floats(0.3, 1))
    rng = draw(st.randoms(use_true_random=False))
    answered = {day(n) for n in range(-3, len(states) + 3) if rng.random() < keen}
    spans = draw(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 30)), max_size=3))
    credited = {day(n) for n in draw(st.sets(st.integers(0, 90), max_size=3))}
    return states, answered, [Pause(day(n), length) for n, length in spans], credited


class Automaton:
    """A member who lives through the days."""

    def __init__(self) -> None:
        self.row, self.record, self.wallet, self.steps = 0, 0, 0, 0
        self.rest: list[date] = []  # the last dates of the pauses that run

    def live(self, today: date, letter: str, *, answers: bool, credited: bool, begin: list[date]) -> None:
        self.rest = [last for last in self.rest if last >= today] + begin
        if letter in "sf ":
            return
        if answers or credited:
            self.row += 1
            self.record = max(self.record, self.row)
            self.steps += 1
            self.wallet = min(2, self.wallet + (self.steps % 7 == 0))
            if answers:
                self.rest = []
        elif letter == "c" and self.steps and not self.rest:
            if self.wallet:
                self.wallet -= 1
            else:
                self.row = 0


@given(lives())
@settings(max_examples=600, deadline=None)
def test_law_r18_to_r23_the_streak_equals_an_automaton_that_lives_through_every_day(
    life: tuple[str, set[date], list[Pause], set[date]],
) -> None:
    states, answered, pauses, credited = life
    member = Automaton()
    for n, letter in enumerate(states):
        today = day(n)
        begin = [p.last for p in pauses if p.first == today]
        member.live(today, letter, answers=today in answered, credited=today in credited, begin=begin)

    found = streak(posts(states), answered, pauses, credited)
    assert (found.current, found.best, found.freezes) == (member.row, member.record, member.wallet)
    assert found.to_freeze == 7 - member.steps % 7


@given(lives(), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_law_r18_r24_the_order_of_rows_is_irrelevant(
    life: tuple[str, set[date], list[Pause], set[date]], seed: int
) -> None:
    states, answered, pauses, credited = life
    assume(answered or credited)  # nothing is kept of members who never took part
    rng = random.Random(seed)
    lines, rows = posts(states), [*answered, *answered]
    wanted = streak(lines, answered, pauses, credited)
    for mixed in (lines, rows, pauses):
        rng.shuffle(mixed)

    assert streak(lines, rows, pauses, sorted(credited)) == wanted
    assert rebuild(lines, [(1, d) for d in rows], {1: pauses}, {1: credited}) == {1: wanted}


@given(lives())
@settings(max_examples=300, deadline=None)
def test_law_r18_r21_the_numbers_agree_with_the_calendar(
    life: tuple[str, set[date], list[Pause], set[date]],
) -> None:
    states, answered, pauses, credited = life
    found = streak(posts(states), answered, pauses, credited)
    seen = marks(found)
    counted = [mark in (Mark.ANSWERED, Mark.CREDITED) for mark in seen]
    since = len(seen) - seen[::-1].index(Mark.MISSED) if Mark.MISSED in seen else 0

    assert 0 <= found.current <= found.best <= sum(counted)
    assert found.current == sum(counted[since:])
    assert list(found.used_freezes) == [d for d, mark in found.calendar if mark is Mark.FROZEN]
    assert found.freezes + len(found.used_freezes) <= sum(counted) // 7
    assert 0 <= found.freezes <= 2


@given(lives(), st.integers(0, 89))
@settings(max_examples=300, deadline=None)
def test_law_r18_one_more_answer_never_shortens_the_best_streak_of_a_member_without_pauses(
    life: tuple[str, set[date], list[Pause], set[date]], n: int
) -> None:
    """With a pause it may: the answer ends it. Without, an answer in place of a miss costs nobody anything."""
    states, answered, _, credited = life
    lines = posts(states)

    assert streak(lines, {*answered, day(n)}, (), credited).best >= streak(lines, answered, (), credited).best
