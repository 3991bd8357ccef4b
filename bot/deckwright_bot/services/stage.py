"""What group quizzes need from the chat, as a Protocol. Its methods raise `Refused`, `Rejected` or `Unavailable`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deckwright.study.question import Snapshot
from deckwright.study.ranking import Standing
from deckwright_bot.store.quizzes import Question, Quiz


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who plays a group quiz, as everybody may read it."""

    players: int = 0
    names: tuple[str, ...] = ()
    """Of those who are not hidden, in the order in which they came."""
    host: str | None = None
    """None for a host who is hidden."""


@dataclass(frozen=True, slots=True)
class Table:
    """Who stands where in a group quiz."""

    standings: tuple[Standing, ...] = ()
    names: dict[int, str] | None = None
    """Names of those who are not hidden; the others are left out where everybody reads."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How a question of a quiz was answered."""

    answers: int
    right: int
    by_letter: dict[str, int]
    dont_know: int


class Stage(Protocol):
    """Shows a group quiz in its channel."""

    async def open_lobby(self, quiz: Quiz, crowd: Crowd) -> int:
        """Say that a quiz is about to begin, with its nonce; the message's id."""

    async def show_lobby(self, quiz: Quiz, crowd: Crowd) -> None:
        """Edit the lobby to who plays now, or to what has become of the quiz since."""

    async def ask(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> int:
        """Ask a question that closes then, with its nonce; the message's id."""

    async def ask_anew(self, quiz: Quiz, question: Question, snapshot: Snapshot, closes: datetime) -> None:
        """Edit a question that may have been asked a while ago, so that it names its new end."""

    async def show(
        self, quiz: Quiz, question: Question, snapshot: Snapshot, counts: Counts, table: Table
    ) -> None:
        """Edit a question that is over: the counts, the key with its reasons, the table."""

    async def finish(self, quiz: Quiz, table: Table) -> None:
        """Send the final table, with its nonce."""

    async def find_lobby(self, quiz: Quiz) -> int | None:
        """Look in the channel for the message of the lobby; None if it is not there.

        Raises:
            Refused: also if the bot may not read the channel's history, for then nobody knows.
        """

    async def find_question(self, quiz: Quiz, question: Question) -> int | None:
        """Look for the message of a question that can be answered, as `find_lobby`."""

    async def find_final(self, quiz: Quiz, after: int | None) -> int | None:
        """Look for the message of the final table, as `find_lobby`; ``after`` is one that came before it."""
