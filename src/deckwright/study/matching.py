"""Which key points an open answer states, and which red flags it raises, each with the words that show it.

A key point is judged by a few signs: the author's ``words`` as close phrases, how much of ``say`` one sentence
carries, and above all towards which point of the card the words of the answer lean. Each sign is worth a fixed number,
and the sum tells how likely it is that the point is stated. A "not" that disagrees, an opposite, or two points
changed about speak against. ``docs/matching.md`` tells it at length.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple, Protocol

from deckwright.model import Card, KeyPoint, RedFlag
from deckwright.study.evidence import (
    DENIED,
    OPPOSITES,
    Answer,
    Phrase,
    Target,
    Term,
    clauses,
    contradicted,
    cover,
    fullest,
    phrase_hits,
)
from deckwright.study.flagging import flag_score
from deckwright.study.leaning import Lean, Vocabulary, leaning, vocabulary
from deckwright.study.words import (
    COMMON_STEMS,
    KNOWN,
    Word,
    read,
    stem_of,
    words_of,
)


class State(StrEnum):
    """What the matcher makes of one key point or red flag."""

    FOUND = "found"
    UNSURE = "unsure"
    NOT_FOUND = "not found"


class Quote(NamedTuple):
    """A piece of the member's own text: ``text`` is the answer's characters from ``start`` to ``end``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PointMatch:
    """One key point: whether the answer states it, and by which words."""

    point: KeyPoint
    state: State
    evidence: tuple[Quote, ...]
    score: float


@dataclass(frozen=True, slots=True)
class FlagMatch:
    """One red flag: whether the answer asserts it, and by which words."""

    flag: RedFlag
    state: State
    evidence: tuple[Quote, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """An answer beside a card: all key points and red flags in the card's order."""

    points: tuple[PointMatch, ...]
    flags: tuple[FlagMatch, ...]


class AnswerMatcher(Protocol):
    """What the rest of the program needs; a stronger matcher takes this place."""

    def match(self, card: Card, text: str) -> Match:
        """Compare an answer with a card's key points and red flags."""
        ...


class Signs(NamedTuple):
    """What shows that an answer states a key point, or what each of these is worth."""

    start: float
    """1; its worth is what stands before there is any sign."""
    phrases: float
    """The author's phrases in the answer, from 0 to 1; less where the answer says the contrary."""
    share: float
    """How much of the weight of ``say`` one sentence carries, less in the same way."""
    lean: float
    """The square root of how far the words of the answer lean to this point."""
    crowd: float
    """How many words of one sentence touch the point: words that are everybody's must make up for their number."""
    flag: float
    """How strongly that sentence raises a red flag."""


# Fitted by logistic regression on the development answers; docs/matching.md says how.
_WORTH = Signs(start=-4.2, phrases=2.0, share=1.3, lean=4.3, crowd=-0.3, flag=-2.4)
FOUND = 0.47
UNSURE = 0.3
FLAG_FOUND = 0.88
FLAG_UNSURE = 0.62
# What the most frequent word of a library weighs, if it is no everyday word; the rarest weighs 1.
_LEAST = 0.8
# How much a common word and a word of the question are worth when an answer leans.
_LEAN_COMMON = 0.6
_LEAN_ASKED = 0.25
# The most one phrase of the author's may give.
_PHRASE_MOST = 0.85
# A clause of the model answer belongs to a point if it carries this share of it, more than of any other.
_MODEL_SHARE = 0.3
# What speaks against: an opposite or a "not" in the nearest clause, for the author's words; an opposite there, for
# leaning; the words of two points changed about.
_CONTRA = 0.3
_OPPOSED = 0.7
_CROSSED = 0.4
# How much of `say` a sentence must carry for its words to be quoted.
_QUOTED = 0.3
# What a word that the author's sentence denies is worth where the answer merely names it.
_BARE = 0.5
# A misspelt word is repaired from this length on.
_LONG = 6
# Words of `say` that speak of the answer itself: "asks who owns it", "the answer is sound".
_META = words_of("asks names gives says states tells answer")


class _Way(NamedTuple):
    """How much a common word and a word of the question are worth."""

    common: float
    in_question: float


_POINT = _Way(common=0.35, in_question=0.4)
_FLAG = _Way(common=0.5, in_question=1.0)


class _Side(NamedTuple):
    """One of two points that begin alike: which point, its subject, and the words that only it has."""

    point: int
    subject: Term
    rest: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A card made ready."""

    points: tuple[Target, ...]
    vocabularies: tuple[Vocabulary, ...]
    """The words of each point, for leaning."""
    flags: tuple[Target, ...]
    twins: tuple[tuple[_Side, _Side], ...]
    """Points that begin alike ("training uses ...", "evaluation uses ..."), so that they can be mixed up."""
    asked: frozenset[str]
    """The stems of the question."""
    spellings: frozenset[str]


class Matcher:
    """The explainable matcher: words, stems, near-synonyms, negation, opposites. Pure and deterministic."""

    def __init__(self, weights: Mapping[str, float], known: frozenset[str]) -> None:
        self._weights = weights
        self._known = known
        self._ready: dict[tuple[object, ...], _Ready] = {}

    @classmethod
    def for_cards(cls, cards: Iterable[Card]) -> Matcher:
        """A matcher that weighs words by how rare they are over these cards."""
        counts: Counter[str] = Counter()
        number = 0
        for card in cards:
            stems = {word.stem for text in _texts(card) for word in read(text)}
            counts.update(stems)
            number += bool(stems)
        # In a library of a few cards every word looks common, so each counts as part of a slightly larger one.
        number += 30
        top = math.log(number)
        weights = {
            stem: max(_LEAST, min(1.0, math.log(number / (n + 0.5)) / top)) for stem, n in counts.items()
        }
        return cls(weights, frozenset(counts))

    def match(self, card: Card, text: str) -> Match:
        """Compare an answer with the card's key points and red flags."""
        ready = self._prepared(card)
        answer = Answer(text, read(text, self._repair(ready.spellings)))
        flags = []
        raised: dict[int, float] = defaultdict(float)
        for flag, target in zip(card.red_flags, ready.flags, strict=True):
            score, places = flag_score(target, answer)
            for i in places:
                sentence = answer.words[i].sentence
                raised[sentence] = max(raised[sentence], score)
            state = _state(score, FLAG_FOUND, FLAG_UNSURE)
            flags.append(FlagMatch(flag, state, _quotes(answer, places, state), score))
        points = []
        crossed = {side.point for pair in ready.twins if _crossed(pair, answer) for side in pair}
        for n, (signs, places) in enumerate(self._signs(ready, answer, raised)):
            score = _chance(signs) if places else 0.0
            if n in crossed:
                score = round(score * _CROSSED, 4)
            state = _state(score, FOUND, UNSURE)
            points.append(PointMatch(card.key_points[n], state, _quotes(answer, places, state), score))
        return Match(tuple(points), tuple(flags))

    def _signs(
        self, ready: _Ready, answer: Answer, raised: Mapping[int, float]
    ) -> list[tuple[Signs, list[int]]]:
        """For each point what shows that it is stated, and by which words."""

        def weigh(stem: str) -> float:
            weight = self._weights.get(stem, 1.0)
            weight = min(weight, _LEAN_COMMON) if stem in COMMON_STEMS else weight
            return weight * _LEAN_ASKED if stem in ready.asked else weight

        leans = leaning(answer.words, ready.vocabularies, weigh)
        return [
            _signs_of(target, answer, lean, raised.get(lean.sentence, 0.0))
            for target, lean in zip(ready.points, leans, strict=True)
        ]

    def _prepared(self, card: Card) -> _Ready:
        key = (
            card.id,
            card.key_points,
            card.red_flags,
            _question(card),
            _model_answer(card),
        )
        found = self._ready.get(key)
        if found is None:
            asked = frozenset(word.stem for word in read(_question(card)))
            points = [self._target(p.say, p.words, asked, _POINT) for p in card.key_points]
            told = _told_by_model(_model_answer(card), points)
            found = self._ready[key] = _Ready(
                tuple(points),
                tuple(_vocabulary(p, told[n], asked) for n, p in enumerate(card.key_points)),
                tuple(self._target(f.claim, f.words, frozenset(), _FLAG) for f in card.red_flags),
                tuple(_twins(points)),
                asked,
                frozenset(
                    word.text
                    for text in _texts(card)
                    for word in read(text)
                    if len(word.text) >= _LONG and word.text.isalpha()
                ),
            )
        return found

    def _target(self, say: str, words: Sequence[str], asked: frozenset[str], way: _Way) -> Target:
        clauses: dict[int, list[Term]] = defaultdict(list)
        said = read(say)
        either = any("PREVENT" in word.keys for word in said)
        for word in said:
            if not word.stop and word.text not in _META:
                clauses[word.clause].append(self._term(word, asked, way, either=either))
        denied: frozenset[str] = frozenset()
        if way is _POINT:
            denied = denied.union(*(word.keys for word in said if word.negated and not word.stop))
        phrases = []
        for text in words:
            read_words = read(text)
            content = [word for word in read_words if not word.stop] or list(read_words)
            if content:
                terms = []
                for word in content:
                    # "It says nothing about calibration" is listed as "calibration", and said with or without a "not".
                    named = not word.negated and bool(word.keys & denied)
                    term = self._term(word, asked, way, either=either or named)
                    terms.append(replace(term, bare=_BARE) if named else term)
                room = len(read_words) + (3 if len(content) > 1 else 0)
                phrases.append(Phrase(tuple(terms), room, len({word.clause for word in content})))
        # A sentence that holds both sides ("bias rises more than variance falls") is contradicted by neither.
        own = frozenset().union(*(term.keys for terms in clauses.values() for term in terms))
        said_so = [tuple(replace(t, against=t.against - own) for t in terms) for terms in clauses.values()]
        return Target(tuple(said_so), tuple(phrases))

    def _term(self, word: Word, asked: frozenset[str], way: _Way, *, either: bool) -> Term:
        weight = self._weights.get(word.stem, 1.0)
        if word.stem in COMMON_STEMS or word.stop:
            weight = min(weight, way.common)
        if word.stem in asked:
            weight *= way.in_question
        against: frozenset[str] = frozenset()
        for key in word.keys:
            against |= OPPOSITES.get(key, frozenset())
        return Term(
            word.stem,
            word.keys,
            against - word.keys,
            word.negated,
            weight,
            asked,
            either,
        )

    def _repair(self, spellings: frozenset[str]) -> Callable[[str], str]:
        def repair(word: str) -> str:
            if len(word) < _LONG or word in spellings or not word.isalpha():
                return word
            stem = stem_of(word)
            if stem in self._known or stem in KNOWN:
                return word
            near = sorted(other for other in spellings if other[0] == word[0] and _one_edit(word, other))
            return near[0] if near else word

        return repair


def _quotes(answer: Answer, places: Iterable[int], state: State) -> tuple[Quote, ...]:
    """The words at these places as spans, neighbours joined; nothing for what was not found."""
    if state is State.NOT_FOUND:
        return ()
    spans: list[list[int]] = []
    last = -9
    for i in sorted(set(places)):
        word = answer.words[i]
        if spans and i - last <= 2 and word.sentence == answer.words[last].sentence:
            spans[-1][1] = max(spans[-1][1], word.end)
        else:
            spans.append([word.start, word.end])
        last = i
    return tuple(Quote(answer.text[start:end], start, end) for start, end in spans)


def _told_by_model(text: str, points: Sequence[Target]) -> Mapping[int, list[Sequence[Word]]]:
    """The clauses of the model answer, each with the one point that it states."""
    model = Answer(text, read(text))
    said = [(terms, [model.hits(term) for term in terms]) for terms in (point.terms for point in points)]
    told: dict[int, list[Sequence[Word]]] = defaultdict(list)
    for first, end in clauses(model):
        shares = [cover(terms, tables, first, end)[0] for terms, tables in said]
        most = max(shares, default=0.0)
        if most >= _MODEL_SHARE and shares.count(most) == 1:
            told[shares.index(most)].append(model.words[first:end])
    return told


def _vocabulary(point: KeyPoint, told: Sequence[Sequence[Word]], asked: frozenset[str]) -> Vocabulary:
    said = read(point.say)
    denied = frozenset(word.stem for word in said if word.negated)
    return vocabulary([said, *map(read, point.words), *told], asked, denied)


def _signs_of(target: Target, answer: Answer, lean: Lean, raised: float) -> tuple[Signs, list[int]]:
    terms = target.terms
    tables = [answer.hits(term) for term in terms]
    share, _, places = fullest(terms, tables, answer)
    taken: set[int] = set()
    doubt = 1.0
    hits = [hit for phrase in target.phrases for hit in phrase_hits(phrase, answer)]
    for strength, where in sorted(hits, key=lambda h: (-h[0], h[1])):
        if not taken.intersection(where):
            doubt *= 1 - _PHRASE_MOST * strength
            taken.update(where)
    agrees = _CONTRA if contradicted(terms, tables, answer) else 1.0
    # A "not" is minded word by word when leaning, so that here only an opposite counts.
    opposites = [{i: worth for i, worth in table.items() if worth > DENIED} for table in tables]
    leant = _OPPOSED if contradicted(terms, opposites, answer) else 1.0
    signs = Signs(
        1.0, (1 - doubt) * agrees, share * agrees, math.sqrt(lean.whole) * leant, lean.crowd, raised
    )
    return signs, sorted(taken.union(lean.places, places if share >= _QUOTED else ()))


def _chance(signs: Signs) -> float:
    """How likely the point is stated, from 0 to 1."""
    total = math.fsum(sign * worth for sign, worth in zip(signs, _WORTH, strict=True))
    return round(1 / (1 + math.exp(-total)), 4)


def _twins(points: Sequence[Target]) -> Iterable[tuple[_Side, _Side]]:
    """The pairs of points that begin alike but for one word, their subject."""
    for (a, one), (b, other) in combinations(enumerate(point.terms for point in points), 2):
        if not {term.stem for term in one[:3]} & {term.stem for term in other[:3]}:
            continue
        sides = []
        for point, mine, theirs in ((a, one, other), (b, other, one)):
            start = {term.stem for term in theirs[:2]}
            subject = next((term for term in mine[:2] if term.stem not in start), None)
            known = frozenset().union(*(term.keys for term in theirs))
            if subject is not None:
                rest = tuple(term for term in mine if term is not subject and not term.keys & known)
                sides.append(_Side(point, subject, rest))
        if len(sides) == 2 and not sides[0].subject.keys & sides[1].subject.keys:
            yield sides[0], sides[1]


def _crossed(pair: tuple[_Side, _Side], answer: Answer) -> bool:
    """Whether behind each of the two subjects stands more of what the author says of the other one."""
    subjects = sorted(
        (i, n) for n, side in enumerate(pair) for i, worth in answer.hits(side.subject).items() if worth > 0
    )
    if len({n for _, n in subjects}) < 2:
        return False
    tables = [[(term.weight, answer.hits(term)) for term in side.rest] for side in pair]
    own = [0.0, 0.0]
    others = [0.0, 0.0]
    ends = [i for i, _ in subjects[1:]] + [len(answer.words)]
    for (first, subject), end in zip(subjects, ends, strict=True):
        sentence = answer.words[first].sentence
        near = {i for i in range(first, end) if answer.words[i].sentence == sentence}
        for n, table in enumerate(tables):
            said = sum(weight for weight, hits in table if any(hits.get(i, 0) > 0 for i in near))
            (own if n == subject else others)[subject] += said
    return all(theirs > mine for mine, theirs in zip(own, others, strict=True))


def _state(score: float, found: float, unsure: float) -> State:
    return State.FOUND if score >= found else State.UNSURE if score >= unsure else State.NOT_FOUND


def _question(card: Card) -> str:
    return str(getattr(card, "question", "") or "")


def _model_answer(card: Card) -> str:
    return str(getattr(card, "answer", "") or "")


def _texts(card: Card) -> Iterable[str]:
    for point in card.key_points:
        yield point.say
        yield from point.words
    for flag in card.red_flags:
        yield flag.claim
        yield from flag.words
    yield _question(card)


def _one_edit(word: str, other: str) -> bool:
    """Whether one letter put in, left out, changed, or two neighbours swapped make one word the other."""
    if abs(len(word) - len(other)) > 1:
        return False
    if len(word) > len(other):
        word, other = other, word
    at = next((i for i, char in enumerate(word) if char != other[i]), len(word))
    if len(word) < len(other):
        return word[at:] == other[at + 1 :]
    swapped = word[at : at + 2] == other[at : at + 2][::-1] and word[at + 2 :] == other[at + 2 :]
    return word[at + 1 :] == other[at + 1 :] or swapped
