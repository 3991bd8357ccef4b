"""The compiled library as the study group needs it: what can be asked, and what a question shows."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deckwright.compiler import compile_library
from deckwright.diagnostics import Severity
from deckwright.guide import Guide
from deckwright.kinds import KindCard
from deckwright.kinds.cloze import ClozeCard
from deckwright.kinds.formula import FormulaCard
from deckwright.kinds.layout import Siblings
from deckwright.model import Card, Deck, Library, Prompt, Topic
from deckwright.study.keys import PromptKey, Source
from deckwright.study.pool import Askable, askable
from deckwright.study.question import Snapshot, draw
from deckwright.study.texts import texts_of

log = logging.getLogger(__name__)

TOO_LONG = "too-long-for-chat"
_NUMBER = re.compile(r"^\d+[.)]?\s+(?=\D)")
"""What puts decks in order in Anki's list; in chat it only puzzles."""


class LibraryError(Exception):
    """The library cannot be served; the message names the first problem and how many there are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A prompt with the card it is of and where that stands."""

    prompt: Prompt
    card: KindCard
    deck: Deck
    topic: Topic


class StudyLibrary:
    """Every prompt of a library by its key; old card ids are known too.

    Cards that are ``too_long`` for a message are known, but never asked: a question that is cut is unfair.
    """

    def __init__(
        self,
        library: Library,
        *,
        too_long: Collection[str] = (),
        images: Mapping[str, Mapping[str, Path]] | None = None,
        guide: Guide | None = None,
    ) -> None:
        """``images`` are those that stand beside the cards of each deck, by their names in texts."""
        self.library = library
        self.guide = guide
        self._images = images or {}
        self._decks = {card.id: deck.slug for deck in library.decks for card in deck.cards}
        self.entries: dict[PromptKey, Entry] = {}
        for deck in library.decks:
            for topic in deck.topics:
                for card, siblings in _with_siblings(topic):
                    for prompt in card.prompts(siblings):
                        self.entries[PromptKey.of(prompt)] = Entry(prompt, card, deck, topic)
        self.askables: tuple[Askable, ...] = tuple(
            askable(entry.card, entry.deck.slug, entry.prompt, entry.topic.slug)
            for entry in self.entries.values()
            if entry.card.id not in too_long
        )

    def resolve(self, key: PromptKey) -> PromptKey | None:
        """A prompt's key as it is today, also under an old id of its card; None if it is gone."""
        if key in self.entries:
            return key
        card = self.card(key.card)
        found = PromptKey(card.id, key.ordinal) if card is not None else None
        return found if found in self.entries else None

    def today(self, key: PromptKey) -> PromptKey:
        """A prompt's key as it is today; of one that is gone the key that it had."""
        return self.resolve(key) or key

    def names(self, name: str) -> frozenset[str]:
        """All ids that a card has or had; of one that is gone the one it is asked by."""
        card = self.card(name)
        return frozenset((name,)) if card is None else frozenset((card.id, *card.aliases))

    def card(self, name: str) -> Card | None:
        """A card by its id or an old one."""
        return self.library.by_id.get(name)

    def decks_named(self, typed: str) -> frozenset[str]:
        """The slugs of the decks that somebody means: by slug or title, whole or, where none is, in part."""
        return _meant(typed, {deck.slug: (deck.slug, _plain(deck.title)) for deck in self.library.decks})

    def topics_named(self, typed: str, decks: Collection[str] | None = None) -> frozenset[str]:
        """The topics that somebody means, as ``deck/topic``, among those of ``decks``; as `decks_named`."""
        return _meant(
            typed,
            {
                f"{deck.slug}/{topic.slug}": (f"{deck.slug}/{topic.slug}", topic.slug, topic.title)
                for deck in self.library.decks
                if not decks or deck.slug in decks
                for topic in deck.topics
            },
        )

    def images(self, name: str) -> Mapping[str, Path]:
        """The images beside a card, by their names in its texts; none for a card that is gone."""
        card = self.card(name)
        return {} if card is None else self._images.get(self._decks.get(card.id, ""), {})

    def snapshot(self, key: PromptKey, source: Source) -> Snapshot:
        """The question as it is asked under that post or quiz key (R6, R16)."""
        entry = self.entries[key]
        card = entry.card
        title = f"{_plain(entry.deck.title)} › {entry.topic.title}"
        question = None
        if isinstance(card, FormulaCard):
            # A formula's question is its name and the formula with the gap in it.
            question = f"{card.name.strip()}\n\n$$\n{card.formula.strip()}\n$$"
        extra = (card.extra or "") if isinstance(card, ClozeCard) else ""
        texts = texts_of(card, entry.prompt, title=title, question=question, extra=extra)
        return draw(entry.prompt, texts, source)


def _with_siblings(topic: Topic) -> Iterator[tuple[KindCard, Siblings]]:
    for card in topic.cards:
        if isinstance(card, KindCard):
            yield card, [other for other in topic.cards if other is not card]


def load(root: Path) -> StudyLibrary:
    """Read the library in ``root``.

    Raises:
        LibraryError: if it has problems; a bot must not ask broken cards.
    """
    compilation = compile_library(root, check_maths=False, for_chat=True)
    errors = [each for each in compilation.problems if each.severity is Severity.ERROR]
    too_long = {each.card for each in errors if each.code.name == TOO_LONG and each.card is not None}
    broken = [each for each in errors if each.code.name != TOO_LONG or each.card is None]
    if compilation.library is None or broken:
        first = broken[0] if broken else next(iter(compilation.problems))
        raise LibraryError(
            f"{first.span.place}: {first.message} ({len(errors)} errors; "
            f"`deckwright check {root.as_posix()}` shows all)"
        )
    for card in sorted(too_long):
        log.warning("the card %s does not fit into a message and is never asked", card)
    images = {
        deck: {name: file.path for name, file in files.items()} for deck, files in compilation.media.items()
    }
    return StudyLibrary(compilation.library, too_long=too_long, images=images, guide=compilation.guide)


def decks_of(library: Library) -> Mapping[str, str]:
    """The decks' titles by slug, as chat shows them."""
    return {deck.slug: _plain(deck.title) for deck in library.decks}


def _plain(title: str) -> str:
    return _NUMBER.sub("", title)


def _meant(typed: str, names: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The keys one of whose names is what was typed, or else contains it."""
    wanted = " ".join(typed.casefold().split())
    known = {key: [name.casefold() for name in found] for key, found in names.items()}
    whole = frozenset(key for key, found in known.items() if wanted in found)
    return whole or frozenset(
        key for key, found in known.items() if wanted and any(wanted in name for name in found)
    )
