"""Finding cards by id or words, typing errors forgiven.

Every word typed is looked up among the words of all cards: the same word, one that begins so, or one that
shares most of its letter pairs. Rare words weigh more. General fuzzy matchers were measured and compare whole
strings: five to ten times slower over 2,000 cards, and worse at a mistyped word in a long question.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_LEAST_ALIKE = 0.65
_COMMON = 0.25
_WORDS_READ = 12
_BEGINNINGS = 60
_PREFIX, _FUZZY, _FIRST_WORDS = 0.95, 0.9, 2.0
_LONGEST = 100
"""Characters of a query that are read; nobody types more, and Discord sends up to 6,000."""


@dataclass(frozen=True, slots=True)
class Found:
    """A card that fits, better ones with a higher score."""

    card: str
    title: str
    score: float


class Finder:
    """An index over cards, made once.

    ``cards`` holds for each id what it is called in a list, and further text it should be found by.
    """

    def __init__(self, cards: Mapping[str, tuple[str, str]]) -> None:
        self._titles = {card: title for card, (title, _) in cards.items()}
        homes: dict[str, dict[str, float]] = defaultdict(dict)
        for card, (title, text) in cards.items():
            for word in words(text):
                homes[word].setdefault(card, 1.0)
            # The id and the title say what a card is about.
            for word in (*words(card), *words(title)):
                homes[word][card] = _FIRST_WORDS
        self._homes = {word: (math.log(1 + len(cards) / len(found)), found) for word, found in homes.items()}
        self._sorted = sorted(self._homes)
        self._pairs: dict[str, list[str]] = defaultdict(list)
        self._sizes: dict[str, int] = {}
        """How many letter pairs each word has."""
        for word in self._sorted:
            own = pairs(word)
            self._sizes[word] = len(own)
            for pair in own:
                self._pairs[pair].append(word)

    def find(self, query: str, limit: int = 25) -> list[Found]:
        """The cards that fit best, best first; for an empty query the first ones by id."""
        query = query.strip()[:_LONGEST]
        if not query:
            return [Found(card, self._titles[card], 0.0) for card in sorted(self._titles)[:limit]]
        scores: defaultdict[str, float] = defaultdict(float)
        for typed in self._telling(words(query)):
            best: dict[str, float] = {}
            for word, quality in self._alike(typed):
                rarity, cards = self._homes[word]
                for card, weight in cards.items():
                    best[card] = max(best.get(card, 0.0), rarity * quality * weight)
            for card, score in best.items():
                scores[card] += score
        whole = query.lower()
        for card in self._titles:
            if card.startswith(whole):
                scores[card] += 100.0 + (card == whole)
        top = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [Found(card, self._titles[card], score) for card, score in top]

    def _telling(self, typed: Iterable[str]) -> list[str]:
        """The words that tell cards apart: those in every fourth card count only where there is no other."""
        ordered = sorted(dict.fromkeys(typed), key=self._spread)
        rare = [word for word in ordered if self._spread(word) < _COMMON * len(self._titles)]
        return rare[:_WORDS_READ] or ordered[:1]

    def _spread(self, word: str) -> int:
        return len(self._homes[word][1]) if word in self._homes else 0

    def _alike(self, typed: str) -> Iterable[tuple[str, float]]:
        if typed in self._homes:
            yield typed, 1.0
        at = bisect_left(self._sorted, typed)
        begins = 0
        for word in self._sorted[at : at + _BEGINNINGS]:
            if not word.startswith(typed):
                break
            if word != typed:
                begins += 1
                yield word, _PREFIX * len(typed) / len(word)
        if typed in self._homes or begins:
            return
        own = pairs(typed)
        shared = Counter(word for pair in own for word in self._pairs.get(pair, ()))
        letters = Counter(typed)
        for word, number in shared.items():
            if abs(len(word) - len(typed)) > 2:
                continue
            overlap = 2 * number / (len(own) + self._sizes[word])
            # Counting letters is dear, and most words could not make it with all of theirs.
            if (overlap + 1) / 2 < _LEAST_ALIKE:
                continue
            # Swapped letters spoil their pairs, but not the letters themselves.
            common = 2 * (letters & Counter(word)).total() / (len(typed) + len(word))
            alike = (overlap + common) / 2
            if alike >= _LEAST_ALIKE:
                yield word, _FUZZY * alike


def words(text: str) -> list[str]:
    """The words of a text, lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


def pairs(word: str) -> frozenset[str]:
    """The letter pairs of a word, its beginning and end included."""
    framed = f"^{word}$"
    return frozenset(framed[at : at + 2] for at in range(len(framed) - 1))
