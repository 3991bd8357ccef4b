"""R6, R16, R28: what was asked, and in which order."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from deckwright.compiler import compile_library
from deckwright.kinds import KindCard
from deckwright.kinds.red_flag import SOUND, RedFlagCard
from deckwright.model import CardId, Choice, Open, Option, Prompt, SelfGraded
from deckwright.study.grading import Chosen, Outcome, grade
from deckwright.study.keys import PostKey, QuizKey, Source
from deckwright.study.question import Points, Snapshot, corrected, draw, from_json, to_json
from deckwright.study.texts import Point, Texts, texts_of

POST = PostKey(1, "daily", date(2026, 3, 2))
TEXTS = Texts("Deck › Topic", "What is it?", "This.")
FOUR = (
    Option("right", right=True, why="so"),
    Option("one", right=False, why="not so"),
    Option("two", right=False),
    Option("three", right=False),
)


def choice(options: tuple[Option, ...] = FOUR, count: int = 3, card: str = "card") -> Prompt:
    return Prompt(CardId(card), 0, Choice(options, draw=count))


def posts(count: int) -> list[PostKey]:
    return [PostKey(1, "daily", date(2026, 1, 1) + timedelta(days=n)) for n in range(count)]


def shown(snapshot: Snapshot) -> list[str]:
    return [option.text for option in snapshot.options]


def test_r16_the_same_prompt_and_post_show_the_same_order() -> None:
    assert draw(choice(), TEXTS, POST) == draw(choice(), TEXTS, POST)


def test_r16_the_order_of_the_source_does_not_matter() -> None:
    assert draw(choice(FOUR[::-1]), TEXTS, POST) == draw(choice(), TEXTS, POST)


def test_r16_another_post_another_group_another_card_show_another_order() -> None:
    sources: list[Source] = [*posts(20), PostKey(2, "daily", POST.day), QuizKey(1, 5, 1, POST.day)]
    cards = [shown(draw(choice(card=f"card-{n}"), TEXTS, POST)) for n in range(20)]

    assert len({tuple(shown(draw(choice(), TEXTS, source))) for source in sources}) > 10
    assert len({tuple(order) for order in cards}) > 10


@pytest.mark.parametrize("count", [1, 2, 3])
def test_r16_the_right_option_stands_in_every_place_equally_often(count: int) -> None:
    places = Counter(draw(choice(count=count), TEXTS, post).key for post in posts(2000))

    assert set(places) == set("ABCD"[: count + 1])
    assert all(abs(n - 2000 / (count + 1)) < 150 for n in places.values())


def test_r16_a_question_draws_so_many_wrong_options_and_each_equally_often() -> None:
    drawn = Counter(text for post in posts(1500) for text in shown(draw(choice(count=2), TEXTS, post)))

    assert drawn["right"] == 1500
    assert all(abs(drawn[text] - 1000) < 100 for text in ("one", "two", "three"))


def test_r16_an_option_that_is_always_shown_is_always_shown() -> None:
    options = (FOUR[0], replace(FOUR[1], always=True), *FOUR[2:], Option("four", right=False))

    assert all("one" in shown(draw(choice(options, 1), TEXTS, post)) for post in posts(50))


def test_r16_a_flawed_red_flag_offers_four_options_with_nothing_wrong_among_them() -> None:
    card = RedFlagCard.model_validate(
        {
            "id": "flag",
            "question": "Why?",
            "said": "Because.",
            "flaw": "No reason.",
            "better": "Give one.",
            "right": "It is none",
            "wrong": [{"text": "a"}, {"text": "b"}, {"text": "c"}],
        }
    )
    (prompt,) = card.prompts()

    for post in posts(30):
        found = draw(prompt, texts_of(card, prompt), post)
        assert len(found.options) == 4
        assert {"It is none", SOUND} <= set(shown(found))


def test_r16_no_two_options_say_the_same() -> None:
    options = (
        FOUR[0],
        Option("Right.", right=False),
        Option("one", right=False),
        Option(" ONE ", right=False),
    )

    assert sorted(shown(draw(choice(options), TEXTS, POST))) == ["one", "right"]


def test_r16_letters_follow_the_order_shown() -> None:
    assert [option.letter for option in draw(choice(), TEXTS, POST).options] == ["A", "B", "C", "D"]


def test_r6_a_snapshot_keeps_all_that_was_asked() -> None:
    texts = Texts(
        "Deck › Topic",
        "Say {{c1::this}}",
        "this",
        gap=1,
        extra="More.",
        level="hard",
        sources=("A book",),
        key_points=(Point("say it", ("it",)),),
        red_flags=(Point("not that", ("that",), "because"),),
    )
    found = draw(choice(), texts, POST, Points(5, 3, 1))

    again = from_json(to_json(found))
    assert again == found
    assert again.texts == texts
    assert again.points == Points(5, 3, 1)
    assert again.option(again.key or "") == next(option for option in found.options if option.text == "right")


@pytest.mark.parametrize(("form", "name"), [(Open((), ()), "open"), (SelfGraded(), "self")])
def test_r6_a_question_without_options_has_no_key(form: Open | SelfGraded, name: str) -> None:
    found = draw(Prompt(CardId("card"), 2, form), TEXTS, POST)

    assert (found.form, found.key, found.options) == (name, None, ())
    assert from_json(to_json(found)) == found


def test_r6_a_choice_of_one_is_asked_as_an_open_question() -> None:
    assert draw(choice(FOUR[:1], 0), TEXTS, POST).form == "open"


def test_r6_a_snapshot_of_a_newer_version_can_be_read() -> None:
    found = draw(choice(), TEXTS, POST)
    newer = {**json.loads(to_json(found)), "version": 99, "mood": "fine"}

    assert from_json(json.dumps(newer)) == found


def test_r6_snapshots_written_today_are_read_for_ever() -> None:
    """This text is frozen: posts in people's databases look like it."""
    frozen = (
        '{"content":"abc","form":"choice","options":[{"letter":"A","right":true,"text":"yes","why":null},'
        '{"letter":"B","right":false,"text":"no","why":"because"}],"points":{"open":7,"other":2,"right":10},'
        '"prompt":{"card":"card","ordinal":1},"texts":{"answer":"a","extra":"","gap":1,"key_points":'
        '[{"text":"k","why":null,"words":["w"]}],"level":"easy","question":"q","red_flags":[],"sources":["s"],'
        '"title":"t"},"version":1}'
    )

    assert to_json(from_json(frozen)) == frozen
    assert from_json(frozen).key == "A"


def test_r6_the_content_hash_changes_with_the_card_and_not_with_the_draw() -> None:
    hashes = {draw(choice(), TEXTS, post).content for post in posts(5)}
    changed = draw(choice((FOUR[0], *FOUR[2:])), TEXTS, POST).content
    reworded = draw(choice(), replace(TEXTS, answer="That."), POST).content

    assert len(hashes) == 1
    assert len(hashes | {changed, reworded}) == 3


def test_r6_nonces_fit_discord_and_differ_by_post() -> None:
    nonces = {post.nonce for post in posts(100)}

    assert len(nonces) == 100
    assert all(len(nonce) <= 25 for nonce in nonces)


def test_r28_a_corrected_key_grades_by_the_new_one_and_leaves_the_old_snapshot() -> None:
    found = draw(choice(), TEXTS, POST)
    other = next(option.letter for option in found.options if option.text == "two")
    both = corrected(found, {other, found.key or ""})

    fixed = grade(corrected(found, {other}), Chosen(found.key or ""))
    assert fixed is not None
    assert fixed.outcome is Outcome.WRONG
    assert [option.text for option in fixed.right] == ["two"]
    assert [grade(both, Chosen(letter)) is not None for letter in "ABCD"] == [True] * 4
    assert sum(option.right for option in both.options) == 2
    assert sum(option.right for option in found.options) == 1


@pytest.mark.parametrize("letters", [set(), {"E"}, {"A", "Z"}])
def test_r28_a_key_that_was_not_shown_is_refused(letters: set[str]) -> None:
    with pytest.raises(ValueError, match="expected letters of"):
        corrected(draw(choice(), TEXTS, POST), letters)


OPTIONS = st.lists(st.text(min_size=1, max_size=8), max_size=6).map(
    lambda wrong: (Option("the right one", right=True), *(Option(text, right=False) for text in wrong))
)
SOURCES = st.builds(
    PostKey, st.integers(0, 2**63), st.sampled_from(["daily", "weekly"]), st.dates()
) | st.builds(QuizKey, st.integers(0, 2**63), st.integers(0, 999), st.integers(0, 50), st.dates())
WORDS = st.text(max_size=30)
ANY_TEXTS = st.builds(
    Texts,
    WORDS,
    WORDS,
    WORDS,
    gap=st.none() | st.integers(1, 99),
    extra=WORDS,
    sources=st.lists(WORDS, max_size=2).map(tuple),
    key_points=st.lists(st.builds(Point, WORDS, st.lists(WORDS, max_size=2).map(tuple)), max_size=2).map(
        tuple
    ),
    red_flags=st.lists(st.builds(Point, WORDS, why=st.none() | WORDS), max_size=2).map(tuple),
)


@given(OPTIONS, st.integers(0, 5), SOURCES, ANY_TEXTS, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_law_r16_order_by_key_alone_own_key_right_and_json_lossless(
    options: tuple[Option, ...], count: int, source: Source, texts: Texts, chance: object
) -> None:
    import random

    assert isinstance(chance, random.Random)
    mixed = list(options)
    chance.shuffle(mixed)
    found = draw(choice(options, count), texts, source)
    other_texts = draw(choice(tuple(mixed), count), TEXTS, source)

    assert found.options == other_texts.options
    assert from_json(to_json(found)) == found
    if found.key is not None:
        graded = grade(found, Chosen(found.key))
        assert graded is not None
        assert graded.outcome is Outcome.RIGHT
        wrong = [
            grade(found, Chosen(option.letter)) for option in found.options if option.letter != found.key
        ]
        assert all(other is not None and other.outcome is Outcome.WRONG for other in wrong)


def test_r6_every_prompt_of_the_shipped_library_can_be_asked_and_kept() -> None:
    library = compile_library(Path("cards"), check_maths=False).library
    assert library is not None
    count = 0
    for deck in library.decks:
        for topic in deck.topics:
            for card in topic.cards:
                assert isinstance(card, KindCard)
                for prompt in card.prompts(tuple(c for c in topic.cards if c is not card)):
                    found = draw(prompt, texts_of(card, prompt, title=topic.title), POST)
                    assert from_json(to_json(found)) == found
                    assert (found.form == "choice") == (len(found.options) > 1)
                    count += 1

    assert count > 0
