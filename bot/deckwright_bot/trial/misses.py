"""What a close costs whom, and what an answer earns: no row says so, both are worked out from the answers (R18-R24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from deckwright.study.streak import FREEZE_EVERY, FREEZES_HELD, Mark, Streak
from deckwright_bot.trial import words
from deckwright_bot.trial.plain import day_of
from deckwright_bot.trial.rules import Said
from deckwright_bot.trial.words import PARTS, RULES

if TYPE_CHECKING:
    from deckwright_bot.services.standings import StandingsService
    from deckwright_bot.trial.people import Person

ADDING: Final = (Mark.ANSWERED, Mark.CREDITED)
MARKS: Final = {
    Mark.FROZEN: (words.FROZEN, "R21", PARTS["R21"]["frozen"]),
    Mark.MISSED: (words.ENDED, "R21", PARTS["R21"]["ended"]),
    Mark.PAUSED: (words.ON_PAUSE, "R22", PARTS["R22"]["missed"]),
    Mark.OUTAGE: (words.EXCUSED, "R20", RULES["R20"]),
}
"""What is said of somebody who missed a question, and the rule behind it."""


@dataclass(frozen=True, slots=True)
class Close:
    """How a closed question went for those who missed it."""

    what: str
    rules: Said


class Misses:
    """Works it out for the people of a trial."""

    def __init__(self, people: Sequence[Person], group: int, standings: StandingsService) -> None:
        self._people = people
        self._group = group
        self._standings = standings

    async def of(self, day: date) -> Close | None:
        """What the close of a date's question meant for those who had a streak to lose; None if for nobody anything."""
        said: list[str] = []
        rules: Said = {}
        for person in self._people:
            streak = await self._standings.streak(self._group, person.member.user.id)
            mark, count = _at(streak, day)
            if mark in MARKS and count:
                sentence, rule, why = MARKS[mark]
                said.append(sentence.format(who=person.member.user.name, count=count))
                rules[rule] = f"{rules[rule]} {why}" if why not in rules.get(rule, why) else why
        if not said:
            return None
        what = words.MISSES.format(day=day_of(day), who="; ".join(said))
        return Close(what, {"R19": RULES["R19"]} | rules)

    async def earned(self, member: int, day: date) -> int | None:
        """How many freezes are held, if the answer of that date earned one (R21)."""
        streak = await self._standings.streak(self._group, member)
        count = held = 0
        for each, mark in streak.calendar:
            count += mark in ADDING
            new = mark in ADDING and count % FREEZE_EVERY == 0 and held < FREEZES_HELD
            held += new - (mark is Mark.FROZEN)
            if each == day:
                return held if new else None
        return None


def _at(streak: Streak, day: date) -> tuple[Mark, int]:
    """What a date's post did to a streak, and how long that was before."""
    count = 0
    for each, mark in streak.calendar:
        if each == day:
            return mark, count
        count = count + 1 if mark in ADDING else 0 if mark is Mark.MISSED else count
    return Mark.NONE, 0
