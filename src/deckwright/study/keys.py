"""The keys under which the bot remembers: prompts, posts and quiz questions (R1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TypeAlias

from deckwright.model import Prompt


@dataclass(frozen=True, slots=True, order=True)
class PromptKey:
    """One askable thing: the card's id and the ordinal (0, or the gap's number)."""

    card: str
    ordinal: int = 0

    @classmethod
    def of(cls, prompt: Prompt) -> PromptKey:
        """The key of a prompt."""
        return cls(prompt.card, prompt.ordinal)

    @property
    def text(self) -> str:
        """The key in one word; no card id holds a ``#``."""
        return f"{self.card}#{self.ordinal}"


@dataclass(frozen=True, slots=True)
class PostKey:
    """R1: a post's key is its group, its series and its local date, never an instant."""

    group: int
    series: str
    day: date

    @property
    def text(self) -> str:
        """The key in one word, the source of the points its answers earn."""
        return f"post/{self.group}/{self.series}/{self.day.isoformat()}"

    @property
    def nonce(self) -> str:
        """R6: what Discord knows the message by while it is being sent; the same at every attempt.

        At most 25 characters, Discord's limit.
        """
        return sha256(self.text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class QuizKey:
    """One question of a group quiz. Quizzes taken alone score nothing, so they need no key here."""

    group: int
    quiz: int
    number: int
    day: date
    """The group's local date on which the quiz began; its points belong to it (R17)."""

    @property
    def text(self) -> str:
        """The key in one word, the source of the points its answers earn."""
        return f"quiz/{self.group}/{self.quiz}/{self.number}"


Source: TypeAlias = PostKey | QuizKey
"""Where points can come from (R17)."""


def place(*parts: str) -> bytes:
    """A place in a shuffled order, drawn from the parts alone, the same on every machine and day."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
