"""What messages say, and what they do not say twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from deckwright.study.grading import Written, grade
from deckwright.study.keys import PostKey
from deckwright.study.question import ShownOption, Snapshot
from deckwright.study.texts import Texts
from deckwright_bot.services.answers import Result, Verdict
from deckwright_bot.services.library import load
from deckwright_bot.services.ports import Rematch
from deckwright_bot.store.records import Answer
from deckwright_bot.ui.messages import Told, post_message, result_message
from deckwright_bot.ui.render import Renderer, shortened

SNAPSHOT = Snapshot(
    next(iter(load(Path("cards")).entries)),
    "choice",
    "hash",
    Texts("Deck", "Why?", "It leaks.\n\nMore on it."),
    (ShownOption("A", "a", right=True, why="It leaks."), ShownOption("B", "b", right=False, why="No.")),
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_reason_that_is_the_answer_s_own_first_sentence_is_not_said_again() -> None:
    told = Told(SNAPSHOT)

    assert told.new("It  leaks.") is None
    assert told.new("No.") == "No."
    assert told.new("No.") is None
    assert told.new(None) is None


def test_without_the_answer_beside_it_every_reason_is_said_once() -> None:
    told = Told()

    assert [told.new(why) for why in ("It leaks.", "It leaks.", "No.")] == ["It leaks.", None, "No."]


def test_some_shipped_card_would_repeat_itself() -> None:
    """If no card does any more, the rule can go."""
    library = load(Path("cards"))
    repeats = 0
    for number, key in enumerate(library.entries):
        snapshot = library.snapshot(key, PostKey(1, "daily", date.fromordinal(730_000 + number)))
        told = Told(snapshot)
        repeats += any(option.why and told.new(option.why) is None for option in snapshot.options)

    assert repeats


def test_a_post_names_its_deck_and_topic_in_full() -> None:
    title = "System design › " + "Decisions that are hard to take back, " * 4
    snapshot = replace(SNAPSHOT, texts=replace(SNAPSHOT.texts, title=title.strip()))

    shown = post_message(Renderer(), snapshot, datetime(2026, 3, 2, tzinfo=UTC), None, "en")

    assert title.strip() in str(shown.embeds[-1].fields[-1].value)


def test_a_rematch_says_in_words_when_and_what_happened() -> None:
    again = Rematch(date(2026, 11, 27), 33)

    shown = post_message(Renderer(), SNAPSHOT, NOON, None, "en", rematch=again)

    words = str(shown.embeds[0].description)
    assert "Rematch: on Friday 27 November only 33 % of you got this right." in words


def test_a_copy_that_nobody_edits_says_when_it_closes_and_not_how_far_off_that_is() -> None:
    public = post_message(Renderer(), SNAPSHOT, NOON, None, "en").embeds[-1].fields[-1].value
    private = post_message(Renderer(), SNAPSHOT, NOON, None, "en", kept=True).embeds[-1].fields[-1].value

    assert ":R>" in str(public)
    assert ":R>" not in str(private)
    assert ":f>" in str(private)


def test_a_result_that_was_graded_shows_the_grade() -> None:
    snapshot = replace(SNAPSHOT, form="open", options=())
    given = Answer(1, 1, NOON, None, "words", None, "got", None, None)
    result = Result(Verdict.AGAIN, None, snapshot, given, grade(snapshot, Written("words")))

    graded = str(result_message(Renderer(), result, "en").embeds[0].description)
    other = replace(result, answer=replace(given, grade=None))

    assert graded.startswith("**You graded yourself: Got it.**")
    assert "graded" not in str(result_message(Renderer(), other, "en").embeds[0].description)


def test_a_line_that_is_too_long_ends_after_a_word() -> None:
    assert shortened("one two three", 13) == "one two three"
    assert shortened("one two three", 12) == "one two…"
    assert shortened("one two, three", 9) == "one two…"
    assert shortened("x" * 20, 10) == "x" * 9 + "…"
