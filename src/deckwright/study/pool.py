"""Which prompt comes next (R10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import assert_never

from deckwright.model import LEVELS, Card, Choice, Open, Prompt, SelfGraded
from deckwright.study.keys import PromptKey, place
from deckwright.study.question import options_of
from deckwright.study.schedule import Series

LOW = 7
"""R10: the owner is warned when so many prompts are left."""
APART = 21
"""R10: so many questions lie between two of one card, such as two gaps of a formula, where there are others."""


@dataclass(frozen=True, slots=True)
class Askable:
    """A prompt with what decides whether a series asks it."""

    key: PromptKey
    deck: str
    level: str
    core: bool
    form: str
    """``choice``, ``open`` or ``self``."""
    daily: bool
    """False for what the daily question never asks, such as code and retired cards."""
    aliases: tuple[str, ...] = ()
    """Old ids of the card; what was asked under one counts as asked."""
    topic: str = ""
    """The topic's slug within the deck."""
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """What a series still has to ask before it begins again."""

    upcoming: tuple[PromptKey, ...]
    """In the order in which it will be asked; empty only if nothing fits the series."""
    round: int
    """How often the pool was begun, from 0; with it the owner is warned once a round."""

    @property
    def next(self) -> PromptKey | None:
        """The next prompt."""
        return self.upcoming[0] if self.upcoming else None

    @property
    def left(self) -> int:
        """How many prompts are left before one repeats."""
        return len(self.upcoming)

    @property
    def low(self) -> bool:
        """Whether the owner should know that the pool runs out."""
        return self.left <= LOW


def form_of(prompt: Prompt) -> str:
    """How a prompt is asked. A choice whose options all say the same is asked as an open question."""
    match prompt.form:
        case Choice():
            return "choice" if len(options_of(prompt.form)) > 1 else "open"
        case Open():
            return "open"
        case SelfGraded():
            return "self"
        case _ as never:
            assert_never(never)


def askable(card: Card, deck: str, prompt: Prompt, topic: str = "") -> Askable:
    """A card's prompt as the pool sees it."""
    retired = card.retired is not None
    return Askable(
        PromptKey.of(prompt),
        deck,
        card.level,
        card.core,
        form_of(prompt),
        daily=prompt.daily and not retired,
        aliases=card.aliases,
        topic=topic,
        retired=retired,
    )


def fits(prompt: Askable, series: Series) -> bool:
    """R10: whether a series asks a prompt; by default choices, easy and medium, never ``code``."""
    levels: Sequence[str] = LEVELS
    return (
        prompt.daily
        and prompt.form in series.forms
        and (series.decks is None or prompt.deck in series.decks)
        and levels.index(prompt.level) <= levels.index(series.level)
    )


def pool(library: Iterable[Askable], series: Series, asked: Iterable[PromptKey]) -> Pool:
    """R10: what is left, in order: core first, shuffled by the series' seed, the same at every replay.

    ``asked`` holds the prompts of the posts that were sent (or voided), oldest first, without Friday
    rematches; skipped and failed posts gave theirs back. No prompt repeats until the pool is used
    up: within a round none comes twice, and none comes again while another was never asked, so that
    cards and decks that join later come first. When a round begins, the latter half of the one
    before comes last, so that nobody meets yesterday's question again today.

    A question's reveal tells the whole card, and with it the answers of the card's other prompts. So `APART`
    questions lie between two prompts of one card (in a pool of few cards half as many as it has), even if a
    core one waits for that; fewer only where nothing else is left to ask in the round.
    """
    library = tuple(library)
    fitting = {prompt.key: prompt for prompt in library if fits(prompt, series)}
    names = {PromptKey(old, key.ordinal): key for key, p in fitting.items() for old in p.aliases}
    asked = list(asked)
    history = [key for old in asked if (key := _today(old, fitting, names)) is not None]

    done: set[PromptKey] = set()
    rounds = 0
    for key in history:
        if key in done:  # it could only come again because the pool of that time was used up
            done, rounds = set(), rounds + 1
        done.add(key)
    if fitting and len(done) == len(fitting):
        done, rounds = set(), rounds + 1

    half = len(fitting) // 2
    recent = set(history[-half:]) if half else set()
    ever = set(history)

    def order(key: PromptKey) -> tuple[bool, bool, bool, bytes]:
        shuffled = place("pool", str(series.seed), str(rounds), key.text)
        return key in recent, key in ever, not fitting[key].core, shuffled

    ids = {old: each.key.card for each in library for old in each.aliases}
    before = [ids.get(key.card, key.card) for key in asked]
    apart = min(APART, len({key.card for key in fitting}) // 2)
    return Pool(tuple(_spaced(sorted(fitting.keys() - done, key=order), before, apart)), rounds)


def _spaced(order: Sequence[PromptKey], before: Sequence[str], apart: int) -> Iterator[PromptKey]:
    """The prompts in that order, but none while a prompt of its card is among the ``apart`` last ones.

    Where all are, the one whose card was asked longest ago. ``before`` are the cards asked so far, the newest last.
    """
    last = {card: place for place, card in enumerate(before)}
    left = list(order)
    for now in count(len(before)):
        if not left:
            return
        waited = (at for at, key in enumerate(left) if now - last.get(key.card, -apart - 1) > apart)
        at = next(waited, None)
        if at is None:
            at = min(range(len(left)), key=lambda each: last[left[each].card])
        key = left.pop(at)
        last[key.card] = now
        yield key


def _today(
    key: PromptKey, fitting: dict[PromptKey, Askable], names: dict[PromptKey, PromptKey]
) -> PromptKey | None:
    """The key under which an asked prompt is known today, or None if the series no longer asks it."""
    return key if key in fitting else names.get(key)
