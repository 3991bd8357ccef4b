"""Which key points an open answer states, and which red flags it raises, each with the words that show it.

A key point is looked for in three ways: the author's ``words`` as close phrases, the words of ``say`` wherever a
sentence brings many of them together, and the model answer's words for the same point. A rare word counts more than
an everyday one, a word of the question less. A "not" that disagrees, an opposite, or two points changed about speak
against. ``docs/matching.md`` tells it at length.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations, pairwise
from typing import NamedTuple, Protocol

from deckwright.model import Card, KeyPoint, RedFlag
from deckwright.study.opposites import GROUPS, PAIRS
from deckwright.study.words import COMMON_STEMS, KNOWN, NEGATORS, Word, read, stem_of, words_of


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


# Set on the development parts of tests/data/answers*.yaml; docs/matching.md says what each does in words.
FOUND = 0.56
UNSURE = 0.36
FLAG_FOUND = 0.88
FLAG_UNSURE = 0.62
# What the most frequent word of a library weighs, if it is no everyday word; the rarest weighs 1.
_LEAST = 0.8
# What one word is worth: found by way of near-synonyms, of a denied opposite, of a plain opposite, and by way of
# near-synonyms where the author lists it alone.
_VIA_GROUP = 0.8
_VIA_OPPOSITE = 0.5
_LONE_GROUP = 0.4
_CONTRARY = -0.5
# A phrase of the author's: how fast its words' weights add up to certainty, and the most one phrase may give.
_STEEP = 2.2
_PHRASE_MOST = 0.85
_LONE_FLAG = 0.7
# The sentence `say`: from which share of its weight in one sentence it counts, where in full, and the most it gives.
_SAY_FROM = 0.15
_SAY_FULL = 0.5
_SAY_MOST = 0.9
# The same for the author's long phrases (of so many words) and for the clauses of the model answer.
_OTHER_FROM = 0.3
_OTHER_FULL = 0.7
_OTHER_MOST = 0.8
_LONG_PHRASE = 3
# A clause of the model answer belongs to a point if it carries this share of it, more than of any other.
_MODEL_SHARE = 0.3
# What makes the sentence count less: a single word of it, its heaviest word missing.
_ONE_WORD = 0.6
_WITHOUT_TOP = 0.6
# What speaks against: an opposite or a "not" in the nearest clause, the words of two points changed about.
_CONTRA = 0.5
_NEARBY = 0.15
_CROSSED = 0.5
# What a word that the author's sentence denies is worth where the answer merely names it.
_BARE = 0.5
# A misspelt word is repaired from this length on; a sentence without an end is read in pieces of so many words.
_LONG = 6
_WINDOW = 40
# Words of `say` that speak of the answer itself: "asks who owns it", "the answer is sound".
_META = words_of("asks names gives says states tells answer")
_STRICT = frozenset(map(stem_of, words_of("always never any every only all must definitely")))
# What is told as an error: "it is a myth that ...", "people think that ...".
_TOLD = words_of(
    "confuse confused fallacy falsely incorrectly misconception misleading mistake mistaken mistakenly "
    "misunderstanding mix myth naive naively pitfall tempting trap wrong wrongly"
)
# What denies an error without a "not", and what only supposes it.
_AGAINST = words_of("avoid avoids avoiding otherwise prevent prevents unless")
_OPINION = words_of("assume believe claim say think")
_OTHERS = words_of("everybody everyone many might most often others people some would")


class _Way(NamedTuple):
    """How much a common word and a word of the question are worth."""

    common: float
    in_question: float


_POINT = _Way(common=0.35, in_question=0.4)
_FLAG = _Way(common=0.5, in_question=1.0)


@dataclass(frozen=True, slots=True)
class _Term:
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
class _Phrase:
    terms: tuple[_Term, ...]
    room: int
    """How many words it may spread over."""
    clauses: int
    """How many clauses it holds itself: "accuracy and recall" holds two."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A key point or red flag made ready."""

    say: tuple[tuple[_Term, ...], ...]
    """The clauses of the sentence, each as its terms."""
    phrases: tuple[_Phrase, ...]
    others: tuple[tuple[_Term, ...], ...] = ()
    """Other ways to say it: the author's long phrases, and what the model answer says of it."""


class _Side(NamedTuple):
    """One of two points that begin alike: which point, its subject, and the words that only it has."""

    point: int
    subject: _Term
    rest: tuple[_Term, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    points: tuple[_Target, ...]
    flags: tuple[_Target, ...]
    twins: tuple[tuple[_Side, _Side], ...]
    """Points that begin alike ("training uses ...", "evaluation uses ..."), so that they can be mixed up."""
    spellings: frozenset[str]


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one, other in PAIRS:
        a = one if one in GROUPS else stem_of(one)
        b = other if other in GROUPS else stem_of(other)
        found[a].add(b)
        found[b].add(a)
    return {key: frozenset(value) for key, value in found.items()}


_OPPOSITES = _opposites()


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
        answer = _Answer(text, read(text, self._repair(ready.spellings)))
        flags = []
        for flag, target in zip(card.red_flags, ready.flags, strict=True):
            score, places = _flag_score(target, answer)
            state = _state(score, FLAG_FOUND, FLAG_UNSURE)
            flags.append(FlagMatch(flag, state, answer.quotes(places, state), score))
        points = []
        crossed = {side.point for pair in ready.twins if _crossed(pair, answer) for side in pair}
        for n, (point, target) in enumerate(zip(card.key_points, ready.points, strict=True)):
            score, places = _point_score(target, answer)
            if n in crossed:
                score = round(score * _CROSSED, 4)
            state = _state(score, FOUND, UNSURE)
            points.append(PointMatch(point, state, answer.quotes(places, state), score))
        return Match(tuple(points), tuple(flags))

    def _prepared(self, card: Card) -> _Ready:
        key = (card.id, card.key_points, card.red_flags, _question(card), _model_answer(card))
        found = self._ready.get(key)
        if found is None:
            asked = frozenset(word.stem for word in read(_question(card)))
            points = [self._target(p.say, p.words, asked, _POINT) for p in card.key_points]
            told = self._from_model(_model_answer(card), points, asked)
            found = self._ready[key] = _Ready(
                tuple(replace(p, others=p.others + tuple(told[n])) for n, p in enumerate(points)),
                tuple(self._target(f.claim, f.words, frozenset(), _FLAG) for f in card.red_flags),
                tuple(_twins(points)),
                frozenset(
                    word.text
                    for text in _texts(card)
                    for word in read(text)
                    if len(word.text) >= _LONG and word.text.isalpha()
                ),
            )
        return found

    def _target(self, say: str, words: Sequence[str], asked: frozenset[str], way: _Way) -> _Target:
        clauses: dict[int, list[_Term]] = defaultdict(list)
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
                phrases.append(_Phrase(tuple(terms), room, len({word.clause for word in content})))
        # A sentence that holds both sides ("bias rises more than variance falls") is contradicted by neither.
        own = frozenset().union(*(term.keys for terms in clauses.values() for term in terms))
        said_so = [tuple(replace(t, against=t.against - own) for t in terms) for terms in clauses.values()]
        long = tuple(phrase.terms for phrase in phrases if len(phrase.terms) >= _LONG_PHRASE)
        return _Target(tuple(said_so), tuple(phrases), long)

    def _from_model(
        self, text: str, points: Sequence[_Target], asked: frozenset[str]
    ) -> Mapping[int, list[tuple[_Term, ...]]]:
        """The clauses of the model answer, each with the one point that it states."""
        model = _Answer(text, read(text))
        said = [(terms, [model.hits(term) for term in terms]) for terms in map(_say, points)]
        told: dict[int, list[tuple[_Term, ...]]] = defaultdict(list)
        for first, end in _clauses(model):
            shares = [_cover(terms, tables, first, end)[0] for terms, tables in said]
            most = max(shares, default=0.0)
            if most >= _MODEL_SHARE and shares.count(most) == 1:
                words = [word for word in model.words[first:end] if not word.stop]
                terms = tuple(self._term(word, asked, _POINT, either=False) for word in words)
                told[shares.index(most)].append(terms)
        return told

    def _term(self, word: Word, asked: frozenset[str], way: _Way, *, either: bool) -> _Term:
        weight = self._weights.get(word.stem, 1.0)
        if word.stem in COMMON_STEMS or word.stop:
            weight = min(weight, way.common)
        if word.stem in asked:
            weight *= way.in_question
        against: frozenset[str] = frozenset()
        for key in word.keys:
            against |= _OPPOSITES.get(key, frozenset())
        return _Term(word.stem, word.keys, against - word.keys, word.negated, weight, asked, either)

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


class _Answer:
    """The words of an answer, and where each stem and group stands among them."""

    def __init__(self, text: str, words: tuple[Word, ...]) -> None:
        self.text = text
        self.words = words
        self.at: dict[str, list[int]] = defaultdict(list)
        for i, word in enumerate(words):
            for key in word.keys:
                self.at[key].append(i)

    def quotes(self, places: Iterable[int], state: State) -> tuple[Quote, ...]:
        """The words at these places as spans, neighbours joined; nothing for what was not found."""
        if state is State.NOT_FOUND:
            return ()
        spans: list[list[int]] = []
        last = -9
        for i in sorted(set(places)):
            word = self.words[i]
            if spans and i - last <= 2 and word.sentence == self.words[last].sentence:
                spans[-1][1] = max(spans[-1][1], word.end)
            else:
                spans.append([word.start, word.end])
            last = i
        return tuple(Quote(self.text[start:end], start, end) for start, end in spans)

    def hits(
        self, term: _Term, *, by_opposite: bool = True, via_group: float = _VIA_GROUP
    ) -> dict[int, float]:
        """Where the term stands: its worth there, below zero where the answer says the contrary."""
        found: dict[int, float] = {}
        for key in term.keys:
            worth = 1.0 if key == term.stem else via_group
            for i in self.at.get(key, ()):
                word = self.words[i]
                agrees = term.either or word.negated == term.negated
                value = worth * (1.0 if word.negated else term.bare)
                if key != term.stem and word.stem in term.asked:
                    value *= _POINT.in_question
                found[i] = max(found.get(i, -1.0), value) if agrees else found.get(i, -1.0)
        for key in term.against:
            for i in self.at.get(key, ()):
                if i not in found:
                    if term.either:
                        continue
                    if self.words[i].negated == term.negated:
                        found[i] = _CONTRARY
                    elif by_opposite:
                        found[i] = _VIA_OPPOSITE
        return found


def _phrase_hits(
    phrase: _Phrase, answer: _Answer, *, by_opposite: bool = True, alone: float = _LONE_GROUP
) -> list[tuple[float, list[int]]]:
    """Every place where the phrase stands undenied: its strength and its words.

    ``alone`` is what a near-synonym is worth where the phrase is a single word.
    """
    several = len(phrase.terms) > 1
    tables = [
        answer.hits(term, by_opposite=by_opposite and several, via_group=_VIA_GROUP if several else alone)
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
                for i in range(max(0, start - phrase.room), min(len(answer.words), start + phrase.room + 1))
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


def _windows(answer: _Answer) -> list[tuple[int, int]]:
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


def _cover(
    terms: Sequence[_Term], tables: Sequence[dict[int, float]], first: int, end: int
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


def _fullest(
    terms: Sequence[_Term], tables: Sequence[dict[int, float]], answer: _Answer
) -> tuple[float, float, list[int]]:
    """What `_cover` says of the sentence of the answer that carries most of the terms."""
    return max(
        (_cover(terms, tables, first, end) for first, end in _windows(answer)),
        key=lambda c: (c[0], -c[1]),
        default=(0.0, 0.0, []),
    )


def _between(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _point_score(target: _Target, answer: _Answer) -> tuple[float, list[int]]:
    terms = _say(target)
    tables = [answer.hits(term) for term in terms]
    share, _, places = _fullest(terms, tables, answer)
    by_say = _SAY_MOST * _between(share, _SAY_FROM, _SAY_FULL)
    if len(places) < 2 <= len(terms):
        by_say *= _ONE_WORD
    # Where the question already holds most of the sentence, repeating it says little.
    top = max((term.weight for term in terms), default=0.0)
    if not any(
        term.weight == top and any(worth > 0 for worth in table.values())
        for term, table in zip(terms, tables, strict=True)
    ):
        by_say *= _WITHOUT_TOP
    for other in target.others:
        share, against, where = _fullest(other, [answer.hits(term) for term in other], answer)
        by_other = _OTHER_MOST * _between(share, _OTHER_FROM, _OTHER_FULL)
        if len(where) > 1 and against == 0 and by_other > by_say:
            by_say, places = by_other, where
    hits = [hit for phrase in target.phrases for hit in _phrase_hits(phrase, answer)]
    taken: set[int] = set()
    doubt = 1.0
    for strength, where in sorted(hits, key=lambda h: (-h[0], h[1])):
        if not taken.intersection(where):
            doubt *= 1 - _PHRASE_MOST * strength
            taken.update(where)
    score = (1 - doubt * (1 - by_say)) * _contrary(terms, tables, answer)
    return round(score, 4), sorted(taken) + (places if by_say > 0 else [])


def _twins(points: Sequence[_Target]) -> Iterable[tuple[_Side, _Side]]:
    """The pairs of points that begin alike but for one word, their subject."""
    for (a, one), (b, other) in combinations(enumerate(map(_say, points)), 2):
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


def _crossed(pair: tuple[_Side, _Side], answer: _Answer) -> bool:
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


def _contrary(terms: Sequence[_Term], tables: Sequence[dict[int, float]], answer: _Answer) -> float:
    """Less than one if the clause that comes nearest to the sentence says one of its words the other way round."""
    spans = [_cover(terms, tables, first, end)[:2] for first, end in _clauses(answer)]
    plain = max((good for good, _ in spans), default=0.0)
    good, bad = max(
        spans,
        key=lambda c: (c[1] > 0 and c[0] >= _NEARBY, c[0] - c[1] / _CONTRARY),
        default=(0.0, 0.0),
    )
    return _CONTRA if bad > 0 and good >= _NEARBY and good - bad / _CONTRARY >= plain else 1.0


def _flag_score(target: _Target, answer: _Answer) -> tuple[float, list[int]]:
    best: tuple[float, list[int]] = (0.0, [])
    for phrase in target.phrases:
        for strength, where in _phrase_hits(phrase, answer, by_opposite=False, alone=_VIA_GROUP):
            if len({answer.words[i].clause for i in where}) <= phrase.clauses:
                score = 0.6 + 0.4 * strength if len(phrase.terms) > 1 else _LONE_FLAG * strength
                if not any(term.negated for term in phrase.terms):
                    score *= _plain(where, answer)
                best = max(best, (_in_context(score, where, answer), where))
    for terms in target.say:
        if len(terms) < 2 or sum(term.weight for term in terms) < 1:
            continue
        tables = [answer.hits(term, by_opposite=False) for term in terms]
        for first, end in _clauses(answer):
            covered, against, places = _cover(terms, tables, first, end)
            if against > 0 or not places:
                continue
            for term, table in zip(terms, tables, strict=True):
                needed = term.against or term.stem in _STRICT or term.weight >= 0.9
                if needed and not any(table.get(i, 0) > 0 for i in range(first, end)):
                    covered *= 0.7
            if not any(term.negated for term in terms):
                covered *= _plain(places, answer)
            best = max(best, (_in_context(covered, places, answer), places))
    return round(best[0], 4), best[1]


def _clauses(answer: _Answer) -> list[tuple[int, int]]:
    starts = [i for i, word in enumerate(answer.words) if i == 0 or word.clause != answer.words[i - 1].clause]
    return list(pairwise([*starts, len(answer.words)]))


def _plain(places: Sequence[int], answer: _Answer) -> float:
    """Less if the clause denies anything at all: "a longer TTL will not help" denies what stands before it too."""
    clause = answer.words[places[0]].clause
    said = {word.text for word in answer.words if word.clause == clause}
    return 0.4 if said & NEGATORS or said & _AGAINST else 1.0


def _in_context(score: float, places: Sequence[int], answer: _Answer) -> float:
    """Less for what is only asked, supposed, or told of others."""
    sentence = answer.words[places[0]].sentence
    said = [(i, word) for i, word in enumerate(answer.words) if word.sentence == sentence]
    if said[0][1].asked:
        score *= 0.7
    of_others = any(
        word.text in _OPINION and before.text in _OTHERS for (_, before), (_, word) in pairwise(said)
    )
    if of_others or any(word.text in _TOLD and i not in places for i, word in said):
        score *= 0.6
    return score


def _say(target: _Target) -> list[_Term]:
    return [term for clause in target.say for term in clause]


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
