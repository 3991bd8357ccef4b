"""What the simulated weeks consist of: seasons, groups, what people do and what goes wrong, drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time as clock_time, timedelta

from bot.observer import ROLE_GONE
from bot.recount import Timetable, instant_of

MEMBERS = 4


@dataclass(frozen=True)
class Season:
    """A stretch of the year in which a zone changes its clocks while some group posts inside the change."""

    start: datetime
    zone: str
    at: clock_time

    @property
    def change(self) -> datetime | None:
        """When the question is due on the day on which the clocks change; None where they do not change soon."""
        for day in (self.start.date() + timedelta(days=number) for number in range(7)):
            if instant_of(day + timedelta(days=1), self.at, self.zone) - instant_of(
                day, self.at, self.zone
            ) != timedelta(days=1):
                return instant_of(day, self.at, self.zone)
        return None


SEASONS = (
    Season(datetime(2026, 3, 26, 4, tzinfo=UTC), "Europe/Berlin", clock_time(2, 30)),
    Season(datetime(2026, 10, 22, 4, tzinfo=UTC), "Europe/Berlin", clock_time(2, 30)),
    Season(datetime(2026, 3, 5, 4, tzinfo=UTC), "America/New_York", clock_time(2, 15)),
    Season(datetime(2026, 10, 1, 4, tzinfo=UTC), "Australia/Lord_Howe", clock_time(2, 10)),
    Season(datetime(2027, 12, 29, 4, tzinfo=UTC), "Pacific/Chatham", clock_time(0, 0)),
)


@dataclass(frozen=True)
class Step:
    """Something to happen, so many simulated days after the beginning."""

    after: float
    number: int
    kind: str
    group: int = 0
    member: int = 0


@dataclass(frozen=True)
class Weeks:
    """What a run is: everything follows from these."""

    seed: int
    weeks: float
    speed: float

    @property
    def season(self) -> Season:
        return SEASONS[self.seed % len(SEASONS)]

    @property
    def again(self) -> str:
        """How to run the same once more."""
        return (
            f"run it again with DECKWRIGHT_SEED={self.seed} DECKWRIGHT_WEEKS={self.weeks:g} "
            f"DECKWRIGHT_SPEED={self.speed:g}"
        )

    def plan(self) -> list[Step]:
        """Every step there is, in order."""
        rng = random.Random(f"plan/{self.seed}")
        days, groups = 7 * self.weeks, range(len(plans(self.season)))
        steps = [
            (day + rng.random(), kind, group, member)
            for day in range(int(days))
            for group in groups
            for member in range(MEMBERS)
            for kind, chance in PEOPLE.items()
            if rng.random() < chance
        ]
        at, left = rng.uniform(0.1, 0.3), list[str]()
        while at < days - 0.5:
            left = left or rng.sample(sorted(MISCHIEF), len(MISCHIEF))
            steps.append((at, left.pop(), rng.choice(groups), rng.randrange(MEMBERS)))
            # However fast the clock, mischief comes as thick in real time.
            at += rng.uniform(0.6, 1.4) * GAP * self.speed / 86400
        return [
            Step(after, number, kind, group, member)
            for number, (after, kind, group, member) in enumerate(sorted(steps))
        ]


GAP = 1.5
"""Real seconds between one mischief and the next."""
PEOPLE = {
    "answer": 0.95,
    "again": 0.5,
    "grade": 0.4,
    "share": 0.2,
    "mine": 0.2,
    "daily": 0.2,
    "streak": 0.4,
    "board": 0.4,
    "export": 0.04,
    "remind": 0.05,
    "report": 0.08,
    "anki": 0.05,
    "pause": 0.03,
    "help": 0.03,
    "card": 0.15,
    "solo": 0.1,
    "quiz": 0.04,
}
FAULTS = {
    "drop": "sockets dropped",
    "reconnect": "sessions resumed",
    "invalid_resumable": "sessions resumed",
    "invalid": "sessions invalid",
    "duplicate": "interactions duplicated",
    "delay": "interactions delayed",
    "late": "interactions too late",
    "lost": "interactions lost",
    "done_but_5xx": "5xx, work done",
    "refused_5xx": "5xx",
    "answer_lost": "answers cut off",
    "acknowledgement_5xx": "acknowledgements broken",
    "limit_global": "429 global",
    "limit_route": "429 of a route",
    "forbidden_once": "403 in a run",
    "permission_taken": "permissions taken",
    "channel_deleted": "channels deleted",
    "role_deleted": ROLE_GONE,
    "outage": "guilds unavailable",
    "clock_seconds": "clock set back by seconds",
    "clock_hour": "clock set back by an hour",
    "clock_day": "clock set back by a day",
    "slow": "minutes in a request",
    "slow_database": "minutes in the database",
    "kill": "kills",
    "terminate": "terminations",
    "two_bots": "two bots",
}
"""What goes wrong, and how it is counted; what goes back went forward, too."""
ILL_WILL = frozenset({"flood", "forged", "replayed", "bad_forms", "new_time"})
MISCHIEF = frozenset(FAULTS) | ILL_WILL


def plans(season: Season) -> list[Timetable]:
    """The groups' settings as their owners choose them."""
    start = season.start
    return [
        Timetable(start, season.zone, season.at),
        Timetable(start, "Asia/Kathmandu", clock_time(9, 15)),
        Timetable(start, "UTC", clock_time(18, 0)),
        Timetable(
            start,
            "America/St_Johns",
            clock_time(21, 45),
            frozenset({0, 1, 2, 4, 5, 6}),
            frozenset({start.date() + timedelta(days=2)}),
        ),
    ]
