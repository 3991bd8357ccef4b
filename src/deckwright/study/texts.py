"""What a question keeps of its card: Markdown as the author wrote it (R6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from deckwright.model import KeyPoint, Prompt, RedFlag


@dataclass(frozen=True, slots=True)
class Point:
    """A key point, or a red flag with what is wrong about it; all Markdown but the words."""

    text: str
    words: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """What a snapshot keeps of a card: Markdown as written, gaps with their braces."""

    title: str
    """Where the card stands, such as "Optimisation › Learning rate"."""
    question: str
    answer: str
    gap: int | None = None
    """The number of the gap that is asked."""
    extra: str = ""
    """What else the reveal tells."""
    level: str = "medium"
    sources: tuple[str, ...] = ()
    key_points: tuple[Point, ...] = ()
    red_flags: tuple[Point, ...] = ()


class CardTexts(Protocol):
    """What is read of a card; every kind of card has it."""

    @property
    def question(self) -> str:
        """What is asked."""

    @property
    def answer(self) -> str:
        """What is answered."""

    @property
    def level(self) -> str:
        """How hard it is."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it comes from."""

    @property
    def key_points(self) -> tuple[KeyPoint, ...]:
        """What an open answer should say."""

    @property
    def red_flags(self) -> tuple[RedFlag, ...]:
        """What it should not say."""


def texts_of(
    card: CardTexts, prompt: Prompt, *, title: str = "", question: str | None = None, extra: str = ""
) -> Texts:
    """The texts of a card's prompt; ``question`` replaces the card's own (a formula shows more than its name)."""
    return Texts(
        title=title,
        question=card.question if question is None else question,
        answer=card.answer,
        gap=prompt.ordinal or None,
        extra=extra,
        level=card.level,
        sources=card.sources,
        key_points=tuple(Point(p.say, p.words) for p in card.key_points),
        red_flags=tuple(Point(f.claim, f.words, f.why) for f in card.red_flags),
    )
