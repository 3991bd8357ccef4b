"""The nightly check: what is stored beside the answers equals a rebuild from the answers (R24).

Nothing here mends anything. A difference is a fault of the program, and a person has to look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from deckwright.study.grading import Chosen, DontKnow, Outcome, Reply, SelfGrade, grade, self_graded
from deckwright.study.keys import PostKey
from deckwright.study.points import PointRow, totals, worth
from deckwright.study.posting import State
from deckwright.study.question import Snapshot
from deckwright.study.ranking import Tally


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is stored, with what was derived from it."""

    member: int
    reply: Reply
    self_grade: SelfGrade | None
    right: bool | None
    """What the row says; None for an open answer."""
    group: int
    day: date


@dataclass(frozen=True, slots=True)
class KeptPoints:
    """A row of points as it is stored, with the group and date it counts for."""

    row: PointRow
    group: int
    day: date


class Difference(StrEnum):
    """What does not agree with a rebuild."""

    SUM = "sum"
    """A member's points are not what the answer earns by the key that holds now (R17, R28)."""
    NO_ANSWER = "no-answer"
    """Points without an answer that earned them."""
    RIGHT = "right"
    """Right or wrong is stored otherwise than the key says."""
    PLACE = "place"
    """An answer or its points stand under another group or date than their post (R25)."""
    COUNT = "count"
    """A closed post shows another number of answers than there are (R15)."""
    ROLLED_UP = "rolled-up"
    """A member's monthly sums for boards are not those of the rows (R27)."""


def differences(
    key: PostKey,
    state: State,
    snapshot: Snapshot,
    shown: int,
    answers: Collection[KeptAnswer],
    points: Collection[KeptPoints],
) -> Counter[Difference]:
    """R24: how often what is stored for one post differs from a rebuild; empty if it does not.

    ``snapshot`` carries the key that holds now. ``shown`` is compared from the close on; before, the live
    count may lag behind (R15).
    """
    found: Counter[Difference] = Counter()
    given = totals(each.row for each in points)
    for answer in answers:
        found[Difference.SUM] += given.get(answer.member, 0) != _earned(snapshot, state, answer)
        found[Difference.RIGHT] += answer.right is not _right(snapshot, answer.reply)
    known = {answer.member for answer in answers}
    found[Difference.NO_ANSWER] = len(given.keys() - known)
    found[Difference.PLACE] = sum((each.group, each.day) != (key.group, key.day) for each in answers) + sum(
        (each.group, each.day) != (key.group, key.day) for each in points
    )
    found[Difference.COUNT] = int(state in (State.CLOSED, State.VOID) and shown != len(answers))
    return +found


def rolled_up(kept: Mapping[int, Tally], rebuilt: Mapping[int, Tally]) -> Counter[Difference]:
    """R27: of how many members the sums kept for a month differ from those of its rows."""
    wrong = sum(kept.get(member) != rebuilt.get(member) for member in kept.keys() | rebuilt.keys())
    return +Counter({Difference.ROLLED_UP: wrong})


def _earned(snapshot: Snapshot, state: State, answer: KeptAnswer) -> int:
    """R17, R28: what the answer is worth now."""
    graded = grade(snapshot, answer.reply)
    if state is State.VOID or graded is None:
        return 0
    if answer.self_grade is not None:
        graded = self_graded(graded, answer.self_grade)
    return worth(graded) or 0


def _right(snapshot: Snapshot, reply: Reply) -> bool | None:
    """What a row says of an answer: right or not, and nothing of one that its member judges."""
    if not isinstance(reply, Chosen | DontKnow):
        return None
    graded = grade(snapshot, reply)
    return graded is not None and graded.outcome is Outcome.RIGHT
