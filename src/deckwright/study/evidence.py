"""Looking for an author's words in an answer: terms, close phrases, and how much of a sentence stands where.

A term is one word with what counts as it and what contradicts it; a phrase is terms that must stand close
together; "to cover" is to carry a share of their weight. Denial and opposites are minded throughout.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from deckwright.study.opposites import GROUPS, PAIRS
from deckwright.study.words import Word, stem_of

# What one word is worth: found by way of near-synonyms, of a denied opposite, of a plain opposite, and by way of
# near-synonyms where the author lists it alone.
VIA_GROUP = 0.8
_VIA_OPPOSITE = 0.5
_LONE_GROUP = 0.4
CONTRARY = -0.5
# The worth of a word where the answer denies it and the author does not, or the other way round.
DENIED = -1.0
_GROUP_ASKED = 0.4
# A phrase of the author's: how fast its words' weights add up to certainty.
_STEEP = 2.2
# A sentence without an end is read in pieces of so many words.
_WINDOW = 40
# From which share of the sentence on a clause is near enough to contradict it.
_NEARBY = 0.15


@dataclass(frozen=True, slots=True)
class Term:
    """One word to look for: what counts as it, what contradicts it, whether it stands denied, its weight."""

    stem: str
    keys: frozenset[str]
    against: frozenset[str]
    negated: bool
    weight: float
    asked: frozenset[str] = frozenset()
    """The words of the question, which count less as near-synonyms, too."""
    either: bool = False
    """Whether it counts denied or not: "prevents leakage" is also said as "no leakage"."""
    bare: float = 1.0
    """What it is worth where it is not denied, if the author's sentence denies it: naming is not saying."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A few words of the author's that must stand close together."""

    terms: tuple[Term, ...]
    room: int
    """How many words it may spread over."""
    clauses: int
    """How many clauses it holds itself: "accuracy and recall" holds two."""

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its words."""
        return frozenset(term.stem for term in self.terms)


@dataclass(frozen=True, slots=True)
class Target:
    """A key point or red flag made ready."""

    say: tuple[tuple[Term, ...], ...]
    """The clauses of the sentence, each as its terms."""
    phrases: tuple[Phrase, ...]

    @property
    def terms(self) -> list[Term]:
        """All terms of the sentence."""
        return [term for clause in self.say for term in clause]


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one, other in PAIRS:
        a = one if one in GROUPS else stem_of(one)
        b = other if other in GROUPS else stem_of(other)
        found[a].add(b)
        found[b].add(a)
    return {key: frozenset(value) for key, value in found.items()}


OPPOSITES = _opposites()


class Answer:
    """The words of an answer, and where each stem and group stands among them."""

    def __init__(self, text: str, words: tuple[Word, ...]) -> None:
        self.text = text
        self.words = words
        self.at: dict[str, list[int]] = defaultdict(list)
        for i, word in enumerate(words):
            for key in word.keys:
                self.at[key].append(i)

    def hits(self, term: Term, *, by_opposite: bool = True, via_group: float = VIA_GROUP) -> dict[int, float]:
        """Where the term stands: its worth there, below zero where the answer says the contrary."""
        found: dict[int, float] = {}
        for key in term.keys:
            worth = 1.0 if key == term.stem else via_group
            for i in self.at.get(key, ()):
                word = self.words[i]
                agrees = term.either or word.negated == term.negated
                value = worth * (1.0 if word.negated else term.bare)
                if key != term.stem and word.stem in term.asked:
                    value *= _GROUP_ASKED
                found[i] = max(found.get(i, DENIED), value) if agrees else found.get(i, DENIED)
        for key in term.against:
            for i in self.at.get(key, ()):
                if i not in found:
                    if term.either:
                        continue
                    if self.words[i].negated == term.negated:
                        found[i] = CONTRARY
                    elif by_opposite:
                        found[i] = _VIA_OPPOSITE
        return found


def phrase_hits(
    phrase: Phrase,
    answer: Answer,
    *,
    by_opposite: bool = True,
    alone: float = _LONE_GROUP,
) -> list[tuple[float, list[int]]]:
    """Every place where the phrase stands undenied: its strength and its words.

    ``alone`` is what a near-synonym is worth where the phrase is a single word.
    """
    several = len(phrase.terms) > 1
    tables = [
        answer.hits(
            term,
            by_opposite=by_opposite and several,
            via_group=VIA_GROUP if several else alone,
        )
        for term in phrase.terms
    ]
    if not all(tables):
        return []
    anchor = min(range(len(tables)), key=lambda n: (len(tables[n]), n))
    found = []
    for start in sorted(tables[anchor]):
        sentence = answer.words[start].sentence
        places = [start]
        info = 0.0
        for n, (term, table) in enumerate(zip(phrase.terms, tables, strict=True)):
            near = [
                i
                for i in range(
                    max(0, start - phrase.room),
                    min(len(answer.words), start + phrase.room + 1),
                )
                if i in table and answer.words[i].sentence == sentence and (n == anchor or i not in places)
            ]
            best = (
                start if n == anchor else min(near, key=lambda i: (-table[i], abs(i - start)), default=None)
            )
            if best is None or table[best] <= 0:
                break
            info += term.weight * table[best]
            if best != start:
                places.append(best)
        else:
            if max(places) - min(places) <= phrase.room:
                found.append((1 - math.exp(-_STEEP * info), places))
    return found


def _windows(answer: Answer) -> list[tuple[int, int]]:
    """Stretches in which words speak together: sentences, and overlapping pieces of very long ones."""
    found = []
    first = 0
    words = answer.words
    for i in range(1, len(words) + 1):
        if i == len(words) or words[i].sentence != words[first].sentence:
            step = _WINDOW // 2
            found += [(a, min(i, a + _WINDOW)) for a in range(first, max(first + 1, i - step), step)]
            first = i
    return found


def cover(
    terms: Sequence[Term], tables: Sequence[dict[int, float]], first: int, end: int
) -> tuple[float, float, list[int]]:
    """How much of the terms' weight the words between two places carry, how much they contradict, and which."""
    whole = sum(term.weight for term in terms) or 1.0
    good = bad = 0.0
    places = []
    for term, table in zip(terms, tables, strict=True):
        # Whichever is shorter, so that ten thousand clauses of one word take no longer than one long sentence.
        few = table if len(table) < end - first else range(first, end)
        inside = [(table[i], -i) for i in few if first <= i < end and i in table]
        if not inside:
            continue
        worth, place = max(inside)
        if worth > 0:
            good += term.weight * worth
            places.append(-place)
        else:
            bad += term.weight * -worth
    return good / whole, bad / whole, places


def fullest(
    terms: Sequence[Term], tables: Sequence[dict[int, float]], answer: Answer
) -> tuple[float, float, list[int]]:
    """What `cover` says of the sentence of the answer that carries most of the terms."""
    return max(
        (cover(terms, tables, first, end) for first, end in _windows(answer)),
        key=lambda c: (c[0], -c[1]),
        default=(0.0, 0.0, []),
    )


def clauses(answer: Answer) -> list[tuple[int, int]]:
    """Each clause of the answer as the places of its first word and of the one behind its last."""
    starts = [i for i, word in enumerate(answer.words) if i == 0 or word.clause != answer.words[i - 1].clause]
    return list(pairwise([*starts, len(answer.words)]))


def contradicted(terms: Sequence[Term], tables: Sequence[dict[int, float]], answer: Answer) -> bool:
    """Whether the clause that comes nearest to the sentence says one of its words the other way round."""
    spans = [cover(terms, tables, first, end)[:2] for first, end in clauses(answer)]
    plain = max((good for good, _ in spans), default=0.0)
    good, bad = max(
        spans,
        key=lambda c: (c[1] > 0 and c[0] >= _NEARBY, c[0] - c[1] / CONTRARY),
        default=(0.0, 0.0),
    )
    return bad > 0 and good >= _NEARBY and good - bad / CONTRARY >= plain
