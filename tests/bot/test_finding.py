"""Cards found by id or words, typing errors forgiven."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from deckwright.kinds import KindCard
from deckwright_bot.services.finding import Finder
from deckwright_bot.services.library import load

CARDS = {
    card.id: (card.question, f"{card.question} {card.answer}")
    for card in load(Path("cards")).library.cards
    if isinstance(card, KindCard)
}
FINDER = Finder(CARDS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("smote", "smote-before-split"),
        ("smoet", "smote-before-split"),
        ("bais varience", "bias-variance-decomposition"),
        ("lasso zeros", "lasso-exact-zeros"),
        ("laso zeroes", "lasso-exact-zeros"),
        ("crossentropy logits", "cross-entropy-from-logits"),
        ("Cross Entropy LOGITS", "cross-entropy-from-logits"),
    ],
)
def test_a_card_is_found_by_its_words_also_mistyped(typed: str, expected: str) -> None:
    assert expected in [found.card for found in FINDER.find(typed, 5)]


@pytest.mark.parametrize("card", sorted(CARDS))
def test_a_card_s_own_id_finds_it_first_and_so_does_its_beginning(card: str) -> None:
    assert FINDER.find(card, 1)[0].card == card
    assert card in [found.card for found in FINDER.find(card[:-2], 3)]


@given(st.text(max_size=300), st.integers(1, 25))
def test_whatever_is_typed_finds_at_most_so_many_cards_that_exist(typed: str, limit: int) -> None:
    found = FINDER.find(typed, limit)

    assert len(found) <= limit
    assert {each.card for each in found} <= CARDS.keys()


def test_nothing_typed_shows_the_first_cards() -> None:
    assert [found.card for found in FINDER.find("  ", 3)] == sorted(CARDS)[:3]


def test_words_nobody_uses_find_nothing() -> None:
    assert FINDER.find("zzzzqqqq") == []
