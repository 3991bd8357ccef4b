"""What messages say, and what they do not say twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from deckwright.study.keys import PostKey
from deckwright.study.question import ShownOption, Snapshot
from deckwright.study.texts import Texts
from deckwright_bot.services.library import load
from deckwright_bot.ui.messages import Told, post_message
from deckwright_bot.ui.render import Renderer

SNAPSHOT = Snapshot(
    next(iter(load(Path("cards")).entries)),
    "choice",
    "hash",
    Texts("Deck", "Why?", "It leaks.\n\nMore on it."),
    (ShownOption("A", "a", right=True, why="It leaks."), ShownOption("B", "b", right=False, why="No.")),
)


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
    from datetime import date

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
