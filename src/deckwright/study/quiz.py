"""Quizzes: what is asked, and what happens when (R17 for the points).

A group quiz is played by people who wait for each other, so its spans are people's time, also where the
group's calendar is simulated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deckwright.study.keys import PromptKey, place
from deckwright.study.pool import Askable
from deckwright.study.ranking import Standing, Tally, rank

LOBBY = timedelta(seconds=60)
"""So long a group quiz waits for players before it begins by itself."""
SHOWN = timedelta(seconds=12)
"""So long the key of a question is looked at before the next one comes."""
AWAY = timedelta(minutes=10)
"""A quiz that stood still for longer, because the bot was away, ends instead of going on before nobody."""
SILENT = 3
"""After so many questions in a row that nobody answered a group quiz ends."""
SECONDS = (10, 30, 120)
"""Least, usual and most time for a question of a group quiz, in seconds."""
QUESTIONS = (1, 10, 25)
"""Least, usual and most questions of a quiz."""


class Kind(StrEnum):
    """Who plays."""

    SOLO = "solo"
    GROUP = "group"


class Phase(StrEnum):
    """Where a quiz stands. A solo quiz is asking until it has ended."""

    LOBBY = "lobby"
    ASKING = "asking"
    SHOWING = "showing"
    ENDED = "ended"


class Ending(StrEnum):
    """Why a quiz ended."""

    DONE = "done"
    STOPPED = "stopped"
    """By its host or somebody who manages the server."""
    SILENT = "silent"
    AWAY = "away"
    REFUSED = "refused"
    """Discord does not let the bot write in the channel any more."""
    REPLACED = "replaced"
    """Its member began another one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a quiz is to ask; None stands for everything."""

    decks: frozenset[str] | None = None
    topics: frozenset[str] | None = None
    """As ``deck/topic``."""
    level: str | None = None
    forms: frozenset[str] = frozenset({"choice"})
    only: frozenset[PromptKey] | None = None
    """Nothing but these, such as what the member got wrong."""


def choose(
    library: Iterable[Askable],
    wanted: Wanted,
    count: int,
    *,
    seed: int,
    without: Collection[str] = (),
    lately: Collection[PromptKey] = (),
) -> tuple[PromptKey, ...]:
    """The prompts of a quiz: no card twice, shuffled by ``seed``, those asked ``lately`` last.

    ``without`` are cards that must not come, such as those of posts that are open. Fewer than ``count``
    where the library has no more.
    """
    fitting = [prompt for prompt in library if _fits(prompt, wanted) and prompt.key.card not in without]
    recent = set(lately)
    fitting.sort(key=lambda prompt: (prompt.key in recent, place("quiz", str(seed), prompt.key.text)))
    found: dict[str, PromptKey] = {}
    for prompt in fitting:
        found.setdefault(prompt.key.card, prompt.key)
        if len(found) >= count:
            break
    return tuple(found.values())


def _fits(prompt: Askable, wanted: Wanted) -> bool:
    if wanted.only is not None and prompt.key not in wanted.only:
        return False
    return (
        not prompt.retired
        and prompt.form in wanted.forms
        and (wanted.decks is None or prompt.deck in wanted.decks)
        and (wanted.topics is None or f"{prompt.deck}/{prompt.topic}" in wanted.topics)
        and (wanted.level is None or prompt.level == wanted.level)
    )


def missed(history: Iterable[tuple[datetime, PromptKey, bool]]) -> frozenset[PromptKey]:
    """The prompts whose latest answer was not right; ``history`` holds instant, prompt and whether it was."""
    latest: dict[PromptKey, tuple[datetime, bool]] = {}
    for at, prompt, right in history:
        if prompt not in latest or at >= latest[prompt][0]:
            latest[prompt] = (at, right)
    return frozenset(prompt for prompt, (_, right) in latest.items() if not right)


class Next(StrEnum):
    """What a group quiz is to do."""

    WAIT = "wait"
    ASK = "ask"
    SHOW = "show"
    END = "end"


@dataclass(frozen=True, slots=True)
class State:
    """What the next step of a group quiz is decided by."""

    phase: Phase
    position: int
    """The number of the current question, from 1; 0 in the lobby."""
    count: int
    until: datetime | None
    """When the phase ends; None while its message is still on its way."""
    everybody_answered: bool = False
    """All players have answered the current question."""
    silent: int = 0
    """How many of the latest questions nobody answered, the current one only once it is shown."""


def step(state: State, now: datetime) -> Next:
    """What is due. A question ends when its time is over or all players have answered."""
    if state.phase is Phase.ENDED or state.until is None:
        return Next.WAIT
    if now - state.until > AWAY:
        return Next.END
    # Longer than any phase lasts: the clock was set back meanwhile.
    over = now >= state.until or state.until - now > LOBBY + timedelta(seconds=SECONDS[2])
    match state.phase:
        case Phase.LOBBY:
            return Next.ASK if over else Next.WAIT
        case Phase.ASKING:
            return Next.SHOW if over or state.everybody_answered else Next.WAIT
        case _:
            if not over:
                return Next.WAIT
            done = state.position >= state.count or state.silent >= SILENT
            return Next.END if done else Next.ASK


def ending(state: State, now: datetime) -> Ending:
    """Why `step` said that a quiz is to end."""
    if state.until is not None and now - state.until > AWAY:
        return Ending.AWAY
    return Ending.DONE if state.position >= state.count else Ending.SILENT


def table(answers: Iterable[tuple[int, bool]], points: Mapping[int, int]) -> tuple[Standing, ...]:
    """The table of a group quiz: its players by points, then right choices, then answers (as R26).

    ``answers`` holds member and whether the answer was right; ``points`` what each is worth here,
    whether or not it counts for the boards (R17's 30 days).
    """
    found: dict[int, Tally] = defaultdict(Tally)
    for member, right in answers:
        found[member] += Tally(0, int(right), 1)
    return rank({member: Tally(points.get(member, 0), t.right, t.answers) for member, t in found.items()})


def weakest(results: Sequence[tuple[str, bool]]) -> str | None:
    """The topic with the largest share of misses, then the one asked more often; None if nothing was missed.

    ``results`` holds a topic and whether the answer was right, in the order asked.
    """
    asked: dict[str, int] = defaultdict(int)
    wrong: dict[str, int] = defaultdict(int)
    for topic, right in results:
        asked[topic] += 1
        wrong[topic] += not right
    worst = max(asked, key=lambda topic: (wrong[topic] / asked[topic], asked[topic]), default=None)
    return worst if worst is not None and wrong[worst] else None
