"""The Friday rematch: what the group missed most returns once a week (the exception of R10)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from deckwright.study.keys import PromptKey

FRIDAY = 4
SOONEST, LATEST = timedelta(days=14), timedelta(days=28)
"""So long ago, counted in local dates, a question must have been asked to return."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How one of the group's questions went."""

    prompt: PromptKey
    day: date
    answers: int
    right: int

    @property
    def missed(self) -> float:
        """The share of answers that were wrong or "I don't know", as if one more of each kind had come.

        So one miss by the only member who answered says less of the group than nine of twelve.
        """
        return (self.answers - self.right + 1) / (self.answers + 2)


def is_day(day: date, weekdays: Collection[int]) -> bool:
    """Whether the week's rematch is asked on that date: on Friday, or the last day before it that has posts.

    A group that posts on weekends only has it on its last day.
    """
    before = [each for each in weekdays if each <= FRIDAY]
    return bool(weekdays) and day.weekday() == max(before or weekdays)


def rematch(day: date, asked: Sequence[Asked], returned: Collection[PromptKey] = ()) -> Asked | None:
    """The question that returns on ``day``: the one `missed` most two to four weeks ago, then the older one.

    ``returned`` are prompts that had their rematch already in that time. None if nobody missed anything.
    """
    fitting = [
        each
        for each in asked
        if SOONEST <= day - each.day <= LATEST and each.right < each.answers and each.prompt not in returned
    ]
    return max(sorted(fitting, key=lambda each: each.day), key=lambda each: each.missed, default=None)
