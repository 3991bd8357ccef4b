"""The clock of the bot's machine in the simulated weeks, which is set wrong and right again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from bot.troubles import Stretch, Time


class MachineClock:
    """What the bot's machine shows. Set back, it shows the same instants again; set forward, it never shows some."""

    def __init__(self, right: Time, file: Path) -> None:
        self._right = right
        self._file = file
        self._steps: list[tuple[float, float]] = [(-inf, 0.0)]
        """From when on it is how many real seconds ahead."""

    @property
    def steps(self) -> int:
        """How often it was set."""
        return len(self._steps) - 1

    @property
    def behind(self) -> timedelta:
        """By how much it was behind at most."""
        most = min(ahead for _, ahead in self._steps)
        return timedelta(seconds=-most * self._right.speed)

    def set(self, ahead: timedelta) -> None:
        """From now on it is so far ahead of the right time, or behind it."""
        seconds = ahead.total_seconds() / self._right.speed
        # Before the bot can have seen it, so that nothing the bot does then is too early.
        self._steps.append((time.time(), seconds))
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds!r}", "utf-8")
        fresh.replace(self._file)

    @property
    def heard(self) -> bool:
        """Whether the bot has looked at it since it was set."""
        seen = self._file.with_suffix(".seen")
        return seen.exists() and seen.read_text("utf-8") == self._file.read_text("utf-8")

    def _stretches(self) -> Iterator[tuple[float, float, float]]:
        """Begin, end and how far it is ahead, in real seconds."""
        ends = [begin for begin, _ in self._steps[1:]] + [inf]
        for (begin, ahead), end in zip(self._steps, ends, strict=True):
            yield begin, end, ahead

    def at(self, real: float) -> datetime:
        ahead = [ahead for begin, ahead in self._steps if begin <= real][-1]
        return self._right.at(real + ahead)

    def now(self) -> datetime:
        return self.at(time.time())

    def first(self, shown: datetime) -> float:
        """The first real moment at which it showed that or later; for the future, as it goes now."""
        right = self._right.real(shown)
        return next(
            max(begin, right - ahead) for begin, end, ahead in self._stretches() if right - ahead < end
        )

    def since(self, shown: datetime) -> float | None:
        """Since when it has been showing that or later without a break; None if it does not now."""
        right, since = self._right.real(shown), None
        for begin, end, ahead in reversed(list(self._stretches())):
            if right - ahead >= min(end, time.time()):
                break
            since = max(begin, right - ahead)
            if since > begin:
                break
        return since

    def last(self, shown: datetime, before: float) -> float | None:
        """The last real moment, up to some other, at which it showed exactly that; None if it never did."""
        right = self._right.real(shown)
        found = [
            right - ahead
            for begin, end, ahead in self._stretches()
            if begin - 0.01 <= right - ahead <= min(end, before) + 0.01
        ]
        return max(found, default=None)

    def unseen(self, first: datetime, last: datetime, away: Iterable[Stretch]) -> float:
        """The share of a window at no instant of which a bot was there that was away at some stretches of real time."""
        shown = sorted(
            (self._right.at(begin + ahead), self._right.at(end + ahead))
            for from_, to, ahead in self._stretches()
            for begin, end in _without(self._shorter(from_, to), away)
        )
        seen, until = timedelta(), first
        for begin, end in shown:
            seen += max(timedelta(), min(end, last) - max(begin, until))
            until = max(until, min(end, last))
        return 1 - seen / (last - first)

    def _shorter(self, begin: float, end: float) -> Stretch:
        """A stretch cut down to what a calendar holds."""
        return max(begin, self._right.anchor - 60), min(end, time.time())


def _without(whole: Stretch, away: Iterable[Stretch]) -> Iterator[Stretch]:
    """What is left of a stretch."""
    begin, end = whole
    for gone, back in sorted(away):
        if gone > begin:
            yield begin, min(gone, end)
        begin = max(begin, back)
        if begin >= end:
            return
    if begin < end:
        yield begin, end
