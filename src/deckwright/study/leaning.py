"""Towards which key point of a card each word of an answer leans.

No word is looked for here; the question is turned round: of all points of this card, which one does the word
speak of? A word that stands in the texts of one point alone leans to it fully, one that three points share leans a third to
each, and a word of the same field (`related.py`) nearly as much as the word itself. So an answer in other words than the
author's still shows which point it is about.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from deckwright.study.related import fields_of
from deckwright.study.words import Word

# What a word is worth that shares a group or field with a word of the point.
_TIED = 0.8
# A tie to a word of the question says less: everybody speaks of that.
_ASKED = 0.5
# What a word leans that the answer denies and the author does not, or the other way round.
_DENIED = 0.5
# A word that touches a point so much and weighs so much counts as one of the crowd.
_TOUCHES = 0.4
_WEIGHS = 0.2
# A word that leans so far is quoted from whichever sentence.
_CLEAR = 0.5


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that belong to a key point."""

    stems: Mapping[str, frozenset[bool]]
    """Each stem, and whether it stands denied, undenied or both ways."""
    ties: Mapping[str, float]
    """What sharing a group or field is worth."""

    def touch(self, word: Word) -> tuple[float, str | None]:
        """How near the word is to the point, from 0 to 1, and the point's own word if it is that very one."""
        if word.stem in self.stems:
            return 1.0, word.stem
        return max((self.ties.get(key, 0.0) for key in _ties(word)), default=0.0), None


class Lean(NamedTuple):
    """How the words of an answer lean towards one point."""

    whole: float
    """Over the whole answer, every stem once."""
    crowd: int
    """The most words of one sentence that touch the point, whether they lean to it or not."""
    sentence: int
    """The sentence that leans most."""
    places: tuple[int, ...]
    """The words that lean to the point at least as much as to any other: all of that sentence, the clear ones of others."""


NOTHING = Lean(0.0, 0, -1, ())


def vocabulary(
    texts: Iterable[Sequence[Word]],
    asked: frozenset[str],
    denied: frozenset[str] = frozenset(),
) -> Vocabulary:
    """The words of these texts; those of ``denied`` count only as denied."""
    stems: dict[str, set[bool]] = defaultdict(set)
    ties: dict[str, float] = {}
    for word in (word for words in texts for word in words if not word.stop):
        stems[word.stem].add(word.negated or word.stem in denied)
        worth = _TIED * (_ASKED if word.stem in asked else 1.0)
        for key in _ties(word):
            ties[key] = max(ties.get(key, 0.0), worth)
    return Vocabulary({stem: frozenset(ways) for stem, ways in stems.items()}, ties)


def leaning(words: Sequence[Word], points: Sequence[Vocabulary], weigh: Callable[[str], float]) -> list[Lean]:
    """How an answer leans to each point of its card."""
    touched: dict[str, list[tuple[float, str | None]]] = {}
    sentences: dict[int, dict[str, int]] = defaultdict(dict)
    denials: dict[str, set[bool]] = defaultdict(set)
    for i, word in enumerate(words):
        if not word.stop:
            sentences[word.sentence].setdefault(word.stem, i)
            denials[word.stem].add(word.negated)
            if word.stem not in touched:
                touched[word.stem] = [point.touch(word) for point in points]
    touched = {stem: near for stem, near in touched.items() if any(worth for worth, _ in near)}
    weights = {stem: weigh(stem) for stem in touched}
    leans: dict[str, list[float]] = {}
    for stem, near in touched.items():
        sum_of_all = sum(worth for worth, _ in near)
        leans[stem] = [
            weights[stem] * worth * worth / sum_of_all * _as_said(point, own, denials[stem])
            for (worth, own), point in zip(near, points, strict=True)
        ]
    return [_of_point(n, sentences, touched, weights, leans) for n in range(len(points))]


def _of_point(
    n: int,
    sentences: Mapping[int, Mapping[str, int]],
    touched: Mapping[str, Sequence[tuple[float, str | None]]],
    weights: Mapping[str, float],
    leans: Mapping[str, Sequence[float]],
) -> Lean:
    whole = math.fsum(lean[n] for lean in leans.values())
    if not whole:
        return NOTHING
    crowd = 0
    best = 0.0
    sentence = -1
    for number, stems in sentences.items():
        inside = [stem for stem in stems if stem in leans]
        here = round(math.fsum(leans[stem][n] for stem in inside), 6)
        crowd = max(crowd, sum(touched[s][n][0] >= _TOUCHES and weights[s] >= _WEIGHS for s in inside))
        if here > best:
            best, sentence = here, number
    places = tuple(
        place
        for number, stems in sentences.items()
        for stem, place in stems.items()
        if stem in leans and _most(leans[stem], n) and (number == sentence or leans[stem][n] >= _CLEAR)
    )
    return Lean(whole, crowd, sentence, places)


def _most(lean: Sequence[float], n: int) -> bool:
    return 0 < lean[n] == max(lean)


def _as_said(point: Vocabulary, own: str | None, denials: set[bool]) -> float:
    return 1.0 if own is None or point.stems[own] & denials else _DENIED


def _ties(word: Word) -> frozenset[str]:
    return (word.keys - {word.stem}) | fields_of(word.stem)
