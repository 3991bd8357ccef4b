"""The matcher of open answers: what it finds, what it refuses to find, and how often it is right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from deckwright.compiler import compile_library
from deckwright.kinds.recall import RecallCard
from deckwright.model import Card
from deckwright.study.matching import AnswerMatcher, FlagMatch, Match, Matcher, PointMatch, State

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Labelled:
    card: Card
    part: str
    text: str
    says: frozenset[int]
    flags: frozenset[int]


@dataclass(frozen=True)
class Figures:
    """How often a state `found` was right (precision), and how much of what was said was found (recall)."""

    precision: float
    recall: float
    f1: float


@cache
def labelled() -> tuple[Labelled, ...]:
    data: dict[str, Any] = yaml.safe_load((HERE.parent / "data" / "answers.yaml").read_text("utf-8"))
    library = compile_library(HERE.parents[1] / "cards").library
    assert library is not None
    cards: dict[str, Card] = {card.id: card for card in library.cards}
    cards |= {card["id"]: RecallCard(**card) for card in data["cards"]}
    return tuple(
        Labelled(
            cards[group["card"]],
            group["part"],
            reply["text"],
            frozenset(reply["says"]),
            frozenset(reply.get("flags", ())),
        )
        for group in data["answers"]
        for reply in group["replies"]
    )


@cache
def matcher() -> Matcher:
    return Matcher.for_cards({answer.card.id: answer.card for answer in labelled()}.values())


def figures(pairs: list[tuple[bool, bool]]) -> Figures:
    """From pairs of (said, found)."""
    right = sum(said and found for said, found in pairs)
    precision = right / max(1, sum(found for _, found in pairs))
    recall = right / max(1, sum(said for said, _ in pairs))
    return Figures(precision, recall, 2 * precision * recall / max(1e-9, precision + recall))


def of_points(part: str) -> Figures:
    pairs = []
    for answer in labelled():
        if answer.part == part:
            match = matcher().match(answer.card, answer.text)
            pairs += [(i in answer.says, p.state is State.FOUND) for i, p in enumerate(match.points)]
    return figures(pairs)


def card(
    front: str = "Why?", points: dict[str, list[str]] | None = None, flags: dict[str, list[str]] | None = None
) -> Card:
    return RecallCard.model_validate(
        {
            "id": "a-card",
            "front": front,
            "back": "Because.",
            "key_points": [{"say": say, "words": words} for say, words in (points or {}).items()],
            "red_flags": [{"claim": claim, "words": words} for claim, words in (flags or {}).items()],
        }
    )


LEAKS = card(
    "What is wrong with this cross-validation?",
    {
        "rows of one patient leak into both folds": ["leakage", "same patient"],
        "use grouped folds": ["GroupKFold"],
    },
    {"more folds would repair it": ["more folds"]},
)
TREES = card(
    "A forest of many trees: what does averaging do?",
    {"averaging lowers the variance": ["reduces variance"]},
    {"averaging lowers the bias": ["reduces bias"]},
)


def states(of: Card, text: str) -> tuple[list[str], list[str]]:
    match = Matcher.for_cards([LEAKS, TREES, of]).match(of, text)
    return [p.state.value for p in match.points], [f.state.value for f in match.flags]


def test_the_labels_name_points_and_flags_that_exist() -> None:
    for answer in labelled():
        assert all(i < len(answer.card.key_points) for i in answer.says), answer
        assert all(i < len(answer.card.red_flags) for i in answer.flags), answer

    assert len(labelled()) >= 220
    assert len({answer.card.id for answer in labelled()}) >= 45
    held = {answer.card.id for answer in labelled() if answer.part == "held"}
    assert not held & {answer.card.id for answer in labelled() if answer.part == "dev"}


@pytest.mark.parametrize("part", ["dev", "held"])
def test_key_points_are_found_and_rarely_imagined(part: str) -> None:
    found = of_points(part)

    assert found.precision >= 0.80, found
    assert found.f1 >= 0.70, found


@pytest.mark.parametrize("part", ["dev", "held"])
def test_clean_answers_are_not_accused(part: str) -> None:
    pairs = []
    clean = accused = 0
    for answer in labelled():
        if answer.part != part or not answer.card.red_flags:
            continue
        match = matcher().match(answer.card, answer.text)
        found = [flag.state is State.FOUND for flag in match.flags]
        pairs += [(i in answer.flags, each) for i, each in enumerate(found)]
        clean += not answer.flags
        accused += not answer.flags and any(found)

    assert figures(pairs).precision >= 0.90
    assert figures(pairs).recall >= 0.60
    assert accused <= 0.02 * clean


def test_a_point_is_found_by_the_authors_words_and_quoted() -> None:
    match = matcher().match(LEAKS, "I'd say leakage, so take GroupKFold!")

    assert [p.state for p in match.points] == [State.FOUND, State.FOUND]
    assert [[q.text for q in p.evidence] for p in match.points] == [["leakage"], ["GroupKFold"]]


def test_a_denied_point_is_not_found() -> None:
    assert states(LEAKS, "there is no leakage here")[0][0] == "not found"
    assert states(LEAKS, "it isn't leakage")[0][0] == "not found"


def test_a_denial_ends_with_its_clause() -> None:
    assert states(LEAKS, "it does not overfit, but there is leakage")[0][0] == "found"
    assert states(LEAKS, "not only leakage, also too few scans")[0][0] == "found"
    assert states(LEAKS, "not sure, leakage?")[0][0] == "found"


def test_an_opposite_is_no_agreement() -> None:
    assert states(TREES, "averaging lowers the variance")[0] == ["found"]
    assert states(TREES, "averaging raises the variance")[0] != ["found"]


def test_not_and_an_opposite_together_agree() -> None:
    floor = card("What happens?", {"the trees are correlated": ["correlated", "dependent"]})

    assert states(floor, "they're not independent")[0] == ["found"]
    assert states(floor, "they are uncorrelated")[0] == ["not found"]


def test_a_red_flag_is_raised_by_who_asserts_it_not_by_who_denies_it() -> None:
    assert states(TREES, "averaging reduces the bias")[1] == ["found"]
    for clean in (
        "averaging does not reduce the bias",
        "It's a myth that averaging reduces the bias.",
        "averaging never lowers bias",
        "averaging reduces variance, the bias stays",
        "instead of lowering bias it reduces variance",
    ):
        assert states(TREES, clean)[1] == ["not found"], clean


def test_a_red_flag_that_is_only_asked_is_not_asserted() -> None:
    assert states(TREES, "does averaging reduce the bias?")[1] != ["found"]


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("regularisation", "regularization"),
        ("labelled", "labeled"),
        ("behaviour", "behavior"),
        ("probabilities", "probs"),
        ("cross-validation", "CV"),
        ("overfitting", "over-fitting"),
        ("leakage", "leackage"),
        ("correlated", "corelated"),
        ("ﬁt ﬁrst", "fit first"),
        ("variance", "v\u200bari\u00adance"),
    ],
)
def test_spellings_are_one(text: str, spelling: str) -> None:
    spelt = card("What?", {text: [text]})

    assert states(spelt, spelling)[0] == ["found"]


def test_a_typo_never_turns_a_word_into_its_opposite() -> None:
    assert states(card("What?", {"it underfits": ["underfitting"]}), "overfitting")[0] == ["not found"]


def test_a_point_without_words_is_found_by_what_it_says() -> None:
    bare = card("How do you scale?", {"fit the scaler on the training rows only": []})

    assert states(bare, "only fit the scaler on training rows")[0] == ["found"]
    assert states(bare, "divide by the maximum")[0] == ["not found"]


def test_repeating_the_question_states_little() -> None:
    cards = {answer.card.id: answer.card for answer in labelled()}.values()
    found = [
        p.state is State.FOUND for c in cards for p in matcher().match(c, getattr(c, "question", "")).points
    ]

    assert sum(found) <= 0.15 * len(found)


def test_length_plays_no_part() -> None:
    """A sentence beside the matter changes neither state nor score."""
    for answer in labelled():
        plain = matcher().match(answer.card, answer.text)
        longer = matcher().match(answer.card, answer.text.rstrip() + "\nGreetings, Zoe. " + "Ciao. " * 50)
        assert [p.score for p in plain.points] == [p.score for p in longer.points]
        assert [f.state for f in plain.flags] == [f.state for f in longer.flags]


@given(
    st.permutations(["leakage between folds", "more trees are nice", "so use GroupKFold", "it is not bias"])
)
def test_the_order_of_sentences_plays_no_part(sentences: list[str]) -> None:
    first = matcher().match(LEAKS, ". ".join(sorted(sentences)))
    other = matcher().match(LEAKS, ". ".join(sentences))

    assert [p.score for p in first.points] == [p.score for p in other.points]


def test_the_order_of_cards_plays_no_part() -> None:
    cards = list({answer.card.id: answer.card for answer in labelled()}.values())
    Random(7).shuffle(cards)
    other = Matcher.for_cards(cards)

    for answer in labelled():
        assert matcher().match(answer.card, answer.text) == other.match(answer.card, answer.text)


def test_the_same_answer_gets_the_same_match() -> None:
    for answer in labelled()[:40]:
        assert matcher().match(answer.card, answer.text) == matcher().match(answer.card, answer.text)


def quotes_are_the_members_own(match: Match, text: str) -> None:
    everything: list[PointMatch | FlagMatch] = [*match.points, *match.flags]
    for found in everything:
        assert 0 <= found.score <= 1
        assert bool(found.evidence) == (found.state is not State.NOT_FOUND)
        for quote in found.evidence:
            assert text[quote.start : quote.end] == quote.text
            assert quote.text.strip() == quote.text != ""
        assert list(found.evidence) == sorted(found.evidence, key=lambda q: q.start)


def test_evidence_is_quoted_from_the_answer() -> None:
    for answer in labelled():
        quotes_are_the_members_own(matcher().match(answer.card, answer.text), answer.text)


WORDS = st.one_of(
    st.sampled_from(
        ["leakage", "patient", "folds", "not", "bias", "lowers", "LEAK\u200bAGE", "don't", "n't"]
    ),
    st.sampled_from(
        ["'", "\u202e", "ﬁ", "İ", ".", "?", ",", "->", "a/b test", "switch off", "over-", "\n", "漢字"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join)))
def test_any_text_can_be_matched(text: str) -> None:
    for of in (LEAKS, TREES):
        quotes_are_the_members_own(matcher().match(of, text), text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n ",
        "a" * 10_000,
        "not " * 2_500,
        "p(" * 5_000,
        "leakage " * 1_250,
        "\u202eegakael \u200b\u2066" * 700,
        "over-" * 2_000,
        "?" * 10_000,
        "🙂" * 10_000,
        "e\u0301" * 5_000,
    ],
)
def test_hostile_text_is_only_text(text: str) -> None:
    quotes_are_the_members_own(matcher().match(LEAKS, text), text)


def test_a_card_without_points_has_nothing_to_match() -> None:
    assert matcher().match(card(), "anything") == Match((), ())


def test_the_matcher_fits_the_interface() -> None:
    stronger: AnswerMatcher = matcher()

    assert stronger.match(LEAKS, "leakage").points[0].point == LEAKS.key_points[0]
