"""Cards looked up by anybody, but for the key of a question that is open in their group."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date

from deckwright.kinds import KindCard
from deckwright.markup import mark_gaps, unmark
from deckwright.study.keys import PostKey
from deckwright.study.question import Snapshot
from deckwright_bot.services.finding import Finder
from deckwright_bot.services.library import StudyLibrary
from deckwright_bot.services.spoilers import asked_now
from deckwright_bot.store.database import Database

_MARKS = re.compile(r"```\w*|[$`]|\*\*|^#+ ", re.MULTILINE)
"""What only sets words and formulas apart, and would be read as it stands."""
_NOBODY = PostKey(0, "card", date(2000, 1, 1))
"""The options of a card that is looked up stand in one order for everybody."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A card with its question; ``hidden`` while its key must not be shown."""

    card: KindCard
    snapshot: Snapshot
    hidden: bool


class CardService:
    """Finds cards and shows them."""

    def __init__(self, database: Database, library: StudyLibrary) -> None:
        self._database = database
        self._library = library
        self._first = {key.card: key for key in sorted(library.entries, reverse=True)}
        self._asked_in_parts = {
            card for card, many in Counter(key.card for key in library.entries).items() if many > 1
        }
        self.finder = Finder(
            {
                card.id: (_title(card), " ".join((topic.title, deck.title, *card.tags)))
                for deck in library.library.decks
                for topic in deck.topics
                for card in topic.cards
                if isinstance(card, KindCard) and card.id in self._first and card.retired is None
            }
        )

    async def look_up(self, name: str, group: int | None) -> LookedUp | None:
        """A card by its id, an old one, or else by its words; None if nothing fits."""
        card = self._library.card(name.strip())
        if card is None:
            found = self.finder.find(name, 1)
            card = self._library.card(found[0].card) if name.strip() and found else None
        key = self._first.get(card.id) if card is not None else None
        if key is None or not isinstance(card, KindCard):
            return None
        hidden = False
        if group is not None:
            async with self._database.reading() as connection:
                hidden = card.id in await asked_now(connection, group, self._library)
        snapshot = self._library.snapshot(key, _NOBODY)
        if hidden and card.id in self._asked_in_parts:
            # Each part's question shows what the others ask for.
            texts = replace(snapshot.texts, question=_shut(card.question), gap=None)
            snapshot = replace(snapshot, texts=texts, options=())
        return LookedUp(card, snapshot, hidden)


def _title(card: KindCard) -> str:
    """What a list calls a card, in plain words; as long as its question is.

    Answers are no words to search by, or typing each option of an open question would find its key.
    """
    question = " ".join(_MARKS.sub("", _shut(card.question)).split())
    return f"{question} ({card.id})" if len(question) + len(card.id) < 97 else question


def _shut(text: str) -> str:
    """A text without what stands in its gaps."""
    return unmark(mark_gaps(text), lambda _number, _hidden, _hint: "…")
