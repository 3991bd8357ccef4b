"""An answer and its result (R13, R14)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never

from deckwright.study.question import Points, ShownOption, Snapshot


class SelfGrade(StrEnum):
    """What a member says of an open answer after reading the model answer."""

    MISSED = "missed"
    PARTLY = "partly"
    GOT = "got"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A click on an option."""

    letter: str


@dataclass(frozen=True, slots=True)
class Written:
    """A text of one's own; `written` makes one."""

    text: str


@dataclass(frozen=True, slots=True)
class DontKnow:
    """A click on "I don't know"."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A click on a self-grade, the answer to a prompt that is only shown (a formula's gap)."""

    grade: SelfGrade


Reply: TypeAlias = Chosen | Written | DontKnow | Rated
"""R13: all that counts as an answer. Opening a modal or looking at the answer is none."""


class Outcome(StrEnum):
    """How an answer went; an open one is for its member to judge."""

    RIGHT = "right"
    WRONG = "wrong"
    DONT_KNOW = "dont-know"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Graded:
    """R14: the result: what was chosen with its why, what is right with its why."""

    outcome: Outcome
    chosen: ShownOption | None
    right: tuple[ShownOption, ...]
    self_grade: SelfGrade | None
    points: Points
    """What the question's answers earn."""


def written(text: str) -> Written | None:
    """R13: a text as an answer; None if nothing visible was written."""
    visible = any(unicodedata.category(char)[0] not in "CZM" for char in text)
    return Written(text.strip()) if visible else None


def grade(snapshot: Snapshot, reply: Reply) -> Graded | None:
    """R14: grade a reply by the snapshot alone.

    None if the question cannot be answered so: a letter that was not shown, a text for a choice.
    Such replies come from forged or very old buttons.
    """
    right = tuple(option for option in snapshot.options if option.right)
    result = Graded(Outcome.OPEN, None, right, None, snapshot.points)
    match reply:
        case DontKnow():
            return replace(result, outcome=Outcome.DONT_KNOW)
        case Chosen(letter):
            chosen = snapshot.option(letter)
            if chosen is None:
                return None
            outcome = Outcome.RIGHT if chosen.right else Outcome.WRONG
            return replace(result, outcome=outcome, chosen=chosen)
        case Written():
            return result if snapshot.form == "open" else None
        case Rated(given):
            return replace(result, self_grade=given) if snapshot.form == "self" else None
        case _ as never:
            assert_never(never)


def self_graded(result: Graded, given: SelfGrade) -> Graded:
    """R14: the result with the member's own grade; the first one is final, and only open answers take one."""
    if result.outcome is not Outcome.OPEN or result.self_grade is not None:
        return result
    return replace(result, self_grade=given)


def in_time(clicked: datetime, closes: datetime) -> bool:
    """R11, R13: whether a click counts: it came before the close, however late we hear of it."""
    return clicked < closes
