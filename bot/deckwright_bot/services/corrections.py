"""What an owner puts right afterwards: a wrong key, a void post, a fault of the bot's own (R23, R28)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from deckwright.study.points import RESCORE, PointRow, rescore, void
from deckwright.study.posting import State
from deckwright.study.question import Snapshot, corrected, from_json
from deckwright_bot.services.answers import reply_of
from deckwright_bot.services.snapshots import key_of, snapshot_of
from deckwright_bot.store import answers as answer_store, members as member_store, posts as post_store, scores
from deckwright_bot.store.database import Connection, Database
from deckwright_bot.store.records import DAILY, Post

OUT = (State.SENT, State.CLOSED)
"""Posts whose key can be corrected, and that can be void."""
OVER = (State.CLOSED, State.VOID)
"""Posts that can be credited: while one is open, its member can simply answer."""


class Trouble(StrEnum):
    """Why something cannot be put right."""

    NO_POST = "no-post"
    """Nothing was asked on that date."""
    VOID = "void"
    NO_OPTIONS = "no-options"
    """An open question has no key."""
    LETTERS = "letters"
    """No letters, or some that the post does not show."""
    SAME = "same"
    """The key is that already."""
    OPEN = "open"
    ANSWERED = "answered"
    CREDITED = "credited"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A correction that is not made, and why."""

    why: Trouble
    letters: str = ""
    """The letters that the post shows."""


@dataclass(frozen=True, slots=True)
class Rescoring:
    """What another key does to a post's points, as it stands now (R28)."""

    post: Post
    old: str
    """The letters that are right so far, in order."""
    new: str
    answers: int
    rows: tuple[PointRow, ...]
    applied: bool = False

    @property
    def changes(self) -> list[tuple[int, int]]:
        """Differences in points, largest first, and how many members have each."""
        return sorted(Counter(row.points for row in self.rows).items(), reverse=True)

    @property
    def mark(self) -> str:
        """A short word for exactly this correction, so that no other one is carried out in its place."""
        parts = [self.old, self.new, *(f"{row.member} {row.reason} {row.points}" for row in self.rows)]
        return sha256("\n".join(parts).encode()).hexdigest()[:12]


def read_letters(text: str) -> str | None:
    """Letters as people write them (``B``, ``b, d``, ``BD``), sorted; None for anything else."""
    words = re.findall(r"\w+", text.upper())
    letters = set("".join(words)) if len(words) == 1 else set(words)
    if not letters or not all(re.fullmatch("[A-Z]", letter) for letter in letters):
        return None
    return "".join(sorted(letters))


class CorrectionService:
    """Corrections are rows that are added: what was given stays, and a second run adds nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent(self, group: int, states: tuple[State, ...], most: int = 25) -> list[Post]:
        """The newest posts that can be corrected, newest first."""
        async with self._database.reading() as connection:
            return await post_store.recent(connection, group, DAILY, states, most)

    async def plan(self, group: int, day: date, right: str) -> Rescoring | Refusal:
        """The dry run: what it would do if ``right`` were the right letters of a date's post."""
        async with self._database.reading() as connection:
            post = await post_store.of_date(connection, group, DAILY, day)
            return await _rescoring(connection, post, right)

    async def rescore(
        self, group: int, post_id: int, right: str, mark: str, by: int, now: datetime
    ) -> Rescoring | Refusal:
        """Carry out exactly the correction that ``mark`` names.

        If it would be another one by now, because somebody answered since, nothing is changed, and what
        it would be comes back with ``applied`` unset.
        """
        async with self._database.writing() as connection:
            post = await post_store.find(connection, post_id)
            if post is None or post.group != group:
                return Refusal(Trouble.NO_POST)
            found = await _rescoring(connection, post, right)
            if isinstance(found, Refusal) or found.mark != mark:
                return found
            await scores.add(connection, group, post.date, found.rows)
            await post_store.rekey(connection, post.id, found.new)
            await answer_store.rejudge(connection, post.id, found.new)
            detail = {
                "date": post.date.isoformat(),
                "old": found.old,
                "new": found.new,
                "points": found.changes,
            }
            await member_store.note(connection, group, by, "rescore", detail, now)
            changed = await post_store.find(connection, post.id)
        return Rescoring(changed or found.post, found.old, found.new, found.answers, found.rows, applied=True)

    async def void(self, group: int, day: date, reason: str, by: int, now: datetime) -> Post | Refusal:
        """Take a post's points back and close it if it is open; streaks keep their answers (R28)."""
        async with self._database.writing() as connection:
            post = await post_store.of_date(connection, group, DAILY, day)
            if post is None or post.state not in (*OUT, State.VOID):
                return Refusal(Trouble.NO_POST)
            if not await post_store.void(connection, post.id, reason, now):
                return Refusal(Trouble.VOID)
            key = key_of(post)
            await scores.add(connection, group, day, void(key, await scores.of_source(connection, key.text)))
            detail = {"date": day.isoformat(), "reason": reason}
            await member_store.note(connection, group, by, "void", detail, now)
        return post

    async def credit(
        self, group: int, member: int, day: date, reason: str, by: int, now: datetime
    ) -> Refusal | None:
        """Let a post count as answered for a member, for a fault of the bot (R23); None if it does now."""
        async with self._database.writing() as connection:
            post = await post_store.of_date(connection, group, DAILY, day)
            if post is None or post.state not in (*OUT, State.VOID):
                return Refusal(Trouble.NO_POST)
            if post.state is State.SENT:
                return Refusal(Trouble.OPEN)
            if await answer_store.find(connection, post.id, member) is not None:
                return Refusal(Trouble.ANSWERED)
            if not await member_store.credit(connection, post.id, member, reason, by, now):
                return Refusal(Trouble.CREDITED)
            detail = {"member": member, "date": day.isoformat(), "reason": reason}
            await member_store.note(connection, group, by, "credit", detail, now)
        return None


async def _rescoring(connection: Connection, post: Post | None, right: str) -> Rescoring | Refusal:
    if post is None or post.snapshot is None or post.state not in (*OUT, State.VOID):
        return Refusal(Trouble.NO_POST)
    if post.state is State.VOID:
        return Refusal(Trouble.VOID)
    asked = from_json(post.snapshot)
    shown = "".join(option.letter for option in asked.options)
    if not shown:
        return Refusal(Trouble.NO_OPTIONS)
    letters = read_letters(right)
    if letters is None or not set(letters) <= set(shown):
        return Refusal(Trouble.LETTERS, shown)
    old = right_letters(snapshot_of(post))
    if old == letters:
        return Refusal(Trouble.SAME)
    key = key_of(post)
    given = await answer_store.of_post(connection, post.id)
    rows = await scores.of_source(connection, key.text)
    replies = {answer.member: reply_of(answer) for answer in given}
    changes = rescore(key, corrected(asked, letters), replies, rows, _following(rows))
    return Rescoring(post, old, letters, len(given), changes)


def right_letters(snapshot: Snapshot) -> str:
    """The letters that are right, in order."""
    return "".join(sorted(option.letter for option in snapshot.options if option.right))


def _following(rows: list[PointRow]) -> int:
    """The number of the next correction of a post, from 1."""
    numbers = [int(row.reason.rpartition("-")[2]) for row in rows if row.reason.startswith(f"{RESCORE}-")]
    return max(numbers, default=0) + 1
