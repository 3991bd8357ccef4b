"""R10: which prompt comes next."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.kinds import KINDS
from deckwright.model import Card, Choice, Open, Option, Prompt, Retired, SelfGraded
from deckwright.study.keys import PromptKey
from deckwright.study.pool import APART, Askable, askable, fits, form_of, pool
from deckwright.study.schedule import Series

SERIES = Series(1, "daily", "UTC", time(9), started=date(2026, 1, 1), seed=7)


def prompt(
    name: str, *, core: bool = False, level: str = "easy", form: str = "choice", deck: str = "a"
) -> Askable:
    return Askable(PromptKey(name), deck, level, core, form, daily=True)


def key(name: str) -> PromptKey:
    return PromptKey(name)


def ask(library: list[Askable], count: int, series: Series = SERIES) -> list[PromptKey]:
    """What the series asks, one after the other."""
    asked: list[PromptKey] = []
    for _ in range(count):
        found = pool(library, series, asked).next
        assert found is not None
        asked.append(found)
    return asked


TEN = [prompt(f"card-{n}", core=n < 3) for n in range(10)]


def test_r10_core_prompts_come_first() -> None:
    assert {found.card for found in ask(TEN, 3)} == {"card-0", "card-1", "card-2"}


def test_r10_no_prompt_repeats_until_the_pool_is_used_up() -> None:
    asked = ask(TEN, 30)

    for begin in (0, 10, 20):
        assert len(set(asked[begin : begin + 10])) == 10


def test_r10_each_round_is_shuffled_anew() -> None:
    asked = ask(TEN, 20)

    assert asked[:10] != asked[10:]


def test_r10_nobody_meets_yesterdays_question_again_when_a_round_begins() -> None:
    for seed in range(30):
        asked = ask(TEN, 30, replace(SERIES, seed=seed))
        assert all(asked[n] not in asked[n + 1 : n + 5] for n in range(26))


def test_r10_the_order_depends_on_the_seed() -> None:
    assert len({tuple(ask(TEN, 10, replace(SERIES, seed=seed))) for seed in range(5)}) == 5


def test_r10_the_order_can_be_replayed_whatever_the_order_of_the_library() -> None:
    assert ask(TEN, 25) == ask(TEN[::-1], 25)


def test_r10_a_prompt_that_was_skipped_is_asked_next() -> None:
    """A skipped or failed post is not among the asked, so its prompt is still the first."""
    asked = ask(TEN, 4)

    assert pool(TEN, SERIES, asked[:3]).next == asked[3]


def test_r10_a_card_that_is_added_is_asked_in_the_running_round() -> None:
    asked = ask(TEN, 9)
    grown = [*TEN, prompt("new")]

    assert {pool(grown, SERIES, asked).next, key("new")} <= set(pool(grown, SERIES, asked).upcoming)
    assert pool(grown, SERIES, asked).left == 2


def test_r10_a_card_that_is_added_after_a_round_comes_before_any_repeats() -> None:
    asked = ask(TEN, 10)

    assert pool([*TEN, prompt("new")], SERIES, asked).upcoming == (key("new"),)


def test_r10_what_was_asked_under_an_old_id_counts_as_asked() -> None:
    renamed = [replace(TEN[0], key=key("renamed"), aliases=("card-0",)), *TEN[1:]]

    assert key("renamed") not in pool(renamed, SERIES, [key("card-0")]).upcoming


def test_r10_prompts_that_no_longer_fit_do_not_matter() -> None:
    assert pool(TEN, SERIES, [key("gone"), key("gone")]) == pool(TEN, SERIES, [])


def test_r10_the_pool_is_low_at_seven_left() -> None:
    assert not pool(TEN, SERIES, ask(TEN, 2)).low
    assert pool(TEN, SERIES, ask(TEN, 3)).left == 7
    assert pool(TEN, SERIES, ask(TEN, 3)).low
    assert [pool(TEN, SERIES, ask(TEN, n)).round for n in (0, 9, 10, 11, 19, 20)] == [0, 0, 1, 1, 1, 2]


def test_r10_an_empty_pool_has_no_next_prompt() -> None:
    assert pool([], SERIES, []).next is None
    assert pool([], SERIES, [key("x")]).left == 0


def test_r10_one_prompt_alone_may_repeat() -> None:
    assert ask([TEN[0]], 3) == [TEN[0].key] * 3


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (prompt("x"), True),
        (prompt("x", level="medium"), True),
        (prompt("x", level="hard"), False),
        (prompt("x", form="open"), False),
        (prompt("x", form="self"), False),
        (replace(prompt("x"), daily=False), False),
    ],
)
def test_r10_by_default_choices_easy_and_medium_are_asked(found: Askable, *, wanted: bool) -> None:
    assert fits(found, SERIES) is wanted


def test_r10_a_series_may_widen_or_narrow_its_pool() -> None:
    hard = replace(SERIES, level="hard", forms=frozenset({"open"}), decks=frozenset({"a"}))

    assert fits(prompt("x", level="hard", form="open"), hard)
    assert not fits(prompt("x", level="hard", form="open", deck="b"), hard)
    assert not fits(prompt("x", level="medium"), replace(SERIES, level="easy"))


def test_r10_a_cards_prompt_carries_what_decides() -> None:
    card = Card(id="one", kind="recall", level="hard", core=True, aliases=("old",))
    form = Choice((Option("a", right=True), Option("b", right=False)), draw=1)
    found = askable(card, "theory", Prompt(card.card_id, 2, form))

    assert found == Askable(
        PromptKey("one", 2), "theory", "hard", core=True, form="choice", daily=True, aliases=("old",)
    )


def test_r10_retired_cards_and_code_are_never_asked() -> None:
    retired = Card(id="one", kind="recall", retired=Retired(since="2026-01-01", reason="old"))
    code = KINDS["code"].model_validate(
        {"id": "two", "kind": "code", "language": "python", "front": "f", "solution": "s"}
    )

    assert not askable(retired, "a", Prompt(retired.card_id, 0, SelfGraded())).daily
    assert not askable(code, "a", code.prompts()[0]).daily


def test_r10_a_choice_without_a_choice_is_an_open_question() -> None:
    same = Choice((Option("Yes", right=True), Option(" yes. ", right=False)), draw=1)

    assert form_of(Prompt(Card(id="one", kind="recall").card_id, 0, same)) == "open"
    assert form_of(Prompt(Card(id="one", kind="recall").card_id, 0, Open((), ()))) == "open"


GAPS = [
    replace(prompt(f"card-{n}", core=n % 5 == 0), key=PromptKey(f"card-{n}", gap))
    for n in range(60)
    for gap in range(3 if n % 3 == 0 else 1)
]


def test_r10_two_gaps_of_one_card_are_weeks_apart() -> None:
    for seed in range(10):
        cards = [found.card for found in ask(GAPS, 60, replace(SERIES, seed=seed))]
        for n, card in enumerate(cards):
            assert card not in cards[n + 1 : n + 1 + APART]


def test_r10_a_gap_waits_also_for_one_that_was_asked_under_the_card_s_old_id() -> None:
    renamed = [replace(each, aliases=("old",)) if each.key.card == "card-0" else each for each in GAPS]
    asked = [PromptKey("old", 0), PromptKey("gone", 0)]

    assert "card-0" not in {key.card for key in pool(renamed, SERIES, asked).upcoming[: APART - 1]}


def test_r10_a_gap_waits_also_for_one_that_the_series_no_longer_asks() -> None:
    """An open question of yesterday told the card as a whole; since then the owner turned open ones off."""
    mixed = [replace(each, form="open") if each.key == PromptKey("card-0", 0) else each for each in GAPS]

    assert "card-0" not in {
        key.card for key in pool(mixed, SERIES, [PromptKey("card-0", 0)]).upcoming[:APART]
    }


def test_r10_core_comes_first_where_nothing_has_to_wait() -> None:
    core = [each for each in GAPS if each.core]
    cards = {each.key.card for each in core}

    assert {found.card for found in ask(GAPS, len(cards))} == cards


GAPPED = st.lists(
    st.builds(
        lambda name, gap, core: replace(prompt(name, core=core), key=PromptKey(name, gap)),
        st.sampled_from("abcdefghijkl"),
        st.integers(0, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda found: found.key,
)


@given(GAPPED, st.integers(0, 2**40))
@settings(max_examples=150, deadline=None)
def test_law_r10_a_card_comes_again_early_only_where_every_other_would_too(
    library: list[Askable], seed: int
) -> None:
    series = replace(SERIES, seed=seed)
    apart = min(APART, len({each.key.card for each in library}) // 2)
    asked: list[PromptKey] = []
    for _ in range(3 * len(library)):
        upcoming = pool(library, series, asked).upcoming
        lately = {key.card for key in asked[-apart:]} if apart else set()
        if upcoming[0].card in lately:
            assert {key.card for key in upcoming} <= lately
        asked.append(upcoming[0])

    assert set(Counter(asked).values()) == {3}


@given(GAPPED, st.integers(0, 2**40), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_law_r10_spaced_orders_are_replayable(library: list[Askable], seed: int, chance: object) -> None:
    import random

    assert isinstance(chance, random.Random)
    series = replace(SERIES, seed=seed)
    asked = ask(library, 2 * len(library), series)
    shuffled = library[:]
    chance.shuffle(shuffled)

    assert ask(shuffled, len(asked), series) == asked


LIBRARIES = st.lists(
    st.builds(prompt, st.sampled_from("abcdefghijklmnop"), core=st.booleans()),
    min_size=1,
    max_size=12,
    unique_by=lambda found: found.key,
)


@given(LIBRARIES, st.integers(0, 2**40), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_law_r10_rounds_are_fair_and_replayable(library: list[Askable], seed: int, chance: object) -> None:
    import random

    assert isinstance(chance, random.Random)
    series = replace(SERIES, seed=seed)
    asked = ask(library, 3 * len(library), series)
    shuffled = library[:]
    chance.shuffle(shuffled)

    assert ask(shuffled, len(asked), series) == asked
    assert set(Counter(asked).values()) == {3}
    for n in range(len(asked)):
        counts = Counter(asked[:n])
        assert max(counts.values(), default=0) - min(counts[p.key] for p in library) <= 1


@given(st.lists(st.tuples(LIBRARIES, st.integers(1, 8)), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_law_r10_while_the_library_changes_nothing_repeats_while_another_was_never_asked(
    epochs: list[tuple[list[Askable], int]],
) -> None:
    asked: list[PromptKey] = []
    for library, count in epochs:
        for _ in range(count):
            found = pool(library, SERIES, asked).next
            assert found is not None
            if found in asked:
                assert {p.key for p in library} <= set(asked)
            asked.append(found)
