"""What fits into a message: Discord's limits, less the room for what the bot says around a card.

The numbers are Discord's as its documentation gave them in 2026 (developer documentation, pages
"Components: reference" and "Resources: message").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deckwright.chat.reading import MathsReader, Reading
from deckwright.checks import TooLong
from deckwright.kinds import KindCard
from deckwright.model import Card, Choice, Option
from deckwright.texts import CardText, Path

if TYPE_CHECKING:
    from deckwright.chat.message import ChatForm, Drawable, Piece

MESSAGE = 4_000
"""Characters of all texts of a message made of components (Components: reference, "Text Display")."""
FRAME = 500
"""Kept free of them for the bot's own words: the title, the time it closes, points and streak."""
QUESTION = MESSAGE - FRAME
"""A question with its options, which are asked in one message."""
ANSWER = MESSAGE - FRAME
"""The answer with its explanation, which stand in one message, so that no block of code is ever torn."""
OPTION = 300
"""One option: four of them must leave room for the question, and be taken in at a glance."""
WHY = 900
"""One reason: those of four options stand in one message when the question is closed."""
LETTER = 8
"""What stands before an option: its letter, in bold."""

# An escape doubles a character at worst, so that half of a limit fits however it is written.
_SAFE_TOTAL = min(QUESTION, ANSWER) // 2
_SAFE_OPTION = OPTION // 2
_SAFE_WHY = WHY // 2
_HINTS = {
    "an option": "an option is chosen at a glance; say the rest in its `why`, or in the answer",
    "a reason": "say what is wrong with this option; the rest belongs to the answer",
}
_OPTION_FIELDS = ("right", "wrong", "options")
_UNSHOWN = ("key_points", "red_flags", "sources", "hint", "why_asked", "follow_ups", "retired")
"""Fields that are in neither the question's nor the answer's message."""


class _NoFormulas:
    """Stands in where formulas are not compiled: each counts as a picture, which takes no characters."""

    def read(self, latex: str, *, display: bool) -> Reading:  # noqa: ARG002
        return Reading(None, latex)


class _NoPictures:
    """Draws nothing: whoever measures needs no picture."""

    def paint(self, blocks: Sequence[Drawable]) -> str:  # noqa: ARG002
        return ""


@dataclass(frozen=True, slots=True)
class Excess:
    """A part of a prompt that does not fit: which one, how long it is, and how long it may be."""

    part: str
    found: int
    limit: int
    option: int | None = None
    """The place of the option among those of the form, where it is about one."""


def size(piece: Piece | None) -> int:
    """How much of a message a piece takes up, in the units of Discord's own count."""
    return 0 if piece is None else len(piece.text.encode("utf-16-le")) // 2


def measure(form: ChatForm) -> Iterator[Excess]:
    """What of a prompt does not fit into Discord's messages."""
    for i, option in enumerate(form.options):
        if (found := size(option.text)) > OPTION:
            yield Excess("an option", found, OPTION, i)
        if (found := size(option.why)) > WHY:
            yield Excess("a reason", found, WHY, i)
    if (found := _asked(form)) > QUESTION:
        yield Excess("a question and its options" if form.options else "a question", found, QUESTION)
    if (found := size(form.answer) + size(form.explanation)) > ANSWER:
        yield Excess("an answer and its explanation", found, ANSWER)


def _asked(form: ChatForm) -> int:
    if form.pictured:
        return size(form.question)
    return size(form.question) + sum(size(option.text) + LETTER for option in form.options)


class ChatLimits:
    """Measures cards for the checks; without ``maths`` a formula counts as a picture."""

    def __init__(self, maths: MathsReader | None = None) -> None:
        self._maths = maths or _NoFormulas()

    def too_long(
        self, card: KindCard, written: Sequence[CardText], siblings: Sequence[Card]
    ) -> Iterator[TooLong]:
        """What of a card does not fit, each part named once."""
        if not _suspect(written):
            return
        # Few cards come this far, so that most runs never load what writes them.
        from deckwright.chat.message import ChatRenderer, chat_form

        renderer = ChatRenderer(self._maths, _NoPictures())
        seen: set[tuple[str, Path]] = set()
        for prompt in card.prompts(siblings):
            shown = _longest(prompt.form) if isinstance(prompt.form, Choice) else None
            form = chat_form(card, prompt, renderer, shown=shown)
            for excess in measure(form):
                path = _place(excess, card, written, shown)
                if path is not None and (excess.part, path) not in seen:
                    seen.add((excess.part, path))
                    hint = _HINTS.get(excess.part, "shorten it, or make two cards of it")
                    yield TooLong(path, excess.part, excess.found, excess.limit, hint)


def _suspect(written: Sequence[CardText]) -> bool:
    """Whether a card may be too long; most cards are far from it, and need not be written to know."""
    total = 0
    for path, _, text in written:
        if path[0] in _UNSHOWN:
            continue
        length = len(text)
        if path[-1] != "why":
            total += length
        if length > _SAFE_OPTION:
            if path[-1] == "why":
                if length > _SAFE_WHY:
                    return True
            elif path[0] in _OPTION_FIELDS or any(len(part) > _SAFE_OPTION for part in text.split("{{c")[1:]):
                return True
    return total > _SAFE_TOTAL


def _longest(choice: Choice) -> tuple[Option, ...]:
    """The right option and those that fill a message most."""
    wrong = [option for option in choice.options if not option.right]
    longest = sorted(wrong, key=lambda option: (not option.always, -len(option.text)))[: choice.draw]
    return tuple(option for option in choice.options if option.right or option in longest)


def _place(
    excess: Excess, card: KindCard, written: Sequence[CardText], shown: Sequence[Option] | None
) -> Path | None:
    """The field to shorten; None for an option that another card has written."""
    if excess.option is not None and shown is not None:
        option = shown[excess.option]
        wanted = (option.text if excess.part == "an option" else option.why or "").strip().strip("$")
        exact = (text.path for text in written if text.text.strip() == wanted)
        return next(exact, None) or next((text.path for text in written if wanted in text.text), None)
    asked = [text for text in written if text.text.strip() in card.question or "{{c" in text.text]
    answered = [text for text in written if text.path[0] not in _OPTION_FIELDS and text not in asked]
    candidates = (asked if "question" in excess.part else answered) or written
    return max(candidates, key=lambda text: len(text.text)).path
