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


# The sets of answers: by the author of the matcher, and by two others who had never seen it.
OWN, ANOTHERS, A_THIRDS = "answers.yaml", "answers_by_another.yaml", "answers_by_a_third.yaml"


@dataclass(frozen=True)
class Labelled:
    card: Card
    part: str
    text: str
    says: frozenset[int]
    maybe: frozenset[int]
    flags: frozenset[int]


@dataclass(frozen=True)
class Figures:
    """How often a state `found` was right (precision), and how much of what was said was found (recall)."""

    precision: float
    recall: float
    f1: float


@cache
def shipped() -> tuple[Card, ...]:
    library = compile_library(HERE.parents[1] / "cards").library
    assert library is not None
    return tuple(library.cards)


@cache
def labelled(name: str = OWN) -> tuple[Labelled, ...]:
    data: dict[str, Any] = yaml.safe_load((HERE.parent / "data" / name).read_text("utf-8"))
    cards: dict[str, Card] = {card.id: card for card in shipped()} if name == OWN else {}
    cards |= {card["id"]: RecallCard(**card) for card in data["cards"]}
    return tuple(
        Labelled(
            cards[group["card"]],
            group["part"],
            reply["text"],
            frozenset(reply["says"]),
            frozenset(reply.get("maybe", ())),
            frozenset(reply.get("flags", ())),
        )
        for group in data["answers"]
        for reply in group["replies"]
    )


@cache
def matcher(name: str = OWN, *, beside_shipped: bool = False) -> Matcher:
    cards = {answer.card.id: answer.card for answer in labelled(name)}
    if beside_shipped:
        cards = {card.id: card for card in shipped()} | cards
    return Matcher.for_cards(cards.values())


def figures(pairs: list[tuple[bool, bool]]) -> Figures:
    """From pairs of (said, found)."""
    right = sum(said and found for said, found in pairs)
    precision = right / max(1, sum(found for _, found in pairs))
    recall = right / max(1, sum(said for said, _ in pairs))
    return Figures(precision, recall, 2 * precision * recall / max(1e-9, precision + recall))


def of_points(name: str, parts: set[str], by: Matcher) -> Figures:
    pairs = []
    for answer in labelled(name):
        if answer.part in parts:
            points = by.match(answer.card, answer.text).points
            pairs += [
                (i in answer.says, p.state is State.FOUND)
                for i, p in enumerate(points)
                if i not in answer.maybe
            ]
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


@pytest.mark.parametrize(
    ("name", "answers", "cards"), [(OWN, 400, 80), (ANOTHERS, 300, 45), (A_THIRDS, 220, 40)]
)
def test_the_labels_name_points_and_flags_that_exist(name: str, answers: int, cards: int) -> None:
    for answer in labelled(name):
        assert all(i < len(answer.card.key_points) for i in answer.says | answer.maybe), answer
        assert all(i < len(answer.card.red_flags) for i in answer.flags), answer
        assert not answer.says & answer.maybe

    assert len(labelled(name)) >= answers
    assert len({answer.card.id for answer in labelled(name)}) >= cards
    held = {answer.card.id for answer in labelled(name) if answer.part == "held"}
    assert held
    assert not held & {answer.card.id for answer in labelled(name) if answer.part == "dev"}


# Floors stand a little under what was measured; docs/matching.md gives own and another's as a whole.
@pytest.mark.parametrize(
    ("name", "part", "precision", "f1"),
    [
        (OWN, "dev", 0.87, 0.88),
        (OWN, "held", 0.74, 0.81),
        (ANOTHERS, "dev", 0.83, 0.79),
        (ANOTHERS, "held", 0.80, 0.78),
        (A_THIRDS, "dev", 0.81, 0.75),
        (A_THIRDS, "held", 0.88, 0.72),
    ],
)
def test_key_points_are_found_and_rarely_imagined(name: str, part: str, precision: float, f1: float) -> None:
    found = of_points(name, {part}, matcher(name))

    assert found.precision >= precision, found
    assert found.f1 >= f1, found


@pytest.mark.parametrize("name", [ANOTHERS, A_THIRDS])
def test_points_are_found_as_well_beside_a_library_of_other_cards(name: str) -> None:
    found = of_points(name, {"dev", "held"}, matcher(name, beside_shipped=True))

    assert found.precision >= 0.83, found
    assert found.f1 >= 0.73, found


@pytest.mark.parametrize(
    ("name", "parts", "precision", "recall"),
    [
        (OWN, {"dev"}, 0.95, 0.75),
        (OWN, {"held"}, 0.95, 0.75),
        (ANOTHERS, {"dev", "held"}, 0.90, 0.44),
        (A_THIRDS, {"dev"}, 0.90, 0.30),
        (A_THIRDS, {"held"}, 0.90, 0.30),
    ],
)
def test_clean_answers_are_not_accused(name: str, parts: set[str], precision: float, recall: float) -> None:
    pairs = []
    clean = accused = 0
    for answer in labelled(name):
        if answer.part not in parts or not answer.card.red_flags:
            continue
        match = matcher(name).match(answer.card, answer.text)
        found = [flag.state is State.FOUND for flag in match.flags]
        pairs += [(i in answer.flags, each) for i, each in enumerate(found)]
        clean += not answer.flags
        accused += not answer.flags and any(found)

    assert figures(pairs).precision >= precision
    assert figures(pairs).recall >= recall
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
    "clean",
    [
        "people often say averaging reduces the bias",
        "most think averaging lowers bias",
        "averaging avoids reducing the bias",
    ],
)
def test_an_error_that_others_make_is_not_the_members(clean: str) -> None:
    assert states(TREES, clean)[1] != ["found"]


def test_a_red_flag_of_two_halves_is_raised_over_its_own_and() -> None:
    mean = card("What is F1?", flags={"it takes the wrong two": ["accuracy and recall"]})

    assert states(mean, "mean of accuracy and recall")[1] == ["found"]
    assert states(mean, "accuracy is for balanced classes, I would give recall")[1] != ["found"]


MODES = card(
    "How does batch normalisation differ in training and evaluation?",
    {
        "training uses the statistics of the batch": ["batch statistics"],
        "evaluation uses running averages": ["running mean"],
    },
)


def test_the_words_of_two_points_changed_about_state_neither() -> None:
    right = "in training it uses batch statistics and in evaluation the running mean"
    wrong = "in training it uses the running mean and in evaluation batch statistics"

    assert states(MODES, right)[0] == ["found", "found"]
    assert "found" not in states(MODES, wrong)[0]


def test_what_the_author_denies_is_not_stated_by_naming_it() -> None:
    auc = card("What does the score not tell?", {"it says nothing about calibration": ["calibration"]})

    assert states(auc, "it does not tell whether it is calibrated")[0] == ["found"]
    assert states(auc, "nothing about calibration")[0] == ["found"]
    assert states(auc, "it shows that all is calibrated")[0] != ["found"]


def test_the_model_answer_lends_its_words() -> None:
    point = {"say": "the rare resistant ones multiply"}
    back = "Resistant survivors breed quickly."
    of = {"id": "a-card", "front": "Why?", "key_points": [point]}
    text = "because survivors breed quickly"

    assert states(RecallCard.model_validate(of | {"back": back}), text)[0] == ["found"]
    assert states(RecallCard.model_validate(of | {"back": "Evolution."}), text)[0] != ["found"]


REPAIRS = card(
    "The store is down. What now?",
    {
        "a few people are told by the alarm": ["page the engineer", "alert"],
        "the rare disease dominates the costs": ["severe illness", "drives the bill"],
    },
)


def test_other_words_find_the_one_point_that_they_speak_of() -> None:
    assert states(REPAIRS, "sick folks swamp the budget")[0] == ["not found", "found"]
    assert states(REPAIRS, "somebody gets a wake-up notification")[0] == ["found", "not found"]


def test_words_that_all_points_share_lean_to_none() -> None:
    both = card("What?", {"the model is trained on rows": [], "the rows of the model are split": []})

    assert "found" not in states(both, "model rows")[0]
    assert states(both, "we split them")[0] == ["not found", "found"]


def test_a_sentence_that_raises_a_red_flag_speaks_less_for_a_point() -> None:
    point = {"repeated measurements leave the estimate alone": ["same estimate"]}
    claim = {"the estimate doubles": ["doubles the estimate"]}
    text = "to repeat a measurement doubles the estimate"

    with_flag = Matcher.for_cards([LEAKS]).match(card("What?", point, claim), text)
    without = Matcher.for_cards([LEAKS]).match(card("What?", point), text)

    assert with_flag.flags[0].state is State.FOUND
    assert with_flag.points[0].score < without.points[0].score


def test_a_short_phrase_accuses_in_its_very_words_only() -> None:
    ranks = card("What now?", flags={"the ranking has to be repaired": ["correct the ranking"]})

    assert states(ranks, "correct the ranking")[1] == ["found"]
    assert states(ranks, "the order is fine")[1] == ["not found"]


def test_most_of_a_long_phrase_of_the_authors_is_enough() -> None:
    pairs = card("What?", {"it ranks": ["random positive scores higher than a random negative"]})

    assert states(pairs, "a positive scores higher than a negative")[0] == ["found"]
    assert states(pairs, "a random number")[0] != ["found"]


def test_what_need_not_be_is_what_does_not_have_to_be() -> None:
    oral = card("A contract?", {"it need not be in writing": ["need not be written"]})

    assert states(oral, "it doesn't have to be written down")[0] == ["found"]
    assert states(oral, "it has to be written down")[0] != ["found"]


def test_what_has_to_be_is_what_must_be() -> None:
    contract = card("A contract?", flags={"no deal is valid if spoken": ["must be written"]})

    assert states(contract, "it has to be in writing")[1] == ["found"]
    assert states(contract, "it does not have to be in writing")[1] == ["not found"]


def test_up_and_down_are_more_and_less() -> None:
    power = card("What raises the power?", {"a higher alpha": ["higher alpha"]})

    assert states(power, "variance down, alpha up")[0] == ["found"]
    assert states(power, "variance up, alpha down")[0] != ["found"]


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
        ("strict limit", "stricter limit"),
        ("hot", "hottest"),
        ("square root", "sqrt"),
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

    assert sum(found) <= 0.17 * len(found)


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
