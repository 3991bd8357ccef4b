"""What group quizzes need from the chat, as a Protocol. Its methods raise `Refused` or `Unavailable`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deckwright.study.question import Snapshot
from deckwright.study.ranking import Standing
from deckwright_bot.store.quizzes import Question, Quiz


@dataclass(frozen=True, slots=True)
class Table:
    """Who stands where in a group quiz."""

    standings: tuple[Standing, ...] = ()
    names: dict[int, str] | None = None
    """Names of those who are not hidden; the others are left out where everybody reads."""
    scored: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """How a question of a quiz was answered."""

    answers: int
    right: int
    by_letter: dict[str, int]
    dont_know: int


class Stage(Protocol):
    """Shows a group quiz in its channel."""

    async def open_lobby(self, quiz: Quiz, players: int) -> int:
        """Say that a quiz is about to begin, with its nonce; the message's id."""

    async def ask(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:
        """Ask a question that closes then, with its nonce; the message's id."""

    async def show(
        self, quiz: Quiz, question: Question, snapshot: Snapshot, counts: Counts, table: Table
    ) -> None:
        """Edit a question that is over: the counts, the key with its reasons, the table."""

    async def finish(self, quiz: Quiz, table: Table) -> None:
        """Send the final table, with its nonce."""
