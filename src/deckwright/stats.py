"""Counts of a library: per deck, kind, level and topic, how many are core, have options, cite sources."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from deckwright.compiler import cards_of, prompts_of
from deckwright.model import LEVELS, Choice, Library


@dataclass(frozen=True, slots=True)
class Stats:
    """A library in numbers. Retired cards are counted apart and nowhere else."""

    cards: int
    prompts: int
    core: int
    with_options: int
    with_sources: int
    retired: int
    by_deck: dict[str, dict[str, int]]
    """For each deck's title: its cards, how many of each level, and how many are core."""
    by_kind: dict[str, int]
    by_level: dict[str, int]
    by_topic: dict[str, int]
    """Cards of each topic, as ``deck/topic``."""

    def to_json(self) -> dict[str, object]:
        """The same as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def count(library: Library) -> Stats:
    """Count a library's cards."""
    studied = [card for card in cards_of(library) if card.retired is None]
    prompts = [prompt for card, prompt in prompts_of(library) if card.retired is None]
    by_deck: dict[str, dict[str, int]] = {}
    by_topic: dict[str, int] = {}
    for deck in library.decks:
        cards = [card for card in deck.cards if card.retired is None]
        levels = Counter(card.level for card in cards)
        by_deck[deck.title] = (
            {"cards": len(cards)}
            | {level: levels[level] for level in LEVELS}
            | {"core": sum(card.core for card in cards)}
        )
        for topic in deck.topics:
            by_topic[f"{deck.slug}/{topic.slug}"] = sum(card.retired is None for card in topic.cards)
    levels = Counter(card.level for card in studied)
    return Stats(
        cards=len(studied),
        prompts=len(prompts),
        core=sum(card.core for card in studied),
        with_options=len({p.card for p in prompts if isinstance(p.form, Choice)}),
        with_sources=sum(bool(card.sources) for card in studied),
        retired=sum(card.retired is not None for card in cards_of(library)),
        by_deck=by_deck,
        by_kind=dict(sorted(Counter(card.kind for card in studied).items())),
        by_level={level: levels[level] for level in LEVELS},
        by_topic=by_topic,
    )


def markdown(stats: Stats) -> str:
    """The counts as two tables for a document: the decks, and below them the topics of each."""
    numbers = ("cards", *LEVELS, "core")
    whole = {"cards": stats.cards, **stats.by_level, "core": stats.core}
    decks = [
        f"| deck | {' | '.join(numbers)} |",
        f"| --- |{' ---: |' * len(numbers)}",
        *(_row(deck, counts, numbers) for deck, counts in stats.by_deck.items()),
        _row("**all**", whole, numbers),
    ]
    topics: dict[str, list[str]] = {}
    for name, cards in stats.by_topic.items():
        deck, topic = name.split("/", 1)
        topics.setdefault(deck, []).append(f"{topic} {cards}")
    rows = [f"| `{deck}` | {', '.join(named)} |" for deck, named in topics.items()]
    return "\n".join([*decks, "", "| folder | topics and their cards |", "| --- | --- |", *rows])


def _row(name: str, counts: dict[str, int], numbers: tuple[str, ...]) -> str:
    shown = name.replace("|", "\\|")  # a title may hold what ends a cell
    return f"| {shown} | {' | '.join(str(counts[number]) for number in numbers)} |"
