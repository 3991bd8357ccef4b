"""How a trial begins: when, and with which questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from deckwright.study.keys import PostKey, PromptKey
from deckwright.study.pool import pool
from deckwright.study.schedule import Series
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.store.records import DAILY

FRIENDLY: Final = 5
"""So many first questions can be read by whoever has never seen the library: easy ones, without maths or code."""
TRIED: Final = 300
FIRST: Final = date(2026, 1, 1)
"""Any date: neither the order nor what a question says depends on it."""
MATHS_OR_CODE: Final = ("$", "\\(", "\\[", "`")


def first_morning(now: datetime) -> datetime:
    """When a trial begins: just past nine in the morning, in this machine's zone, on the coming Friday.

    The Friday rematch asks what was missed two weeks before; from a Friday it is reached soonest.
    """
    here = now.astimezone()
    day = here.date() + timedelta(days=(4 - here.weekday()) % 7)
    morning = datetime(day.year, day.month, day.day, 9, 2).astimezone()
    return morning if morning > now else morning + timedelta(days=7)


def friendly(library: StudyLibrary) -> Random:
    """Dice with which a new group's order, drawn as everywhere (R10), begins with friendly questions.

    Of a library that has too few of them, dice that begin with as many as can be found.
    """
    plain = {each.key for each in library.askables if each.level == "easy" and _is_plain(library, each.key)}
    best, most = 0, -1
    for number in range(TRIED):
        found = _first(_order(library, number), plain)
        if found > most:
            best, most = number, found
        if most == FRIENDLY:
            break
    return Random(best)  # noqa: S311  a play, no secret


def _order(library: StudyLibrary, number: int) -> Sequence[PromptKey]:
    """The first questions of a series whose seed is the first throw of those dice."""
    seed = Random(number).getrandbits(48)  # noqa: S311  a play, no secret
    series = Series(0, DAILY, "UTC", time(9), seed=seed, started=FIRST)
    return pool(library.askables, series, ()).upcoming[:FRIENDLY]


def _first(order: Sequence[PromptKey], plain: set[PromptKey]) -> int:
    """How many friendly questions come before the first other one."""
    return next((at for at, key in enumerate(order) if key not in plain), len(order))


def _is_plain(library: StudyLibrary, key: PromptKey) -> bool:
    """Whether a question and its options are plain words."""
    snapshot = library.snapshot(key, PostKey(0, DAILY, FIRST))
    texts = (snapshot.texts.question, *(option.text for option in snapshot.options))
    return not any(mark in text for text in texts for mark in MATHS_OR_CODE)
