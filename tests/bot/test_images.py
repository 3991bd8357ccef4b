"""Images beside the cards: every message that shows a card's text carries them, or says what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from deckwright.kinds.cloze import ClozeCard
from deckwright.study.grading import Chosen, grade
from deckwright.study.keys import PostKey, PromptKey
from deckwright.study.posting import State
from deckwright.study.question import Snapshot
from deckwright.study.quiz import Kind, Phase
from deckwright_bot.services.answers import Result, Verdict
from deckwright_bot.services.library import StudyLibrary, load
from deckwright_bot.services.ports import Tally
from deckwright_bot.services.solo_quizzes import Sheet
from deckwright_bot.services.stage import Counts, Table
from deckwright_bot.store.quizzes import Quiz
from deckwright_bot.store.records import Answer, Post
from deckwright_bot.ui import quizzes
from deckwright_bot.ui.looking import card_message
from deckwright_bot.ui.messages import post_message, result_message, reveal_message
from deckwright_bot.ui.render import Renderer, Shown
from libraries import library as library_in

pytest.importorskip("resvg_py")

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40" fill="{}"/></svg>'
CARDS = """\
- id: shown
  kind: choice
  front: |
    Which curve is this?

    ![a curve that falls](asked.svg)
  options:
    - text: The first one
      right: true
      why: |
        It falls.

        ![the first curve in red](told.svg)
    - text: The second one
      why: That one rises.
"""
ASKED, TOLD = "a curve that falls", "the first curve in red"


@pytest.fixture
def library(tmp_path: Path) -> StudyLibrary:
    root = library_in(tmp_path / "cards", CARDS, deck="title: Main\nkind: recall\n")
    for name, colour in (("asked", "blue"), ("told", "red")):
        (root / "main" / f"{name}.svg").write_text(DRAWING.format(colour))
    return load(root)


@pytest.fixture
def renderer(library: StudyLibrary) -> Renderer:
    return Renderer(images_of=library.images)


@pytest.fixture
def snapshot(library: StudyLibrary) -> Snapshot:
    return library.snapshot(PromptKey("shown"), PostKey(1, "daily", date(2026, 11, 21)))


def words(shown: Shown) -> list[str]:
    assert all(png.startswith(b"\x89PNG") and len(png) > 200 for _, png, _ in shown.pictures)
    addresses = [embed.image.url for embed in shown.embeds if embed.image.url is not None]
    assert addresses == [f"attachment://{name}" for name, _, _ in shown.pictures]
    return [alternative for _, _, alternative in shown.pictures]


def text_of(shown: Shown) -> str:
    return "\n".join(embed.description or "" for embed in shown.embeds)


def wrong_letter(snapshot: Snapshot) -> str:
    return next(option.letter for option in snapshot.options if not option.right)


def result(snapshot: Snapshot, letter: str) -> Result:
    answer = Answer(1, 2, NOON, letter, None, None, None, None, None)
    return Result(Verdict.NEW, None, snapshot, answer, grade(snapshot, Chosen(letter)))


def record(of: type[Any], **given: object) -> Any:
    return of(**{field.name: None for field in fields(of)} | given)


def quiz(*prompts: PromptKey) -> Quiz:
    made: Quiz = record(Quiz, id=1, kind=Kind.GROUP, phase=Phase.SHOWING, prompts=prompts, position=1)
    return made


def test_a_post_carries_the_image_of_its_question(renderer: Renderer, snapshot: Snapshot) -> None:
    shown = post_message(renderer, snapshot, NOON, None, "en")

    assert words(shown) == [ASKED]
    assert "Which curve is this?" in text_of(shown)
    assert ASKED not in text_of(shown)


@pytest.mark.parametrize("chosen", ["right", "wrong"])
def test_a_result_carries_the_image_of_the_answer_once(
    renderer: Renderer, snapshot: Snapshot, chosen: str
) -> None:
    letter = str(snapshot.key) if chosen == "right" else wrong_letter(snapshot)
    shown = result_message(renderer, result(snapshot, letter), "en")

    assert words(shown) == [TOLD]
    assert text_of(shown).count("It falls.") == 1


def test_a_reveal_carries_both_images(renderer: Renderer, snapshot: Snapshot) -> None:
    post = record(Post, id=1, state=State.CLOSED)
    shown = reveal_message(renderer, post, snapshot, Tally(0, 0, {}, 0, {}), "en")

    assert words(shown) == [ASKED, TOLD]
    assert TOLD not in text_of(shown)


def test_a_card_looked_up_carries_both_images_and_a_hidden_one_only_the_question_s(
    library: StudyLibrary, renderer: Renderer, snapshot: Snapshot
) -> None:
    card = library.entries[snapshot.prompt].card

    shown = card_message(renderer, card, snapshot, "en", hidden=False)

    assert words(shown) == [ASKED, TOLD]
    assert text_of(shown).count("It falls.") == 1
    assert TOLD not in text_of(shown)
    assert words(card_message(renderer, card, snapshot, "en", hidden=True)) == [ASKED]


def test_quizzes_carry_the_images(renderer: Renderer, snapshot: Snapshot) -> None:
    running = quiz(snapshot.prompt)
    asked, _ = quizzes.question(renderer, running, 1, snapshot, NOON, "en")
    over, _ = quizzes.over(renderer, running, 1, snapshot, Counts(0, 0, {}, 0), Table(), "en")
    alone = record(Sheet, quiz=running, snapshot=snapshot, right=0)
    judged, _ = quizzes.sheet(renderer, alone, "en", showing=True)

    assert words(asked) == [ASKED]
    assert words(over) == [ASKED, TOLD]
    assert "It falls." in text_of(over)
    assert TOLD not in text_of(over)
    assert words(judged) == [ASKED, TOLD]


@pytest.mark.parametrize("images", [lambda _card: {}, lambda _card: {"asked.svg": Path("gone.svg")}])
def test_where_the_image_is_gone_its_words_stand_in_its_place(images: Any, snapshot: Snapshot) -> None:
    shown = post_message(Renderer(images_of=images), snapshot, NOON, None, "en")

    assert words(shown) == []
    assert ASKED in text_of(shown)


def test_a_card_that_is_gone_has_no_images_and_one_has_those_of_its_own_deck(library: StudyLibrary) -> None:
    assert dict(library.images("no-such-card")) == {}
    assert sorted(library.images("shown")) == ["asked.svg", "told.svg"]


def test_a_shipped_card_shows_its_two_pictures_in_the_result() -> None:
    shipped = load(Path("cards"))
    snapshot = shipped.snapshot(
        PromptKey("areas-when-positives-thin-out"), PostKey(1, "daily", date(2026, 11, 21))
    )
    shown = result_message(Renderer(images_of=shipped.images), result(snapshot, wrong_letter(snapshot)), "en")
    alternatives: Sequence[str] = words(shown)

    assert [each.split()[0] for each in alternatives] == ["ROC", "Precision-recall"]


def test_what_a_cloze_says_beyond_its_gaps_is_told_in_chat_too() -> None:
    library = load(Path("cards"))
    card, key = next(
        (entry.card, key)
        for key, entry in library.entries.items()
        if isinstance(entry.card, ClozeCard) and entry.card.extra
    )
    snapshot = library.snapshot(key, PostKey(1, "daily", date(2026, 3, 2)))
    renderer = Renderer(images_of=library.images)

    assert isinstance(card, ClozeCard)
    told = renderer.answer(snapshot).plain
    assert len(told) > len(renderer.piece(snapshot.texts.answer).plain)
