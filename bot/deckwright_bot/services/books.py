"""The nightly check that what is stored beside the answers equals a rebuild from them (R24)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from deckwright.study.grading import SelfGrade
from deckwright.study.question import corrected, from_json
from deckwright.study.rebuild import Difference, KeptAnswer, KeptPoints, differences
from deckwright_bot.services.answers import reply_to
from deckwright_bot.store import books as book_store
from deckwright_bot.store.books import StoredPost
from deckwright_bot.store.database import Database

POSTS_AT_ONCE = 25
SOURCES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs at one post. It names no member, for logs are kept by others than we."""

    group: int
    source: str
    differences: Counter[Difference]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the check: where it goes on, None at the end, and what it found."""

    after: str | None
    posts: int
    findings: tuple[Finding, ...]


class BookService:
    """Reads only. A difference is reported, never mended: whoever mended it would hide what went wrong."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, after: str) -> Piece:
        """Compare the next posts with a rebuild."""
        async with self._database.reading() as connection:
            found = await book_store.after(connection, int(after or 0), POSTS_AT_ONCE)
        findings = [Finding(each.key.group, each.key.text, _differences(each)) for each in found]
        return Piece(
            str(found[-1].id) if found else None,
            len(found),
            tuple(each for each in findings if each.differences),
        )

    async def strays(self, after: str) -> Piece:
        """Look for points of posts that there are not."""
        async with self._database.reading() as connection:
            following, missing = await book_store.strays(connection, after, SOURCES_AT_ONCE)
        findings = [
            Finding(group, source, Counter({Difference.NO_ANSWER: 1}))
            for group, sources in missing.items()
            for source in sources
        ]
        return Piece(following, 0, tuple(findings))


def _differences(post: StoredPost) -> Counter[Difference]:
    snapshot = from_json(post.snapshot)
    if post.letters:
        snapshot = corrected(snapshot, set(post.letters))
    answers = [
        KeptAnswer(
            each.member,
            reply_to(each.choice, None),
            None if each.grade is None else SelfGrade(each.grade),
            each.right,
            each.group,
            each.day,
        )
        for each in post.answers
    ]
    points = [KeptPoints(each.row, each.group, each.day) for each in post.points]
    return differences(post.key, post.state, snapshot, post.shown, answers, points)
