"""Points, as rows that are only ever added (R17, R28)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from deckwright.study.grading import Graded, Outcome, Reply, grade
from deckwright.study.keys import QuizKey, Source
from deckwright.study.question import Snapshot

QUIZ_AGAIN = timedelta(days=30)
"""R17: after how long a prompt scores again for a member in group quizzes."""

ANSWER, RESCORE, VOID = "answer", "rescore", "void"
"""Reasons of rows: the answer itself, a corrected key (with a number), a voided post."""


@dataclass(frozen=True, slots=True)
class PointRow:
    """Some points; (source, member, reason) is unique, so nothing scores twice."""

    source: str
    """The text of a post's or quiz question's key."""
    member: int
    reason: str
    points: int


def worth(graded: Graded) -> int | None:
    """R17: what an answer earns; None while an open answer is not self-graded."""
    if graded.outcome is Outcome.OPEN:
        return None if graded.self_grade is None else graded.points.open
    return graded.points.right if graded.outcome is Outcome.RIGHT else graded.points.other


def quiz_scores(today: date, scored: Iterable[date]) -> bool:
    """R17: whether a prompt scores for a member in a group quiz that began on that local date.

    ``scored`` are the dates of the group quizzes in which it already did; it scores again from
    the 30th day on. Daily posts neither count here nor are held back.
    """
    return all(today - day >= QUIZ_AGAIN for day in scored)


def points_for(
    source: Source,
    member: int,
    graded: Graded,
    *,
    already: Collection[PointRow] = (),
    quizzes: Iterable[date] = (),
) -> tuple[PointRow, ...]:
    """R17: the rows an answer adds: one at most, and none if it scored already.

    The same call serves the answer and its later self-grade. For a quiz question ``quizzes`` are
    the earlier dates on which the prompt scored for this member in a group quiz.
    """
    points = worth(graded)
    if points is None or any(_is(row, source, member) for row in already):
        return ()
    if isinstance(source, QuizKey) and not quiz_scores(source.day, quizzes):
        return ()
    return (PointRow(source.text, member, ANSWER, points),)


def _is(row: PointRow, source: Source, member: int) -> bool:
    return (row.source, row.member, row.reason) == (source.text, member, ANSWER)


def totals(rows: Iterable[PointRow]) -> dict[int, int]:
    """The sum of each member's points."""
    found: Counter[int] = Counter()
    for row in rows:
        found[row.member] += row.points
    return dict(found)


def rescore(
    source: Source,
    corrected: Snapshot,
    replies: Mapping[int, Reply],
    rows: Collection[PointRow],
    number: int,
) -> tuple[PointRow, ...]:
    """R28: the rows that turn what was given into what the corrected key gives, members ascending.

    ``rows`` are all rows of that source, ``number`` counts its corrections from 1. Whoever had no
    points for the answer (an open one, a repeated quiz question) gets none now. A second run adds
    nothing; a dry run is this call without the storing. After a void there is nothing to rescore.
    """
    own = [row for row in rows if row.source == source.text]
    if any(row.reason == VOID for row in own):
        return ()
    given = totals(own)
    found: list[PointRow] = []
    for member in sorted({row.member for row in own if row.reason == ANSWER} & replies.keys()):
        graded = grade(corrected, replies[member])
        earned = None if graded is None else worth(graded)
        if earned is not None and earned != given[member]:
            found.append(PointRow(source.text, member, f"{RESCORE}-{number}", earned - given[member]))
    return tuple(found)


def void(source: Source, rows: Collection[PointRow]) -> tuple[PointRow, ...]:
    """R28: the rows that take all points of a voided post back, members ascending; twice adds nothing."""
    given = totals(row for row in rows if row.source == source.text)
    return tuple(
        PointRow(source.text, member, VOID, -points) for member, points in sorted(given.items()) if points
    )
