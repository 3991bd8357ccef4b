"""Which red flags an answer raises: only what it asserts itself, nearly in the author's words and in one clause."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from deckwright.study.evidence import VIA_GROUP, Answer, Target, clauses, cover, phrase_hits
from deckwright.study.words import NEGATORS, stem_of, words_of

# What a lone word of a red flag gives.
_LONE_FLAG = 0.7
# A red flag's phrase of so many words counts in these very words only, without near-synonyms.
_OWN_WORDS = 2
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


def flag_score(target: Target, answer: Answer) -> tuple[float, list[int]]:
    """How strongly the answer raises a red flag, from 0 to 1, and by which words."""
    best: tuple[float, list[int]] = (0.0, [])
    for phrase in target.phrases:
        for strength, where in phrase_hits(phrase, answer, by_opposite=False, alone=VIA_GROUP):
            own = all(answer.words[i].stem in phrase.stems for i in where) or len(phrase.terms) > _OWN_WORDS
            if own and len({answer.words[i].clause for i in where}) <= phrase.clauses:
                score = 0.6 + 0.4 * strength if len(phrase.terms) > 1 else _LONE_FLAG * strength
                if not any(term.negated for term in phrase.terms):
                    score *= _plain(where, answer)
                best = max(best, (_in_context(score, where, answer), where))
    for terms in target.say:
        if len(terms) < 2 or sum(term.weight for term in terms) < 1:
            continue
        tables = [answer.hits(term, by_opposite=False) for term in terms]
        for first, end in clauses(answer):
            covered, against, places = cover(terms, tables, first, end)
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


def _plain(places: Sequence[int], answer: Answer) -> float:
    """Less if the clause denies anything at all: "a longer TTL will not help" denies what stands before it too."""
    clause = answer.words[places[0]].clause
    said = {word.text for word in answer.words if word.clause == clause}
    return 0.4 if said & NEGATORS or said & _AGAINST else 1.0


def _in_context(score: float, places: Sequence[int], answer: Answer) -> float:
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
