"""What quizzes ask, and what happens when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from deckwright.study.keys import PromptKey
from deckwright.study.pool import Askable
from deckwright.study.quiz import (
    AWAY,
    SILENT,
    Ending,
    Next,
    Phase,
    State,
    Wanted,
    choose,
    ending,
    missed,
    step,
    table,
    weakest,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIBRARY = [
    Askable(
        PromptKey(f"card-{n // 2}", n % 2),
        deck="ab"[n % 4 // 2],
        level=("easy", "medium", "hard")[n % 3],
        core=False,
        form="choice" if n % 5 else "open",
        daily=True,
        topic=f"t{n % 7}",
        retired=n % 11 == 10,
    )
    for n in range(60)
]


@given(st.integers(1, 25), st.integers(), st.sets(st.sampled_from([f"card-{n}" for n in range(30)])))
def test_a_quiz_asks_no_card_twice_none_that_is_barred_and_only_what_fits(
    count: int, seed: int, barred: set[str]
) -> None:
    wanted = Wanted(decks=frozenset("a"), level="easy")
    found = choose(LIBRARY, wanted, count, seed=seed, without=barred)
    by_key = {each.key: each for each in LIBRARY}
    fitting = {
        each.key.card
        for each in LIBRARY
        if each.deck == "a" and each.level == "easy" and each.form == "choice" and not each.retired
    }

    cards = [key.card for key in found]
    assert len(cards) == len(set(cards)) == min(count, len(fitting - barred))
    assert set(cards) <= fitting - barred
    assert all(by_key[key].form == "choice" for key in found)


def test_what_was_asked_lately_comes_last() -> None:
    every = choose(LIBRARY, Wanted(), 99, seed=1)
    again = choose(LIBRARY, Wanted(), 99, seed=1, lately=every[:5])

    assert set(every[:5]).isdisjoint(again[:5])


def test_another_seed_asks_in_another_order() -> None:
    assert choose(LIBRARY, Wanted(), 10, seed=1) != choose(LIBRARY, Wanted(), 10, seed=2)


def test_a_topic_is_named_with_its_deck() -> None:
    found = choose(LIBRARY, Wanted(topics=frozenset({"a/t1"})), 99, seed=1)
    by_key = {each.key: each for each in LIBRARY}

    assert found
    assert {(by_key[key].deck, by_key[key].topic) for key in found} == {("a", "t1")}


def test_missed_is_what_was_not_right_the_last_time() -> None:
    a, b = PromptKey("a"), PromptKey("b")
    later = NOW + timedelta(days=1)

    assert missed([(NOW, a, False), (later, a, True), (later, b, False), (NOW, b, True)]) == {b}


@pytest.mark.parametrize(
    ("phase", "position", "left", "answered", "silent", "expected"),
    [
        (Phase.LOBBY, 0, 1, 0, 0, Next.WAIT),
        (Phase.LOBBY, 0, 0, 0, 0, Next.ASK),
        (Phase.ASKING, 1, 5, 0, 0, Next.WAIT),
        (Phase.ASKING, 1, 5, 1, 0, Next.SHOW),
        (Phase.ASKING, 1, 0, 0, 0, Next.SHOW),
        (Phase.SHOWING, 1, 3, 0, 0, Next.WAIT),
        (Phase.SHOWING, 1, 0, 0, 1, Next.ASK),
        (Phase.SHOWING, 3, 0, 0, 0, Next.END),
        (Phase.SHOWING, 2, 0, 0, SILENT, Next.END),
        (Phase.ENDED, 3, 0, 0, 0, Next.WAIT),
    ],
)
def test_a_group_quiz_goes_from_lobby_to_question_to_key(
    phase: Phase, position: int, left: int, answered: int, silent: int, expected: Next
) -> None:
    until = NOW + timedelta(seconds=left)
    assert step(State(phase, position, 3, until, bool(answered), silent), NOW) is expected


def test_a_message_on_its_way_is_waited_for() -> None:
    assert step(State(Phase.ASKING, 1, 3, None), NOW) is Next.WAIT


def test_a_quiz_that_stood_still_ends() -> None:
    state = State(Phase.ASKING, 1, 3, NOW - AWAY - timedelta(seconds=1))

    assert step(state, NOW) is Next.END
    assert ending(state, NOW) is Ending.AWAY


def test_an_ending_says_why() -> None:
    assert ending(State(Phase.SHOWING, 3, 3, NOW), NOW) is Ending.DONE
    assert ending(State(Phase.SHOWING, 2, 3, NOW, silent=SILENT), NOW) is Ending.SILENT


def test_the_table_ranks_by_points_then_right_choices_and_shares_ranks() -> None:
    found = table([(1, True), (1, False), (2, True), (2, False), (3, False)], {1: 12, 2: 12, 3: 2})

    assert [(each.rank, each.member) for each in found] == [(1, 1), (1, 2), (3, 3)]


def test_the_weakest_topic_has_the_largest_share_of_misses() -> None:
    assert weakest([("a", True), ("a", False), ("b", False), ("c", True)]) == "b"
    assert weakest([("a", True)]) is None
    assert weakest([]) is None
