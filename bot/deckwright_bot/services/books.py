"""The nightly check that what is stored beside the answers equals a rebuild from them (R24)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from deckwright.study.grading import SelfGrade
from deckwright.study.question import corrected, from_json
from deckwright.study.rebuild import Difference, KeptAnswer, KeptPoints, differences, rolled_up
from deckwright_bot.services.answers import reply_to
from deckwright_bot.store import books as book_store, rollups
from deckwright_bot.store.books import StoredPost
from deckwright_bot.store.database import Database
from deckwright_bot.store.rollups import Month

POSTS_AT_ONCE = 25
SOURCES_AT_ONCE = 200
MONTHS_AT_ONCE = 25
LINES_AT_ONCE = 5000
"""So many sums of members are compared in one piece, and the rest of a month."""


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

    async def boards(self, after: str) -> Piece:
        """Compare the next monthly sums with the rows."""
        month = Month.read(after) if after else None
        findings: list[Finding] = []
        room, left = LINES_AT_ONCE, MONTHS_AT_ONCE
        async with self._database.reading() as connection:
            while room > 0 and left > 0 and (month := await rollups.following(connection, month)) is not None:
                kept, rebuilt = await rollups.compared(connection, month)
                findings.append(Finding(month.group, f"board/{month.text}", rolled_up(kept, rebuilt)))
                room, left = room - len(rebuilt), left - 1
        return Piece(
            month.text if month is not None else None,
            0,
            tuple(each for each in findings if each.differences),
        )


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
